"""Which raters do not follow the others: their ratings correlate too little with the mean.

ITU-T P.913 screens by correlation too, and also one rater at a time. Its limit of 0.75 is for a
laboratory and videos over the whole range of quality; ours is lower, for people at home.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

LEAST_CORRELATION = 0.4
"""A rater whose ratings correlate less than this with the mean of the others is left out."""
LEAST_SHARED = 8
"""Videos that a rater must share with others to be judged: of fewer, chance decides."""


@dataclass(frozen=True)
class Screening:
    """What came of it."""

    correlation: Float64[np.ndarray, " raters"]
    """Pearson's, with the mean of the other raters that are kept; NaN of too few videos."""
    rejected: Bool[np.ndarray, " raters"]


def screen(
    matrix: Float64[np.ndarray, "videos raters"],
    *,
    least_correlation: float = LEAST_CORRELATION,
    least_shared: int = LEAST_SHARED,
) -> Screening:
    """Leave out raters, the worst first, until all who are left follow the others.

    The matrix has NaN where a rater did not see a video. Two raters are always kept.
    """
    rejected = np.zeros(matrix.shape[1], dtype=bool)
    while True:
        correlation = _correlations(matrix, rejected, least_shared)
        kept = np.where(rejected | np.isnan(correlation), np.inf, correlation)
        if (~rejected).sum() <= 2 or not kept.min(initial=np.inf) < least_correlation:
            return Screening(correlation, rejected)
        rejected[int(kept.argmin())] = True


def _correlations(
    matrix: Float64[np.ndarray, "videos raters"],
    rejected: Bool[np.ndarray, " raters"],
    least_shared: int,
) -> Float64[np.ndarray, " raters"]:
    rated = ~np.isnan(matrix)
    # Bias is taken off, else whoever saw other raters' videos would be compared with their moods.
    counts = rated.sum(axis=0)
    means = np.where(rated, matrix, 0).sum(axis=0) / np.maximum(counts, 1)
    centred = np.where(rated, matrix - means + np.nanmean(matrix), 0)
    counted = rated & ~rejected
    sums, numbers = (centred * counted).sum(axis=1), counted.sum(axis=1)
    values = []
    for rater in range(matrix.shape[1]):
        own = counted[:, rater]
        others = numbers - own
        shared = rated[:, rater] & (others > 0)
        if shared.sum() < least_shared:
            values.append(np.nan)
            continue
        theirs = (sums - centred[:, rater] * own)[shared] / others[shared]
        values.append(_pearson(matrix[shared, rater], theirs))
    return np.array(values)


def _pearson(first: Float64[np.ndarray, " n"], second: Float64[np.ndarray, " n"]) -> float:
    """0 where one of them is constant: who always says the same follows nobody."""
    first, second = first - first.mean(), second - second.mean()
    norm = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / norm if norm > 0 else 0.0
