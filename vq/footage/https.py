"""A file by its address: resumed after an interruption, and never more than agreed."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from vq.footage.store import CHUNK, MB, Store, hash_of
from vq.footage.unavailable import UnavailableError

TRIES = 3
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""Without a byte, after which a server has gone."""

MAX_WAIT_SECONDS = 60.0
"""That a server may ask us to wait before the next try."""

_OVERLOADED = (429, 503)
"""What a server answers that has had enough of us for now, whatever the file."""
_FAILED = (500, 502, 504)


class _InterruptedError(Exception):
    """Another try may help.

    Args:
        status: if it does not.
        reason: in words.
        server: whether other files of the server will fare no better.
        wait: seconds that the server asks for.
    """

    def __init__(
        self, status: str, reason: str, *, server: bool = False, wait: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.status, self.server, self.wait = status, server, wait


class Downloads:
    """Downloads of one run: connections are kept, a server out of reach is tried once."""

    def __init__(self, store: Store, *, file_mb: int, seconds: float) -> None:
        """Take where files grow, and what one may cost."""
        self._store = store
        self._limit = file_mb * MB
        self._seconds = seconds
        self._silent: set[str] = set()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": "vq-footage", "Accept-Encoding": "identity"})

    def fetch(self, url: str, sha256: str, *, tell: Callable[[str], None]) -> Path:
        """Download a file whole; what an earlier run has of it is gone on with.

        Its part is called by the hash that it should have.

        Returns:
            The part. If its hash is wrong, it came in one piece: the server has another file.

        Raises:
            UnavailableError: it cannot be had; what came of it stays for the next run.
            DiskFullError: there is no room.
        """
        host = urlsplit(url).netloc
        if host in self._silent:
            raise UnavailableError(
                "unreachable", f"{url}: {host} did not answer before; it was not asked again"
            )
        part = self._store.part(sha256)
        deadline = time.monotonic() + self._seconds
        for left in reversed(range(TRIES)):
            resumed = part.exists() and part.stat().st_size > 0
            try:
                self._once(url, part, deadline, tell)
            except _InterruptedError as error:
                wait = max(error.wait, 0.5 * (TRIES - left))
                if left and time.monotonic() + wait < deadline:
                    time.sleep(wait)
                    continue
                if error.server:
                    self._silent.add(host)
                raise UnavailableError(error.status, f"{url}: {error}") from error
            if hash_of(part) == sha256 or not resumed:
                return part
            # The old piece and the new one may be of two files: once more from the start.
            part.unlink()
        raise UnavailableError("altered", f"{url}: it changes while it is downloaded")

    def _once(self, url: str, part: Path, deadline: float, tell: Callable[[str], None]) -> None:
        start = part.stat().st_size if part.exists() else 0
        try:
            with self._session.get(
                url,
                stream=True,
                timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
                headers={"Range": f"bytes={start}-"} if start else {},
            ) as answer:
                if answer.status_code == 416:  # nothing is left to send, or the file is shorter now
                    return
                self._check(url, answer)
                if answer.status_code != 206:
                    start = 0
                self._receive(url, answer, part, start, deadline, tell)
        except requests.exceptions.SSLError as error:
            raise UnavailableError(
                "unreachable", f"{url}: its certificate is not trusted ({_last(error)})"
            ) from error
        except (HTTPError, requests.exceptions.ReadTimeout) as error:
            raise _InterruptedError("truncated", "the download ended early; fetch again") from error
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            raise _InterruptedError(
                "unreachable",
                "no connection; where there is no network, give a folder that has the files: "
                "--from DIR",
                server=True,
            ) from error
        except requests.RequestException as error:
            raise UnavailableError("gone", f"{url}: {_last(error)}") from error

    def _check(self, url: str, answer: requests.Response) -> None:
        code = answer.status_code
        if code in (*_OVERLOADED, *_FAILED):
            wait = answer.headers.get("Retry-After", "")
            raise _InterruptedError(
                "unreachable",
                f"the server answers {code}; fetch again later",
                server=code in _OVERLOADED,
                wait=min(float(wait) if wait.isdecimal() else 0.0, MAX_WAIT_SECONDS),
            )
        if code not in (200, 206):
            raise UnavailableError(
                "gone",
                f"{url}: the server answers {code} ({answer.reason}); find the file elsewhere, "
                "by its sha256, and give its folder: --from DIR",
            )

    def _receive(
        self,
        url: str,
        answer: requests.Response,
        part: Path,
        start: int,
        deadline: float,
        tell: Callable[[str], None],
    ) -> None:
        length = answer.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else 0
        self._bound(url, total)
        self._store.room(max(0, total - start))
        size = start
        with self._store.writing(part, "ab" if start else "wb") as file:
            # What has come, not a whole chunk: who trickles must not outlast the deadline.
            while chunk := answer.raw.read1(CHUNK, decode_content=False):
                size += len(chunk)
                self._bound(url, size)
                self._store.room(len(chunk))
                file.write(chunk)
                tell(f"{size / MB:.1f} MB" + (f" of {total / MB:.1f}" if total else ""))
                if time.monotonic() > deadline:
                    raise UnavailableError(
                        "truncated",
                        f"{url}: not whole after {self._seconds:g} s (limits.seconds); fetch again "
                        "to resume",
                    )

    def _bound(self, url: str, size: int) -> None:
        if size > self._limit:
            raise UnavailableError(
                "too_large",
                f"{url}: more than {self._limit / MB:.0f} MB (limits.file_mb); raise it, or leave "
                "the row out",
            )


def _last(error: Exception) -> str:
    """The innermost reason of an error that wraps others."""
    text = " ".join(str(error).split())
    return text.rsplit("Caused by ", 1)[-1][:200] or type(error).__name__
