"""Files that name videos: a table, a list, or what comes on standard input."""

import csv
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from vq.errors import DataError
from vq.score import remote

SUFFIXES = (".csv", ".txt")


def read(name: str) -> Iterator[tuple[int, str]]:
    """The videos that a file names, each with the number of its line.

    A `.csv` names them in its column `video`, a `.txt` has one path a line. Paths are relative to
    the folder of the file, URLs are themselves; empty lines and cells are left out.

    Args:
        name: path or URL of the file.

    Raises:
        DataError: the file cannot be read, or a table has no column `video`.
    """
    data = remote.read(name) if remote.is_url(name) else _content(Path(name))
    named = _column(name, data) if name.lower().endswith(".csv") else _lines(data)
    for number, video in named:
        yield number, _beside(name, video)


def from_stdin() -> Iterator[tuple[int, str]]:
    """The paths on standard input: one a line, or separated by zero bytes (`find -print0`)."""
    return _lines(sys.stdin.buffer.read())


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    lines = data.split(b"\0") if b"\0" in data else data.splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip():
            video = os.fsdecode(line)
            yield number, video if remote.is_url(video) else str(Path(video))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def _beside(name: str, video: str) -> str:
    """The video that a list names."""
    if remote.is_url(video):
        return video
    if remote.is_url(name):
        return f"{name.rpartition('/')[0]}/{video.lstrip('/')}"
    return str(Path(name).parent / video)


def _column(path: str, data: bytes) -> Iterator[tuple[int, str]]:
    # A spreadsheet begins its files with a byte order mark.
    text = io.StringIO(data.decode("utf-8-sig", "surrogateescape"), newline="")
    table = csv.DictReader(text)
    try:
        if "video" not in (table.fieldnames or ()):
            raise DataError(f"{path}: has no column `video`; name the column with the paths so")
        for row in table:
            if row["video"]:
                yield table.line_num, row["video"]
    except csv.Error as error:
        raise DataError(f"{path}: line {table.line_num} is no line of a table ({error})") from error
