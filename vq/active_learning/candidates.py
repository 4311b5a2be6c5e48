"""Scored videos that may be rated: their features and scores, as arrays."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float16, Float64, Int64

from vq.errors import DataError
from vq.inference.row import Row

REMEDY = "score them with `vq score --feature`"


@dataclass(frozen=True, eq=False)
class Candidates:
    """Videos with a score and a feature, in the order of their names."""

    videos: Sequence[str]
    feature: Float16[np.ndarray, "videos dim"]
    """The student's second feature."""
    score: Float64[np.ndarray, " videos"]
    content: Int64[np.ndarray, " videos"]
    """Number of the content that each shows."""
    model: str
    """Name and hash of the student."""
    without_score: int = 0
    """Videos that were left out, since they have no score."""


def gather(
    rows: Iterable[Row], *, contents: Mapping[str, str], rated: Iterable[str] = ()
) -> Candidates:
    """Candidates of rows; of a video in several, the last one counts.

    A video that `contents` does not name is a content of its own. Those `rated` are left out.

    Raises:
        DataError: a row has no feature or one of another student, or none is left.
    """
    place: dict[str, int] = {}
    values: list[float] = []
    packed = bytearray()
    model = ""
    failed: set[str] = set()
    rated = set(rated)
    size = 0
    for row in rows:
        if row.video in rated:
            continue
        if row.score is None:
            failed.add(row.video)
            continue
        data = _bytes(row)
        model, size = model or row.model, size or len(data)
        if row.model != model or len(data) != size:
            raise DataError(
                f"{row.video}: has a score of {row.model}, others have one of {model}; features of "
                "two students cannot be compared, score all with one"
            )
        at = place.setdefault(row.video, len(values))
        if at == len(values):
            values.append(0.0)
            packed += data
        packed[at * size : (at + 1) * size] = data
        values[at] = row.score
    if not place:
        raise DataError(f"no row has a score of a video that is not yet rated; {REMEDY}")
    # By name: the order of files and rows changes nothing.
    videos = sorted(place)
    order = np.array([place[video] for video in videos])
    feature = np.frombuffer(packed, "<f2").reshape(len(values), -1)[order]
    if not np.isfinite(feature).all():
        bad = videos[int(np.flatnonzero(~np.isfinite(feature).all(axis=1))[0])]
        raise DataError(f"{bad}: its feature holds something that is no number; {REMEDY}")
    score = np.array(values)[order]
    numbers: dict[str, int] = {}
    content = [
        numbers.setdefault(contents.get(video, f"\0{video}"), len(numbers)) for video in videos
    ]
    return Candidates(
        videos,
        feature,
        score,
        np.array(content),
        model,
        len(failed.difference(place)),
    )


def _bytes(row: Row) -> bytes:
    if not row.feature:
        raise DataError(f"{row.video}: has a score but no feature; {REMEDY}")
    try:
        data = base64.b64decode(row.feature)
    except ValueError as error:
        raise DataError(f"{row.video}: its feature is damaged ({error}); {REMEDY}") from error
    if len(data) % 2:
        raise DataError(f"{row.video}: its feature ends within a number; {REMEDY}")
    return data
