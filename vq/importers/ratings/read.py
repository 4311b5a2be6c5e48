"""A table of who rated what how, wide or long, as a matrix."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from vq.data import tables
from vq.errors import DataError


@dataclass(frozen=True)
class Ratings:
    """What each rater said of each video."""

    videos: tuple[str, ...]
    """In the order of the table."""
    raters: tuple[str, ...]
    matrix: Float64[np.ndarray, "videos raters"]
    """NaN where a rater did not see a video."""


def read(
    path: Path, *, columns: Mapping[str, str], scale: tuple[float, float], delimiter: str = ""
) -> Ratings:
    """Read a table that is long (`video, rater, rating`) or wide (`video`, then one for a rater).

    It is long if it has the columns of raters and of ratings, else wide.

    `columns` has the table's names by ours (`video`, `rater`, `rating`); the scale is the lowest
    and highest rating that can be given. The delimiter of text is found if none is named.

    Raises:
        DataError: unreadable, a rating is no number or off the scale, or one was given twice.
    """
    table = tables.read(path, delimiter=delimiter)
    video, rater, rating = (columns.get(name, name) for name in ("video", "rater", "rating"))
    names = table.text(video)
    if missing := [line for line, name in enumerate(names, 2) if not name]:
        raise DataError(f"{path}: line {missing[0]} names no video; fill it in or drop the line")
    if not names:
        raise DataError(f"{path}: has a header and no ratings")
    if table.has(rater) and table.has(rating):
        triples = _long(table, names, rater, rating)
    else:
        triples = _wide(table, names, video)
    return _matrix(path, triples, scale)


Triple = tuple[str, str, float | None]


def _long(table: tables.Table, names: list[str], rater: str, rating: str) -> list[Triple]:
    raters = table.text(rater)
    if missing := [line for line, name in enumerate(raters, 2) if not name]:
        raise DataError(f"{table.path}: line {missing[0]} names no rater; say whose rating it is")
    return list(zip(names, raters, table.numbers(rating), strict=True))


def _wide(table: tables.Table, names: list[str], video: str) -> list[Triple]:
    raters = [name for name in table.header if tables.key(name) != tables.key(video)]
    if not all(raters):
        raise DataError(f"{table.path}: a column has no name; name each rater")
    by_rater = {rater: table.numbers(rater) for rater in raters}
    return [(name, rater, by_rater[rater][row])
            for row, name in enumerate(names) for rater in raters]  # fmt: skip


def _matrix(path: Path, triples: list[Triple], scale: tuple[float, float]) -> Ratings:
    videos = {name: index for index, name in enumerate(dict.fromkeys(t[0] for t in triples))}
    raters = {name: index for index, name in enumerate(dict.fromkeys(t[1] for t in triples))}
    matrix = np.full((len(videos), len(raters)), np.nan)
    for video, rater, rating in triples:
        if rating is None:
            continue
        if not scale[0] <= rating <= scale[1]:
            raise DataError(
                f"{path}: {rater!r} gave {video!r} a rating of {rating:g}, which is off the scale "
                f"of {scale[0]:g} to {scale[1]:g}; correct it, or --scale"
            )
        if not math.isnan(matrix[videos[video], raters[rater]]):
            raise DataError(
                f"{path}: {rater!r} rated {video!r} twice; keep one of the two, or give each "
                "session a rater of its own"
            )
        matrix[videos[video], raters[rater]] = rating
    if len(raters) < 2:
        raise DataError(f"{path}: has ratings of {len(raters)} rater; an opinion score needs two")
    return Ratings(tuple(videos), tuple(raters), matrix)
