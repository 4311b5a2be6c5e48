"""Agreement on weighted videos, for many weightings at once.

A bootstrap resample is a count for each video, so every measure is a weighted sum and 2000
resamples are a few matrix products. Each row of the result equals what `vq.metrics.agreement` says
of the videos repeated as often as their weight; a row whose ratings are all equal gives nan,
because there is nothing to rank in it.
"""

import numpy as np
from jaxtyping import Float, Float64

BLOCK = 512
"""Videos whose pairs with all others are held in memory at a time."""


def srcc(
    predicted: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    weights: Float64[np.ndarray, "resamples videos"],
) -> Float64[np.ndarray, " resamples"]:
    """Spearman's correlation in each resample: Pearson's, of the ranks inside the resample."""
    return _pearson(_ranks(predicted, weights), _ranks(mos, weights), weights)


def plcc(
    predicted: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    weights: Float64[np.ndarray, "resamples videos"],
) -> Float64[np.ndarray, " resamples"]:
    """Pearson's correlation in each resample."""
    return _pearson(_in_unit_range(predicted), _in_unit_range(mos), weights)


def rmse(
    predicted: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    weights: Float64[np.ndarray, "resamples videos"],
) -> Float64[np.ndarray, " resamples"]:
    """Root mean square error in each resample."""
    squared = (predicted.astype(np.float64) - mos.astype(np.float64)) ** 2
    return np.sqrt(weights @ squared / weights.sum(axis=1))


def krcc(
    predicted: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    weights: Float64[np.ndarray, "resamples videos"],
) -> Float64[np.ndarray, " resamples"]:
    """Kendall's tau-b in each resample: time grows with resamples x videos^2, memory does not."""
    agreeing, by_model, by_people = np.zeros((3, len(weights)))
    for start in range(0, len(mos), BLOCK):
        block = slice(start, start + BLOCK)
        model = np.sign(predicted[:, None] - predicted[None, block]).astype(np.float64)
        people = np.sign(mos[:, None] - mos[None, block]).astype(np.float64)
        inside = weights[:, block]
        agreeing += (weights @ (model * people) * inside).sum(axis=1)
        by_model += (weights @ np.abs(model) * inside).sum(axis=1)
        by_people += (weights @ np.abs(people) * inside).sum(axis=1)
    return _ratio(agreeing, by_model, by_people)


def _ranks(
    values: Float[np.ndarray, " videos"], weights: Float64[np.ndarray, "resamples videos"]
) -> Float64[np.ndarray, "resamples videos"]:
    """Mean rank of each video among the copies: those below it, and half of its equals."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    equal = np.add.reduceat(weights[:, order], first, axis=1)
    below = np.cumsum(equal, axis=1) - equal
    return (below + (equal + 1) / 2)[:, group]


def _in_unit_range(values: Float[np.ndarray, " videos"]) -> Float64[np.ndarray, "1 videos"]:
    # So that "equal up to rounding" is the same number for every unit.
    values = values.astype(np.float64)
    return (values / max(np.abs(values).max(), np.finfo(np.float64).tiny))[None]


def _pearson(
    a: Float64[np.ndarray, "rows videos"],
    b: Float64[np.ndarray, "rows videos"],
    weights: Float64[np.ndarray, "resamples videos"],
) -> Float64[np.ndarray, " resamples"]:
    count = weights.sum(axis=1, keepdims=True)
    a = a - (weights * a).sum(axis=1, keepdims=True) / count
    b = b - (weights * b).sum(axis=1, keepdims=True) / count
    together = (weights * a * b).sum(axis=1)
    return _ratio(together, (weights * a * a).sum(axis=1), (weights * b * b).sum(axis=1))


def _ratio(
    together: Float64[np.ndarray, " resamples"],
    of_model: Float64[np.ndarray, " resamples"],
    of_people: Float64[np.ndarray, " resamples"],
) -> Float64[np.ndarray, " resamples"]:
    # Centred sums of equal values end near 1e-28, not at 0.
    model_is_constant = of_model < 1e-18
    scale = np.sqrt(
        np.where(model_is_constant, 1, of_model) * np.where(of_people < 1e-18, np.nan, of_people)
    )
    return np.clip(np.where(model_is_constant, 0 * scale, together / scale), -1, 1)
