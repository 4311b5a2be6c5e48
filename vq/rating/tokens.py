"""Tokens of links: who may do what in which session, and until when.

How long one is valid is a setting of the session (`session.Settings.days`). A token is a statement
with a signature (HMAC-SHA256 under the secret of the session), so that the service keeps no list
of them.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Literal

Role = Literal["join", "rater", "organiser"]
ROLES = ("join", "rater", "organiser")
LONGEST = 400
"""Characters of a token."""


class TokenError(Exception):
    """A token that opens nothing; the text says why, and what to do."""


@dataclass(frozen=True)
class Token:
    """What a link allows."""

    role: Role
    """`join`: to become a rater; `rater`: to rate; `organiser`: to see progress and ratings."""
    subject: str
    """The rater; empty for the other roles."""
    expires: int
    """Seconds since 1970."""


@dataclass(frozen=True)
class Signer:
    """Writes and reads the tokens of one session."""

    session: str
    secret: bytes

    def sign(self, token: Token) -> str:
        """The token as text for a link."""
        statement = _encode(
            json.dumps([self.session, token.role, token.subject, token.expires]).encode()
        )
        return f"{statement}.{self._signature(statement)}"

    def read(self, text: str, *, now: float) -> Token:
        """The token that a text is.

        Raises:
            TokenError: it is damaged, expired, or of another session.
        """
        statement, _, signature = text.partition(".")
        try:
            session, role, subject, expires = json.loads(_decode(statement[:LONGEST]))
        except (ValueError, TypeError, binascii.Error) as error:
            raise TokenError("The link is not complete; copy all of it.") from error
        if session != self.session:
            raise TokenError("The link is of another session; ask for one of this session.")
        if role not in ROLES or not hmac.compare_digest(
            signature.encode(), self._signature(statement).encode()
        ):
            raise TokenError("The link was changed; copy all of it, as it was sent.")
        if now >= expires:
            raise TokenError("The link has expired; ask for a new one.")
        return Token(role, subject, expires)

    def _signature(self, statement: str) -> str:
        return _encode(hmac.new(self.secret, statement.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
