"""The list that the field passes around: `path, duration, fps, mos`, no header, -1 for unknown.

Known from the files of FAST-VQA's repository (`examplar_data_labels`); many trainers read it.
"""

from pathlib import Path

from vq.data import tables
from vq.importers.importer_types import How, Rating

WIDTH = 4
UNKNOWN = -1.0


def fits(path: Path, how: How) -> bool:
    """Whether a file looks like one: text, four cells in its first line, the last three numbers."""
    if path.suffix.lower() in (*tables.BINARY, ".mat"):
        return False
    first = next(iter(tables.lines(path, delimiter=how.delimiter)), [])
    return len(first) == WIDTH and all(_is_number(cell) for cell in first[1:])


def read(path: Path, how: How) -> list[Rating]:
    """Path and mos of each line; duration and rate are left to the probe, which knows better.

    Raises:
        DataError: unreadable, or a line is not of this form.
    """
    lines = tables.read_list(path, width=WIDTH, delimiter=how.delimiter)
    mos = tables.numbers([line[3] for line in lines], where=f"{path}: column 4 (mos)")
    return [
        Rating(line[0], None if value == UNKNOWN else value)
        for line, value in zip(lines, mos, strict=True)
    ]


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
