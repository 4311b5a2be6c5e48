"""The folder of originals: a file is in it whole and with the right hash, or not at all."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from vq.errors import VqError
from vq.footage.fetched import ORIGINALS, Source
from vq.footage.sources_table import Entry
from vq.footage.unavailable import UnavailableError
from vq.workers.lock import hold

MB = 1_000_000
CHUNK = 1 << 20


class DiskFullError(VqError):
    """There is no room for more, of no file."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.reason = f"{folder}: {reason}; make room and fetch again, what is here stays"
        super().__init__(self.reason)


class Store:
    """Originals of a data set, and beside them what is on its way."""

    def __init__(self, root: Path, *, keep_free_mb: float) -> None:
        """Take the folder of the data set, and how much of its disk stays free."""
        self.originals = root / ORIGINALS
        self._work = root / ".fetch"
        self._keep_free = round(keep_free_mb * MB)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the only one who fetches; what a killed run left half-unpacked is removed first.

        Raises:
            BusyError: another process fetches into this folder; the message has its number.
        """
        self._work.mkdir(parents=True, exist_ok=True)

        def busy(number: str) -> str:
            return (
                f"{self.originals}: process {number} is fetching into it; wait for it, or end it "
                "(what it has finished stays)"
            )

        with hold(self._work / "lock", self._work / "pid", busy=busy):
            self.originals.mkdir(exist_ok=True)
            shutil.rmtree(self._work / "packages", ignore_errors=True)
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder that is empty, and gone afterwards."""
        folder = self._work / "packages"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def part(self, sha256: str) -> Path:
        """Where a file that will have this hash grows; it outlives a kill."""
        return self._work / f"{sha256}.part"

    def forget(self, wanted: set[str]) -> None:
        """Remove parts of files that nobody wants any more, by the hashes that are wanted."""
        for part in self._work.glob("*.part"):
            if part.stem not in wanted:
                part.unlink(missing_ok=True)

    def source(self, entry: Entry) -> Source | None:
        """The source of an entry if its file is here; every byte is read to know.

        The original comes before the scaled copy.
        """
        for scaled in (False, True):
            sha256 = entry.copy_sha256 if scaled else entry.sha256
            path = self.originals / (entry.copy_file if scaled else entry.file)
            if sha256 and path.is_file() and hash_of(path) == sha256:
                return Source(
                    path=path,
                    kind=entry.kind,
                    content=entry.content,
                    licence=entry.licence,
                    licence_text=entry.licence_text,
                    author=entry.author,
                    origin=entry.origin,
                    sha256=sha256,
                    bytes=path.stat().st_size,
                    width=entry.copy_width if scaled else entry.width,
                    height=entry.copy_height if scaled else entry.height,
                    scaled=scaled,
                )
        return None

    def accept(self, part: Path, entry: Entry, *, scaled: bool = False) -> None:
        """Put a whole file in its place, if it has the hash of the entry; otherwise remove it.

        Raises:
            UnavailableError: its hash differs.
        """
        wanted = entry.copy_sha256 if scaled else entry.sha256
        digest = hash_of(part)
        if digest != wanted:
            part.unlink()
            raise UnavailableError(
                "altered",
                f"{entry.origin}: sha256 is {digest}, sources.csv says {wanted}; if the new file "
                "is the right one, write its hash there",
            )
        # Bytes first, name second: a power cut must not leave the name alone.
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(self.originals / (entry.copy_file if scaled else entry.file))

    def copy(self, file: Path, entry: Entry, *, scaled: bool) -> None:
        """Take over a file of somebody else's folder, which stays as it is.

        Raises:
            UnavailableError: it has changed since it was looked at.
            DiskFullError: there is no room.
        """
        part = self.part(entry.copy_sha256 if scaled else entry.sha256)
        self.room(file.stat().st_size)
        with file.open("rb") as source, self.writing(part) as target:
            shutil.copyfileobj(source, target, CHUNK)
        self.accept(part, entry, scaled=scaled)

    def room(self, size: int) -> None:
        """Make sure that this many bytes may come.

        Raises:
            DiskFullError: they would leave less than is to stay free.
        """
        free = shutil.disk_usage(self._work).free
        if free - size < self._keep_free:
            raise DiskFullError(
                self.originals,
                f"{size / MB:.0f} MB more would leave less than keep_free_mb "
                f"({self._keep_free / MB:.0f}) of the {free / MB:.0f} MB that the disk has free",
            )

    @contextmanager
    def writing(self, part: Path, mode: str = "wb") -> Iterator[IO[bytes]]:
        """Open a part to write; a full disk has an error of its own.

        Raises:
            DiskFullError: the disk, or what one may use of it, is full. The part is gone: the
                manifest of what is here needs the room.
        """
        try:
            with part.open(mode) as file:
                yield cast("IO[bytes]", file)
        except DiskFullError:  # of `room`
            part.unlink(missing_ok=True)
            raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                part.unlink(missing_ok=True)
                raise DiskFullError(self.originals, f"no room ({error.strerror})") from error
            raise


def hash_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
