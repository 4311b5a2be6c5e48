"""A video as it is given (path, bytes, open file), as a local file."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, TypeAlias, runtime_checkable


@runtime_checkable
class Readable(Protocol):
    """A file that is open in binary mode, or whatever else can be read like one."""

    def read(self, size: int = -1, /) -> bytes: ...  # noqa: D102


Video: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | Readable
"""A path, the content of a file, or a file that is open for reading in binary mode."""


@contextmanager
def as_file(video: Video) -> Iterator[Path]:
    """The path of a local file that holds the video; one that is made for this is removed again.

    An open file is read from where it stands to its end.

    Raises:
        TypeError: this is no video, or the file is open in text mode.
        OSError: the temporary file cannot be written.
    """
    if isinstance(video, str | os.PathLike):
        yield Path(video)
        return
    # A file, since FFmpeg seeks; on disk, since an upload may be larger than memory.
    with tempfile.NamedTemporaryFile(prefix="vq-") as file:
        _copy(video, file)
        file.flush()
        yield Path(file.name)


def name_of(video: Video) -> str:
    """How a row calls the video: its path, the open file's name, or `<bytes>`."""
    if isinstance(video, str | os.PathLike):
        return os.fspath(video)
    name = getattr(video, "name", None)
    return name if isinstance(name, str) else "<bytes>"


def _copy(video: bytes | bytearray | memoryview | Readable, file: IO[bytes]) -> None:
    if isinstance(video, bytes | bytearray | memoryview):
        file.write(video)
    elif hasattr(video, "read") and isinstance(video.read(0), bytes):
        shutil.copyfileobj(video, file)
    else:
        raise TypeError(
            f"a video is a path, bytes or a file open in binary mode, not {type(video).__name__}"
        )
