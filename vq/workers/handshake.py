"""Whether a process on another machine sees the same folder, and runs the same code.

Whoever gives out work writes a file with a token beside what is shared; whoever takes the work
looks at it first:

    with handshake.offered(folder / "vq.handshake") as handshake:
        ...  # elsewhere: handshake.check()
"""

import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vq import code_version
from vq.errors import VqError

PATIENCE_SECONDS = 10.0
"""A network file system may show a new file late."""


@dataclass(frozen=True)
class Handshake:
    """What the other machine should find."""

    path: Path
    """Absolute: a folder that is shared has the same path on all machines."""
    token: str
    code: str
    """`vq.code_version.digest` where the work comes from."""

    def check(self) -> None:
        """Check that this machine sees the same folder and runs the same code.

        Raises:
            VqError: it does not; the message names the machine and says what to do.
        """
        host = socket.gethostname()
        if code_version.digest() != self.code:
            raise VqError(
                f"{host}: runs another version of vq than the machine that gives out the work, "
                "and would mix results of both; install the same commit on all machines"
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while _read(self.path) != self.token:
            if time.monotonic() > deadline:
                raise VqError(
                    f"{host}: {self.path} is not there, or is that of another folder; all machines "
                    "need the workspace on a shared file system, under the same path, see "
                    "docs/scale.md"
                )
            time.sleep(0.2)


@contextmanager
def offered(path: Path) -> Iterator[Handshake]:
    """Write the file of a handshake, for as long as the work is given out."""
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    handshake = Handshake(path, secrets.token_hex(16), code_version.digest())
    path.write_text(handshake.token, encoding="ascii")
    try:
        yield handshake
    finally:
        path.unlink(missing_ok=True)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return None
