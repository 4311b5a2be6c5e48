"""How many decisions at a threshold change when a new model takes over, with and without a map.

A decision is whether the score of a video is below the threshold. A difference between two models
has two parts. What is the same for all videos of like score, a map from new to old scores takes
back (`score_map_fit`). What differs from video to video stays, whatever the map.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Shaped

from vq.metrics import interval
from vq.metrics.interval import Bootstrap, Interval
from vq.metrics.score_map_fit import apply, fit

FOLDS = 10
"""Parts of the contents; each is mapped by what was fitted on the others."""
LEAST_CONTENTS = 4
"""Of fewer, a map would tell more of them than of the models."""


@dataclass(frozen=True)
class Flips:
    """Decisions at one threshold that change; shares of the videos, with intervals."""

    threshold: float
    below: float
    """Share of the old scores below the threshold."""
    plain: Interval
    """Share of decisions that change, without a map."""
    mapped: Interval | None
    """The same with a map that was fitted on other contents; None where nothing is mapped."""


def cross_fitted(
    new: Float64[np.ndarray, " videos"],
    old: Float64[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    *,
    scale: tuple[float, float],
) -> Float64[np.ndarray, " videos"] | None:
    """New scores on the old scale, each by a map that was fitted on other contents.

    Returns:
        None where there are fewer than `LEAST_CONTENTS`.
    """
    names, content = np.unique(contents, return_inverse=True)
    if len(names) < LEAST_CONTENTS:
        return None
    fold = content % FOLDS
    mapped = np.empty_like(new)
    for number in range(fold.max() + 1):
        held_out = fold == number
        score_map = fit(new[~held_out], old[~held_out], scale=scale)
        mapped[held_out] = apply(score_map, new[held_out])
    return mapped


def flips(
    new: Float64[np.ndarray, " videos"],
    old: Float64[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    thresholds: Sequence[float],
    *,
    mapped: Float64[np.ndarray, " videos"] | None,
    bootstrap: Bootstrap,
) -> tuple[Flips, ...]:
    """Count changed decisions at each threshold; `mapped` are the scores of `cross_fitted`."""

    def share(scores: Float64[np.ndarray, " videos"], threshold: float) -> Interval:
        return _share((scores < threshold) != (old < threshold), contents, bootstrap)

    return tuple(
        Flips(
            threshold,
            float(np.mean(old < threshold)),
            share(new, threshold),
            None if mapped is None else share(mapped, threshold),
        )
        for threshold in thresholds
    )


def _share(
    flipped: Bool[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    bootstrap: Bootstrap,
) -> Interval:
    """The share, with an interval over contents.

    If no decision flips, every resample has none and would claim to be certain. Then the upper end
    is that of the share of contents in which any decision flips (Clopper and Pearson).
    """
    if flipped.any():
        return interval.share(flipped, contents, bootstrap)
    tail = (1 - bootstrap.confidence) / 2
    return Interval(0.0, 0.0, 1 - tail ** (1 / len(np.unique(contents))))
