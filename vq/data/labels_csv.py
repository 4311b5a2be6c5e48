"""`labels.csv`: what people said of each video."""

import csv
import difflib
import math
import os.path
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from vq.data.manifest import DTYPES
from vq.errors import DataError
from vq.words import count

RANDOM = "random"
"""Column that says which videos were drawn at random, and not chosen for what they teach."""
YES_OR_NO = ("yes", "no")
"""What its cells may say."""
LABELS = ("mos", "mos_std", "ratings", "content", "dataset", RANDOM)
"""Columns that a label file may have beside `video`, which it must have."""


@dataclass(frozen=True)
class Label:
    """One row."""

    video: str
    """Path relative to the folder of videos, tidied up; as it stands if it leaves that folder."""
    is_inside: bool = True
    """Whether `video` names a file in the folder of videos, there or not."""
    values: dict[str, object] = field(default_factory=dict)
    """Of the columns in `LABELS` and those to keep; None where the cell is empty."""
    problem: str = ""
    """Reason and remedy, parted by a semicolon."""


def read(path: Path, *, keep: Sequence[str] = ()) -> list[Label]:
    """Read a label file: comma-separated UTF-8 with a header.

    Every row that is not blank comes back, the bad ones with a `problem`.

    `keep` names further columns to carry along.

    Raises:
        DataError: unreadable, or a column is missing, repeated or not to be kept.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file, strict=True) if any(map(str.strip, line))]
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); put the labels there"
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path}: is not a CSV file ({error}); save it as one") from error
    if not lines:
        raise DataError(f"{path}: is empty; its first line names the columns, `video` among them")
    header = [name.strip() for name in lines[0]]
    _check_header(path, header, keep)
    return [_label(header, line, keep) for line in lines[1:]]


def _check_header(path: Path, header: list[str], keep: Sequence[str]) -> None:
    if "video" not in header:
        raise DataError(
            f"{path}: has no column `video`, only {', '.join(header)}; name the column of file "
            "names `video`, and part columns with commas"
        )
    if repeated := sorted({name for name in header if header.count(name) > 1}):
        raise DataError(f"{path}: repeats the column {', '.join(repeated)}; keep one of them")
    for name in header:
        # Taken for another column, it would be ignored: versions of one source on both sides of
        # the split, or no labels at all.
        meant = difflib.get_close_matches(name.lower(), LABELS, n=1, cutoff=0.8)
        if meant and name not in LABELS and name not in keep and meant[0] not in header:
            raise DataError(
                f"{path}: has a column {name!r}, which means nothing; did you mean {meant[0]}? "
                "Rename it, or list it under `keep` of columns.yaml to carry it along"
            )
    if taken := [name for name in keep if name in DTYPES]:
        raise DataError(
            f"{path}: `keep` of columns.yaml names {', '.join(taken)}, which the manifest has "
            "anyway; take it out there"
        )
    for name in keep:
        if name not in header:
            near = difflib.get_close_matches(name, header) or header
            raise DataError(
                f"{path}: has no column {name!r}, which columns.yaml names; "
                f"did you mean {', '.join(near)}? If these labels have none like it, take it out "
                "there"
            )


def _label(header: list[str], line: list[str], keep: Sequence[str]) -> Label:
    cells = dict(zip(header, map(str.strip, line), strict=False))
    video, problem = _inside(cells["video"])
    is_inside = not problem
    if len(line) != len(header):
        problem = problem or (
            f"its row has {count(len(line), 'cell')}, the header {len(header)}; "
            "put cells with commas in double quotes"
        )
    values: dict[str, object] = {name: cells.get(name) or None for name in ("content", "dataset")}
    for name, parse in NUMBERS.items():
        cell = cells.get(name, "")
        try:
            values[name] = parse(cell) if cell else None
        except ValueError:
            problem = problem or f"{name} {cell!r} is not a number; correct the label"
    drawn = cells.get(RANDOM) or None
    if drawn not in (None, *YES_OR_NO) and RANDOM not in keep:
        problem = problem or f"{RANDOM} {drawn!r} is neither yes nor no; correct the label"
    values[RANDOM] = drawn
    values.update({name: cells.get(name) or None for name in keep})
    return Label(video, is_inside, values, problem)


def _inside(cell: str) -> tuple[str, str]:
    """Tidy a path; the second value says what is wrong with it."""
    if not cell:
        return "", "its row names no video; fill in the column `video`"
    video = os.path.normpath(cell)
    if PurePath(video).is_absolute() or PurePath(video).parts[:1] == ("..",):
        return cell, "lies outside the folder of videos; move it there and name it from there"
    return video, ""


def _number(cell: str) -> float:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError(cell)
    return value


def _whole(cell: str) -> int:
    value = _number(cell)
    if value != int(value):
        raise ValueError(cell)
    return int(value)


NUMBERS: dict[str, Callable[[str], float]] = {"mos": _number, "mos_std": _number, "ratings": _whole}
"""How the numbers of a row are read."""
