"""Files that name videos: a table, a list, or what comes on standard input."""

import csv
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from vq.errors import DataError

SUFFIXES = (".csv", ".txt")


def read(path: Path) -> Iterator[tuple[int, str]]:
    """The videos that a file names, each with the number of its line.

    A `.csv` names them in its column `video`, a `.txt` has one path a line. Paths are relative to
    the folder of the file; empty lines and cells are left out.

    Raises:
        DataError: the file cannot be read, or a table has no column `video`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    named = _column(path, data) if path.suffix.lower() == ".csv" else _lines(data)
    for number, video in named:
        yield number, str(path.parent / video)


def from_stdin() -> Iterator[tuple[int, str]]:
    """The paths on standard input: one a line, or separated by zero bytes (`find -print0`)."""
    return _lines(sys.stdin.buffer.read())


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    lines = data.split(b"\0") if b"\0" in data else data.splitlines()
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, str(Path(os.fsdecode(line)))


def _column(path: Path, data: bytes) -> Iterator[tuple[int, str]]:
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
