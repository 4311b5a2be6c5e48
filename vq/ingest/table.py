"""The label file as lines of text: what is added to it leaves its other rows as they are."""

import csv
from dataclasses import dataclass
from pathlib import Path

from vq.files import atomic


@dataclass(frozen=True)
class Table:
    """A header and rows of cells; a row may have too few or too many."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def add(self, other: "Table") -> "Table":
        """The rows of both; columns of either, the new ones to the right."""
        new = tuple(name for name in other.header if name not in self.header)
        header = self.header + new
        # A row that had the wrong length still has it: its problem is not ours to hide.
        old = [row + ("",) * len(new) for row in self.rows]
        more = []
        for row in other.rows:
            cells = dict(zip(other.header, row, strict=True))
            more.append(tuple(cells.get(name, "") for name in header))
        return Table(header, (*old, *more))


def read(path: Path) -> Table:
    """Read a file that `vq.data.labels_csv.read` has read; the rows are in the same order."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in csv.reader(file, strict=True) if any(map(str.strip, line))]
    header, *rows = lines
    return Table(tuple(name.strip() for name in header), tuple(map(tuple, rows)))


def write(table: Table, path: Path) -> None:
    """Write the file; it is whole or as it was before."""
    with atomic(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([table.header, *table.rows])
