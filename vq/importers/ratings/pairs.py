"""Scores from pair comparisons: who was preferred to whom, by the model of Bradley and Terry.

Each video has a strength, and is preferred with the probability of a logistic function of the
difference (Bradley & Terry, Biometrika 1952). Strengths are fitted by maximum likelihood with a
weak normal prior, without which a video that always wins would have none. Twenty lines of our own
rather than a package: intervals need the curvature of the likelihood, which the fit has at hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

from vq.data import tables
from vq.errors import DataError

PRIOR_STD = 3.0
"""Of a strength, in logits: the better of two videos so far apart wins 95 of 100 comparisons."""
Z95 = 1.959964
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""
COLUMNS = ("first", "second", "rater", "preferred")
MOST_STEPS = 100


@dataclass(frozen=True)
class Pairs:
    """Comparisons of two videos each."""

    videos: tuple[str, ...]
    raters: tuple[str, ...]
    first: Int64[np.ndarray, " comparisons"]
    """Place in `videos` of the video that was shown first."""
    second: Int64[np.ndarray, " comparisons"]
    rater: Int64[np.ndarray, " comparisons"]
    """Place in `raters`."""
    prefers_first: Bool[np.ndarray, " comparisons"]


@dataclass(frozen=True)
class PairOpinions:
    """What the raters together say of each video."""

    mos: Float64[np.ndarray, " videos"]
    """Share of comparisons that it would win against an average video of the set, on the scale."""
    low: Float64[np.ndarray, " videos"]
    """Lower end of the 95 % interval."""
    high: Float64[np.ndarray, " videos"]
    comparisons: Int64[np.ndarray, " videos"]
    """How many count."""
    rejected: Bool[np.ndarray, " raters"]


def pairs(comparisons: list[tuple[str, str, str, bool]]) -> Pairs:
    """Comparisons (first video, second video, rater, whether the first was preferred) as arrays."""
    names = {name: None for first, second, _, _ in comparisons for name in (first, second)}
    videos = {name: place for place, name in enumerate(names)}
    raters = {name: place for place, name in enumerate(dict.fromkeys(c[2] for c in comparisons))}
    return Pairs(
        tuple(videos),
        tuple(raters),
        np.array([videos[c[0]] for c in comparisons], np.int64),
        np.array([videos[c[1]] for c in comparisons], np.int64),
        np.array([raters[c[2]] for c in comparisons], np.int64),
        np.array([c[3] for c in comparisons], bool),
    )


def is_pairs(path: Path, *, columns: Mapping[str, str], delimiter: str = "") -> bool:
    """Whether a table has the columns of comparisons."""
    table = tables.read(path, delimiter=delimiter)
    return all(table.has(columns.get(name, name)) for name in COLUMNS)


def read_pairs(path: Path, *, columns: Mapping[str, str], delimiter: str = "") -> Pairs:
    """Read a table with the columns `first`, `second`, `rater`, `preferred` (`first` or `second`).

    `columns` has the table's names by ours.

    Raises:
        DataError: unreadable, an empty cell, a video against itself, or another preference.
    """
    table = tables.read(path, delimiter=delimiter)
    first, second, rater, preferred = (table.text(columns.get(name, name)) for name in COLUMNS)
    comparisons = []
    rows = zip(first, second, rater, preferred, strict=True)
    for line, (one, other, who, which) in enumerate(rows, 2):
        if not (one and other and who):
            raise DataError(f"{path}: line {line} has an empty cell; fill it in or drop the line")
        if one == other:
            raise DataError(f"{path}: line {line} compares {one!r} with itself; drop the line")
        if which not in ("first", "second"):
            raise DataError(f"{path}: line {line} prefers {which!r}; say first or second")
        comparisons.append((one, other, who, which == "first"))
    if not comparisons:
        raise DataError(f"{path}: has a header and no comparisons")
    return pairs(comparisons)


def bradley_terry(
    data: Pairs, *, scale: tuple[float, float], screened: bool = True
) -> PairOpinions:
    """Score videos by comparisons; `screened`, without raters whom a coin would beat.

    That is a rater whose comparisons are less probable, by the strengths that all others give, than
    those of a coin. Two raters are always kept.
    """
    rejected = np.zeros(len(data.raters), dtype=bool)
    if screened:
        for rater in range(len(data.raters)):
            own = data.rater == rater
            strengths, _ = _fit(data, ~own)
            rejected[rater] = _log_likelihood(data, strengths, own) < np.log(0.5) * own.sum()
        if (~rejected).sum() < 2:
            rejected[:] = False
    counted = ~rejected[data.rater]
    strengths, variance = _fit(data, counted)
    low, high = scale

    def shown(values: Float64[np.ndarray, " videos"]) -> Float64[np.ndarray, " videos"]:
        return low + (high - low) / (1 + np.exp(-values))

    half_width = Z95 * np.sqrt(variance)
    places = np.concatenate([data.first[counted], data.second[counted]])
    counts = np.bincount(places, minlength=len(data.videos)).astype(np.int64)
    # Of what nobody compared nothing can be said.
    lost = np.where(counts > 0, 0.0, np.nan)
    return PairOpinions(
        shown(strengths) + lost,
        shown(strengths - half_width) + lost,
        shown(strengths + half_width) + lost,
        counts,
        rejected,
    )


def _fit(
    data: Pairs, counted: Bool[np.ndarray, " comparisons"]
) -> tuple[Float64[np.ndarray, " videos"], Float64[np.ndarray, " videos"]]:
    """Strengths with mean 0, and their variances, by Newton's method."""
    winner = np.where(data.prefers_first, data.first, data.second)[counted]
    loser = np.where(data.prefers_first, data.second, data.first)[counted]
    count = len(data.videos)
    strengths = np.zeros(count)
    prior = np.eye(count) / PRIOR_STD**2
    for _ in range(MOST_STEPS):
        doubt = 1 / (1 + np.exp(strengths[winner] - strengths[loser]))
        gradient = np.bincount(winner, doubt, count) - np.bincount(loser, doubt, count)
        curvature = prior.copy()
        weight = doubt * (1 - doubt)
        for one, other, sign in (
            (winner, winner, 1), (loser, loser, 1), (winner, loser, -1), (loser, winner, -1)
        ):  # fmt: skip
            np.add.at(curvature, (one, other), sign * weight)
        step = np.linalg.solve(curvature, gradient - strengths / PRIOR_STD**2)
        # A long step from afar may overshoot; the likelihood is concave, so short ones arrive.
        strengths = strengths + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-9:
            break
    centre = np.eye(count) - 1 / count
    return centre @ strengths, np.diag(centre @ np.linalg.inv(curvature) @ centre).copy()


def _log_likelihood(
    data: Pairs,
    strengths: Float64[np.ndarray, " videos"],
    counted: Bool[np.ndarray, " comparisons"],
) -> float:
    margin = strengths[data.first[counted]] - strengths[data.second[counted]]
    return float(-np.log1p(np.exp(np.where(data.prefers_first[counted], -margin, margin))).sum())
