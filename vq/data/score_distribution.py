"""Quality levels: a rating as a distribution over K ordered classes, and back."""

import numpy as np
from jaxtyping import Float, Float32, Float64

UNKNOWN_STD = 0.8
"""Spread of single opinions, in level steps, where a data set does not tell: usual in ACR tests."""


def values(minimum: float, maximum: float, count: int) -> Float64[np.ndarray, " levels"]:
    """Equally spaced values of the levels, from one end of the scale to the other.

    Raises:
        ValueError: fewer than two levels, or a scale without width.
    """
    if count < 2 or not maximum > minimum:
        raise ValueError(f"{count} levels between {minimum} and {maximum} rank nothing")
    return np.linspace(minimum, maximum, count)


def distribution(
    mos: Float[np.ndarray, " videos"],
    std: Float[np.ndarray, " videos"],
    levels: Float64[np.ndarray, " levels"],
) -> Float32[np.ndarray, "videos levels"]:
    """The discrete Gaussian over the levels whose mean is exactly the MOS.

    A plain discretised Gaussian is biased near the ends of the scale; tilting it by `exp(theta v)`
    until its expectation is the MOS removes that, so that `expectation(distribution(m)) == m`.

    Args:
        mos: on the scale of the levels; NaN marks an unlabelled video, whose row is NaN.
        std: of single opinions, same unit; NaN means unknown.
        levels: values of the levels, ascending.
    """
    step = levels[1] - levels[0]
    spread = np.where(np.isfinite(std), np.maximum(std, 0.3 * step), UNKNOWN_STD * step)[:, None]
    inside = 1e-3 * (levels[-1] - levels[0])
    target = np.clip(mos, levels[0] + inside, levels[-1] - inside)
    steps = (levels - target[:, None]) / step
    gaussian = -0.5 * (steps * step / spread) ** 2
    low, high = np.full(len(mos), -200.0), np.full(len(mos), 200.0)
    for _ in range(60):
        middle = (low + high) / 2
        too_low = _softmax(gaussian + middle[:, None] * steps) @ levels < target
        low, high = np.where(too_low, middle, low), np.where(too_low, high, middle)
    probabilities = _softmax(gaussian + ((low + high) / 2)[:, None] * steps)
    return np.where(np.isnan(mos)[:, None], np.nan, probabilities).astype(np.float32)


def expectation(
    probabilities: Float[np.ndarray, "*batch levels"], levels: Float64[np.ndarray, " levels"]
) -> Float64[np.ndarray, "*batch"]:
    """The score: mean of the levels' values under the predicted distribution (claim 2)."""
    return probabilities.astype(np.float64) @ levels


def _softmax(logits: Float64[np.ndarray, "videos levels"]) -> Float64[np.ndarray, "videos levels"]:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
