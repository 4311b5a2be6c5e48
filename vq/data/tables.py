"""Tables as people pass them around: delimiters, decimal commas, Parquet, Excel.

Cells come out as text, whatever the file; an empty one means that nobody knows.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vq.errors import DataError
from vq.words import count, which

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = ",;\t|"
NOTHING = frozenset({"", "nan", "na", "n/a", "none", "null", "-"})
"""Cells, in lower case, that say nothing."""
SEP = re.compile(r"[ \t]*\"?sep=([,;\t|])\"?[ \t]*(?:\r\n|\r|\n)", re.IGNORECASE)
BINARY = (".parquet", ".xlsx")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE)
LARGEST_BYTES = 256 << 20
"""Of a file, and of what a packed one holds: label files have a few megabytes."""


@dataclass(frozen=True)
class Table:
    """A header and rows of as many cells."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def has(self, *names: str) -> bool:
        """Whether there is a column of one of these names."""
        return any(key(name) in map(key, self.header) for name in names)

    def text(self, *names: str) -> list[str]:
        """The cells of the first of these columns that there is.

        Raises:
            DataError: there is none of them.
        """
        keys = [key(name) for name in self.header]
        for name in names:
            if key(name) in keys:
                return self.at(keys.index(key(name)))
        example = f"; its first row is {', '.join(self.rows[0])}" if self.rows else ""
        raise DataError(
            f"{self.path}: has no column {' or '.join(map(repr, names))}, only "
            f"{', '.join(map(repr, self.header))}{example}; is it the right file? Name the column "
            "so, or read the file with `vq labels own --column`"
        )

    def at(self, place: int) -> list[str]:
        """The cells of a column by its place.

        Raises:
            DataError: the rows are shorter.
        """
        if place >= len(self.header):
            raise DataError(
                f"{self.path}: has {count(len(self.header), 'column')}, column {place + 1} is "
                "wanted; is it the right file?"
            )
        return [row[place] for row in self.rows]

    def numbers(self, *names: str) -> list[float | None]:
        """The same as numbers; None where a cell says nothing."""
        return numbers(self.text(*names), where=f"{self.path}: column {names[0]!r}")

    def optional(self, *names: str) -> list[float | None]:
        """The same; all None where there is no such column."""
        return self.numbers(*names) if self.has(*names) else [None] * len(self.rows)


def key(name: str) -> str:
    """What of a column's name counts: letters and digits, so that `MOS full` is `MOSFull`."""
    return "".join(filter(str.isalnum, name.lower()))


def numbers(cells: Sequence[str], *, where: str) -> list[float | None]:
    """Cells as numbers, with decimal points or, all of them, decimal commas.

    Raises:
        DataError: a cell is none, or some have a point and others a comma.
    """
    commas = [cell for cell in cells if DECIMAL_COMMA.fullmatch(cell)]
    points = [cell for cell in cells if "." in cell]
    if commas and points:
        raise DataError(
            f"{where} has {commas[0]!r} as well as {points[0]!r}; is the comma a decimal one? "
            "Write all numbers with decimal points"
        )
    values = [_number(cell.replace(",", ".") if commas else cell) for cell in cells]
    wrong = [
        cell
        for cell, number in zip(cells, values, strict=True)
        if number is None and cell.lower() not in NOTHING
    ]
    if wrong:
        raise DataError(
            f"{where} has {_count(len(wrong), 'cell')} that is no number, such as "
            f"{shorten(wrong[0])!r}; correct it, or leave it empty if nobody knows"
        )
    return values


def read(path: Path, *, delimiter: str = "", sheet: str = "") -> Table:
    """Read a table whose first row names the columns.

    It is text, Parquet (`.parquet`) or Excel (`.xlsx`; by default its only sheet). The delimiter of
    text is found from the lines, if none is named.

    Raises:
        DataError: unreadable, or rows differ in length from the header, or it repeats a name.
    """
    rows = lines(path, delimiter=delimiter, sheet=sheet)
    if not rows:
        raise DataError(f"{path}: is empty; its first line names the columns")
    header, *body = rows
    _check_lengths(path, rows)
    keys = [key(name) for name in header]
    if repeated := sorted({name for name in header if name and keys.count(key(name)) > 1}):
        raise DataError(f"{path}: repeats the column {', '.join(repeated)}; keep one of them")
    return Table(path, tuple(header), tuple(map(tuple, body)))


def read_list(path: Path, *, width: int, delimiter: str = "") -> list[list[str]]:
    """Read a table without header.

    Raises:
        DataError: unreadable, or a line has not `width` cells.
    """
    rows = lines(path, delimiter=delimiter)
    if not rows:
        raise DataError(f"{path}: is empty; it should have a line for each video")
    _check_lengths(path, rows, width)
    return rows


def lines(path: Path, *, delimiter: str = "", sheet: str = "") -> list[list[str]]:
    """The lines of a table that are not blank, as stripped cells.

    Raises:
        DataError: unreadable.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise DataError(f"{path}: has {size >> 20} MiB; label files do not")
        suffix = path.suffix.lower()
        if suffix == ".parquet":
            rows = _parquet(path)
        elif suffix == ".xlsx":
            rows = _excel(path, sheet)
        else:
            rows = _text(path, path.read_bytes(), delimiter)
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise DataError(
            f"{path}: cannot be read ({shorten(reason)}); is it the right file?"
        ) from error
    stripped = [[cell.strip() for cell in line] for line in rows]
    return [line for line in stripped if any(line)]


def shorten(text: str) -> str:
    """At most 80 characters of a text, on one line, for an error."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else f"{flat[:77]}..."


