"""How two models differ on the same videos, and how far that can be trusted."""

import numpy as np
from jaxtyping import Float, Shaped

from vq.metrics import agreement, weighted
from vq.metrics.interval import Bootstrap, Interval


def difference(
    scores: Float[np.ndarray, " videos"],
    other_scores: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    bootstrap: Bootstrap,
    *,
    measure: str = "srcc",
) -> Interval:
    """Agreement of one model less that of another, on the same resamples.

    What is hard for both cancels out, so that the interval can exclude 0 where those of the two
    models overlap.

    For PLCC and RMSE, scores are on the scale of the ratings.

    Raises:
        ValueError: as those of `vq.metrics.agreement`.
    """
    exact, sampled = getattr(agreement, measure), getattr(weighted, measure)
    draws = bootstrap.draw(contents)
    return bootstrap.interval(
        exact(scores, mos) - exact(other_scores, mos),
        sampled(scores, mos, draws) - sampled(other_scores, mos, draws),
    )
