"""Which clips are rated: a folder of them, or a table that names them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vq.data import tables
from vq.data.labels_csv import RANDOM, YES_OR_NO
from vq.errors import DataError
from vq.inference.row import Row
from vq.scoring.discover import discover
from vq.scoring.names import as_text, is_url

Role = Literal["test", "training", "gold"]
LEVELS = 5
"""Of absolute category rating: 5 is excellent."""
EDGE = 1 << 20
"""Bytes at either end of a file that are hashed."""


@dataclass(frozen=True)
class Clip:
    """A file that may be rated."""

    name: str
    """As labels will call it: what the table says, or its path below the folder."""
    path: Path
    low: int = 1
    """Lowest level that a careful rater gives to a gold clip."""
    high: int = LEVELS
    """Highest one."""
    random: str = ""
    """`yes` if it was drawn at random, `no` if it was chosen; empty where nobody says."""


def digest(path: Path) -> str:
    """Size and a hash of the first and last MiB: enough to tell whether a file was exchanged.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        parts = hashlib.sha256(file.read(EDGE))
        file.seek(max(0, size - EDGE))
        parts.update(file.read(EDGE))
    return f"{size}-{parts.hexdigest()[:32]}"


def clips_of(source: Path, *, gold: bool = False, out: Path | None = None) -> list[Clip]:
    """The clips of a folder, or of the column `video` of a table, each once.

    What lies in the folder `out` of the session itself is none of them.

    Names in a table are paths, absolute or from the folder of the table. A table of `gold` clips
    also has the columns `low` and `high`: the levels, 1 to 5, that a careful rater may give.

    Raises:
        DataError: there is none, the table cannot be read, or a level of a gold clip is no level.
    """
    if source.is_dir() and not gold:
        clips: Iterable[Clip] = _of_folder(source)
    elif source.is_dir():
        raise DataError(f"{source}: is a folder; gold clips need a table with video, low, high")
    else:
        clips = _of_table(source, gold=gold)
    once = [
        clip
        for clip in {clip.name: clip for clip in clips}.values()
        if out is None or not clip.path.absolute().is_relative_to(out.absolute())
    ]
    if not once:
        raise DataError(f"{source}: names no video; give a folder of clips, or a table")
    return once


def _of_folder(folder: Path) -> Iterable[Clip]:
    for item in discover([str(folder)]):
        if not isinstance(item, Row):
            path = Path(item)
            yield Clip(as_text(str(path.relative_to(folder))), path)


def _of_table(source: Path, *, gold: bool) -> Iterable[Clip]:
    table = tables.read(source)
    names = table.text("video")
    random = table.text(RANDOM) if table.has(RANDOM) else [""] * len(names)
    lows, highs = (
        _levels(table, name) if gold else [None] * len(names) for name in ("low", "high")
    )
    rows = zip(names, lows, highs, random, strict=True)
    for line, (name, low, high, drawn) in enumerate(rows, 2):
        if not name:
            raise DataError(f"{source}: line {line} names no video; fill it in or drop the line")
        if is_url(name):
            raise DataError(f"{source}: line {line} is the URL {name}; fetch it, and name the file")
        if low is not None and high is not None and low > high:
            raise DataError(f"{source}: line {line} has low {low} above high {high}; exchange them")
        if drawn not in ("", *YES_OR_NO):
            raise DataError(f"{source}: line {line} has {RANDOM} {drawn!r}; say yes or no")
        yield Clip(name, source.parent / name, low or 1, high or LEVELS, drawn)


def _levels(table: tables.Table, column: str) -> list[int]:
    levels = []
    for line, number in enumerate(table.numbers(column), 2):
        if number is None or number not in range(1, LEVELS + 1):
            raise DataError(
                f"{table.path}: line {line} has no level in {column!r}; give a whole number from "
                f"1 (bad) to {LEVELS} (excellent)"
            )
        levels.append(int(number))
    return levels