def decoded(path: Path, data: bytes, *, errors: str = "strict") -> str:
    """The text of a file as editors, spreadsheets and PowerShell write it: UTF-8, UTF-16.

    `errors` says what becomes of bytes that are no UTF-8; see `bytes.decode`.

    Raises:
        DataError: it is no text.
    """
    wide = _wide(data[:200])
    try:
        return data.decode(wide) if wide else data.decode("utf-8-sig", errors)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 ({error.reason}); save it as UTF-8") from error


def _wide(head: bytes) -> str:
    """Which UTF-16 a text is, by its mark or by every other byte; empty if it is none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    even, odd = head[0::2], head[1::2]
    if len(head) < 4 or len(head) % 2 or not (even and odd):
        return ""
    if not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if not any(even) and all(odd) else ""


def sep_line(text: str) -> tuple[str, str]:
    """The delimiter that a first line `sep=;` tells Excel, or none; and the text after it."""
    line = SEP.match(text)
    return (line[1], text[line.end() :]) if line else ("", text)


def cells(text: Iterable[str], mark: str, *, strict: bool = True) -> "Reader":
    """The lines of a table as cells.

    If it is not `strict`, what is no CSV raises no `csv.Error`.
    """
    # Blanks after a delimiter are common, and would hide a quote.
    return csv.reader(text, delimiter=mark, strict=strict, skipinitialspace=True)


def _text(path: Path, data: bytes, delimiter: str) -> list[list[str]]:
    text = decoded(path, data)
    if "\0" in text:
        raise DataError(f"{path}: is no text; save the labels as CSV, .parquet or .xlsx")
    mark, text = sep_line(text)
    try:
        return _split(text, delimiter or mark or _delimiter(path, text))
    except csv.Error as error:
        raise DataError(f"{path}: is not a CSV file ({error}); save it as one") from error


def _delimiter(path: Path, text: str) -> str:
    """The one that parts all of the first lines into as many cells."""
    head = "\n".join(line for line in text[:100_000].splitlines()[:50] if line.strip())
    parted = {mark: _split(head, mark, strict=False) for mark in DELIMITERS}
    widths = {mark: {len(line) for line in rows} for mark, rows in parted.items()}
    whole = [mark for mark, rows in widths.items() if len(rows) == 1 and max(rows) > 1]
    # A line or two may be broken: then the header tells.
    fits = whole or [
        mark for mark, rows in parted.items() if rows and len(rows[0]) > 1 and _mostly_even(rows)
    ]
    if len(fits) > 1:
        raise DataError(
            f"{path}: its cells may be parted by {' or '.join(map(repr, fits))}, as in "
            f"{shorten(head)!r}; say which with --delimiter"
        )
    return fits[0] if fits else ","


def _mostly_even(rows: Sequence[Sequence[str]]) -> bool:
    return sum(len(line) == len(rows[0]) for line in rows) > len(rows) / 2


def _split(text: str, mark: str, *, strict: bool = True) -> list[list[str]]:
    reader = cells(io.StringIO(text, newline=""), mark, strict=strict)
    return [line for line in reader if any(map(str.strip, line))]


def _parquet(path: Path) -> list[list[str]]:
    from pyarrow import parquet

    with foreign(path, "Parquet file"):
        table = parquet.read_table(path)
        columns = [[_shown(value) for value in column.to_pylist()] for column in table.columns]
        return [list(table.column_names), *map(list, zip(*columns, strict=True))]


def _excel(path: Path, sheet: str) -> list[list[str]]:
    import zipfile

    from openpyxl import load_workbook

    with foreign(path, "Excel workbook"):
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_BYTES:
                raise DataError(f"{path}: unpacks to more than label files have")
        with closing(load_workbook(path, read_only=True, data_only=True)) as book:
            names = book.sheetnames
            if sheet and sheet not in names:
                raise DataError(
                    f"{path}: has no sheet {sheet!r}, only {', '.join(names)}; is it the right one?"
                )
            if not sheet and len(names) > 1:
                raise DataError(f"{path}: has sheets {', '.join(names)}; save one of them as CSV")
            rows = book[sheet or names[0]].iter_rows(values_only=True)
            return [[_shown(value) for value in row] for row in rows]


@contextmanager
def foreign(path: Path, kind: str) -> Iterator[None]:
    """Read with a library that fails on a broken file with whatever broke inside it.

    Raises:
        DataError: for any exception but our own.
    """
    try:
        yield
    except DataError:
        raise
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise DataError(f"{path}: cannot be read ({shorten(reason)})") from error
    except Exception as error:
        # openpyxl and pyarrow raise more than they say.
        reason = str(error) or type(error).__name__
        raise DataError(
            f"{path}: is no {kind} that can be read ({shorten(reason)}); get it again"
        ) from error


def _shown(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    # A whole number kept as 4542323058.0 names no file.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    # float() reads 1_000 and digits of other scripts, which no spreadsheet writes.
    return value if math.isfinite(value) and cell.isascii() and "_" not in cell else None


def _check_lengths(path: Path, rows: Sequence[Sequence[str]], width: int | None = None) -> None:
    expected = width or len(rows[0])
    wrong = [line for line in rows if len(line) != expected]
    if wrong:
        whose = f"{width} are wanted" if width else f"the header has {expected}"
        raise DataError(
            f"{path}: {_count(len(wrong), 'line')} has not as many cells as the others: "
            f"{shorten(', '.join(wrong[0]))!r} has {len(wrong[0])}, {whose}; put cells with "
            "delimiters in double quotes, or say with --delimiter what parts them"
        )


def _count(number: int, what: str) -> str:
    return count(number, what) + which(number, "", ", the first of which")
