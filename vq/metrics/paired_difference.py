"""How two models differ on the same videos, and how far that can be trusted."""

import numpy as np
from jaxtyping import Float, Float64

from vq.metrics import agreement, interval, weighted
from vq.metrics.interval import Interval


def difference(
    scores: Float[np.ndarray, " videos"],
    other_scores: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    draws: Float64[np.ndarray, "resamples videos"],
    *,
    measure: str = "srcc",
    confidence: float,
) -> Interval:
    """Agreement of one model less that of another, on the same resamples.

    What is hard for both cancels out, so that the interval can exclude 0 where those of the two
    models overlap.

    Args:
        scores: of a model; for PLCC and RMSE on the scale of the ratings.
        other_scores: of another one, of the same videos.
        mos: people's ratings of them.
        draws: as `vq.metrics.interval.resample` gives them.
        measure: `srcc`, `krcc`, `plcc` or `rmse`.
        confidence: such as 0.95.

    Raises:
        ValueError: as `vq.metrics.agreement.agreement`.
    """
    exact, sampled = getattr(agreement, measure), getattr(weighted, measure)
    return interval.percentile(
        exact(scores, mos) - exact(other_scores, mos),
        sampled(scores, mos, draws) - sampled(other_scores, mos, draws),
        confidence=confidence,
    )
