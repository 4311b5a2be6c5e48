"""Fit the map from the scores of a new model to the scale of an old one."""

import numpy as np
from jaxtyping import Float64

from vq.metrics.score_map import ScoreMap

INNER = 0.05, 0.95
"""Quantiles of the scores between which a map is fitted; from there it runs to the ends."""
CLOSEST = 1e-3
"""Least distance of neighbouring points, and of the inner ones to the ends, as share of the scale:
a map of less would melt scores together."""


def fit(
    new: Float64[np.ndarray, " videos"],
    old: Float64[np.ndarray, " videos"],
    *,
    scale: tuple[float, float],
) -> ScoreMap:
    """The map from new to old scores: a line for most videos, bent to the ends of the scale.

    Mean and spread of the mapped scores are those of the old ones (the reduced major axis), not a
    regression: that would draw scores towards the middle, and low thresholds would catch fewer
    videos than before. Where all new scores are the same, it is a shift.
    """
    spread = float(np.std(new))
    slope = float(np.std(old)) / spread if spread > 0 else 1.0
    inner = np.unique(np.quantile(new, INNER))
    mapped = np.mean(old) + slope * (inner - np.mean(new))
    return _through(inner, mapped, scale)


def _through(
    x: Float64[np.ndarray, " points"], y: Float64[np.ndarray, " points"], scale: tuple[float, float]
) -> ScoreMap:
    """A map through some points, moved as little as it takes to rise inside of the scale."""
    least, most = scale
    step = CLOSEST * (most - least)
    room = step * np.arange(1, len(x) + 1)
    rising = []
    for values in (x, y):
        apart = np.maximum.accumulate(values - room) + room  # at least a step between two
        rising.append(np.clip(apart, least + room, most - room[::-1]))
    inner = zip(*(values.tolist() for values in rising), strict=True)
    return ScoreMap(((least, least), *inner, (most, most)))


def apply(
    score_map: ScoreMap, scores: Float64[np.ndarray, " videos"]
) -> Float64[np.ndarray, " videos"]:
    """Every score on the other scale."""
    x, y = np.array(score_map.points).T
    return np.interp(scores, x, y)
