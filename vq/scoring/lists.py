"""Files that name videos: a table, a list, or what comes on standard input."""

import csv
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from vq.data import tables
from vq.data.tables import DELIMITERS, key
from vq.errors import DataError
from vq.scoring.names import is_url

COLUMN = "video"
NO_NAME = re.compile(r"[\x01-\x08\x0e-\x1f]")
"""What is in every video, and in no name of one."""
LONGEST = 100_000
"""Characters of a first line."""


def read(name: str) -> Iterator[tuple[int, str]]:
    """The videos that a file names, each with the number of its line.

    A table (`.csv`, `.tsv`, `.parquet`, `.xlsx`) names them in its column `video`, whatever its
    case, and `vq labels` reads it likewise; a `.txt` has one path a line, or is such a table. Paths
    are relative to the folder of the file, URLs are themselves; empty lines and cells are left out.

    Raises:
        DataError: the file cannot be read, or a table has no column `video`.
    """
    for number, video in _named(name):
        yield number, _beside(name, video)


def from_stdin() -> Iterator[tuple[int, str]]:
    """The paths on standard input: one a line, or separated by zero bytes (`find -print0`).

    Raises:
        DataError: it cannot be read.
    """
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise DataError(f"standard input cannot be read ({error.strerror})") from error
    return _lines(_text("standard input", data))


def _named(name: str) -> Iterator[tuple[int, str]]:
    ending = name.rpartition(".")[2].lower()
    if f".{ending}" in tables.BINARY and not is_url(name):
        return _packed(Path(name))
    if is_url(name):
        from vq.scoring import remote

        data = remote.read(name)
    else:
        data = _content(Path(name))
    text = _text(name, data)
    if ending != "txt" or _is_table(text):
        return _column(name, text)
    if NO_NAME.search(text):
        raise DataError(f"{name}: is no list; if it is a video, give it an ending of one")
    return _lines(text)


def _text(name: str, data: bytes) -> str:
    # A file name may hold bytes that are no text.
    return tables.decoded(Path(name), data, errors="surrogateescape")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    # Not `splitlines`, which parts names at what other systems take for line ends.
    lines = text.split("\0") if "\0" in text else _unix(text).split("\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line if is_url(line) else str(Path(line))


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def _beside(name: str, video: str) -> str:
    """The video that a list names."""
    if is_url(video):
        return video
    if is_url(name):
        return f"{name.rpartition('/')[0]}/{video.lstrip('/')}"
    return str(Path(name).parent / video)


def _packed(path: Path) -> Iterator[tuple[int, str]]:
    try:
        table = tables.read(path)
    except ImportError as error:
        raise DataError(f"{path}: needs {error.name} to be read; or save it as .csv") from error
    if not table.has(COLUMN):
        raise _no_column(path)
    return ((number, cell) for number, cell in enumerate(table.text(COLUMN), 2) if cell)


def _is_table(text: str) -> bool:
    """Whether the first line names columns, as that of Excel's Unicode text does."""
    delimiter, text = tables.sep_line(text)
    return bool(delimiter) or len(_header(text, _delimiter(text))) > 1


def _column(path: str, text: str) -> Iterator[tuple[int, str]]:
    if "\0" in text:
        raise DataError(f"{path}: is no text; save the table as UTF-8")
    sep, text = tables.sep_line(text)
    delimiter = sep or _delimiter(text)
    table = tables.cells(io.StringIO(text, newline=""), delimiter)
    first = 1 + bool(sep)
    try:
        header = [key(name) for name in next(table, [])]
        if COLUMN not in header:
            raise _no_column(path)
        if header.count(COLUMN) > 1:
            raise DataError(f"{path}: repeats the column `{COLUMN}`; keep one of them")
        place = header.index(COLUMN)
        for row in table:
            if any(row[len(header) :]):
                raise DataError(
                    f"{path}: line {table.line_num + first - 1} has more cells than the first "
                    f"line; put cells that have {delimiter!r} in them in double quotes"
                )
            if len(row) > place and row[place].strip():
                yield table.line_num + first - 1, row[place]
    except csv.Error as error:
        line = table.line_num + first - 1
        raise DataError(f"{path}: line {line} is no line of a table ({error})") from error


def _delimiter(text: str) -> str:
    """What parts the cells: with it, the first line has a column `video`."""
    fits = (delimiter for delimiter in DELIMITERS if len(_header(text, delimiter)) > 1)
    return next(fits, DELIMITERS[0])


def _header(text: str, delimiter: str) -> list[str]:
    """The names of columns, if `video` is among them."""
    names: list[str] = next(
        tables.cells([_unix(text[:100_000]).partition("\n")[0]], delimiter, strict=False), []
    )
    header = [key(name) for name in names]
    return header if COLUMN in header else []


def _no_column(path: object) -> DataError:
    return DataError(f"{path}: has no column `video`; name the column with the paths so")
