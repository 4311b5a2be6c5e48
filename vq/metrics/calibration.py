"""Whether a score of 3.2 means 3.2: how far scores are from ratings where they are alike."""

import numpy as np
from jaxtyping import Float, Float64, Shaped

from vq.metrics.interval import Bootstrap, Interval

GROUPS = 5
"""Equally large groups of videos with neighbouring scores."""


def error(
    score: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    bootstrap: Bootstrap,
) -> Interval:
    """The expected calibration error, in points of the scale.

    Videos are put into groups by their score. In each, errors of single videos cancel out, and
    what is left is how far its mean score is from its mean rating; the result is the mean of that
    over the groups. A constant offset shows in it, and so do scores that keep to the middle.

    Scores are as the model gave them, without a map.

    Raises:
        ValueError: no video.
    """
    if not len(score):
        raise ValueError("no video, no error to take the mean of")
    order = np.argsort(score, kind="stable")
    off = score.astype(np.float64) - mos.astype(np.float64)
    groups = np.array_split(order, min(GROUPS, len(score)))
    value = float(_error(off, groups, np.ones((1, len(score))))[0])
    return bootstrap.interval(value, _error(off, groups, bootstrap.draw(contents)))


def _error(
    off: Float64[np.ndarray, " videos"],
    groups: list[np.ndarray],
    weights: Float64[np.ndarray, "resamples videos"],
) -> Float64[np.ndarray, " resamples"]:
    sums = [np.abs(weights[:, rows] @ off[rows]) for rows in groups]
    return np.sum(sums, axis=0) / weights.sum(1)
