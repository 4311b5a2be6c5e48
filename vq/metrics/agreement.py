"""The four numbers in which video quality papers report agreement.

All compare predictions with mean opinion scores (MOS) and follow one convention at the edges:
constant predictions agree with nothing, so their correlations are 0 (SciPy says nan) and a constant
baseline can stand in the same table; equal ratings rank nothing, so they are an error.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from vq.words import count


@dataclass(frozen=True)
class Agreement:
    """Predictions against people's ratings; better is higher, but for `rmse`."""

    srcc: float
    """Spearman: does the model rank videos as people do?"""
    krcc: float
    """Kendall's tau-b: of two videos, how often does it pick the same one?"""
    plcc: float
    """Pearson, after the map that the caller chose."""
    rmse: float
    """In MOS points, after the same map."""


def agreement(
    predicted: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    *,
    mapped: Float[np.ndarray, " videos"] | None = None,
) -> Agreement:
    """All four measures at once.

    Args:
        predicted: as the model gave them; the ranks are taken from these.
        mos: people's ratings of the same videos.
        mapped: predictions on the scale of the ratings (`vq.metrics.mapping`), for PLCC and RMSE;
            none means that `predicted` is on that scale already. A map may saturate, so ranks
            never come from it.

    Raises:
        ValueError: fewer than two videos, equal ratings, or a value that is no number.
    """
    scaled = predicted if mapped is None else mapped
    return Agreement(
        srcc=srcc(predicted, mos),
        krcc=krcc(predicted, mos),
        plcc=plcc(scaled, mos),
        rmse=rmse(scaled, mos),
    )


def srcc(predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]) -> float:
    """Spearman's rank correlation, ties at their mean rank; 0 for constant predictions.

    Raises:
        ValueError: as `agreement`.
    """
    _refuse_what_ranks_nothing(predicted, mos)
    return 0.0 if np.ptp(predicted) == 0 else float(stats.spearmanr(predicted, mos).statistic)


def krcc(predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]) -> float:
    """Kendall's tau-b; 0 for constant predictions.

    Raises:
        ValueError: as `agreement`.
    """
    _refuse_what_ranks_nothing(predicted, mos)
    return 0.0 if np.ptp(predicted) == 0 else float(stats.kendalltau(predicted, mos).statistic)


def plcc(predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]) -> float:
    """Pearson's correlation; 0 for constant predictions.

    Raises:
        ValueError: as `agreement`.
    """
    _refuse_what_ranks_nothing(predicted, mos)
    # A map that is flat up to rounding is flat: what is left is noise, not agreement.
    if np.ptp(predicted) <= 1e-9 * np.abs(predicted).max():
        return 0.0
    # In float64: of the seven digits of a float32 score, its distance from the mean keeps a few.
    return float(stats.pearsonr(predicted.astype(np.float64), mos.astype(np.float64)).statistic)


def rmse(predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]) -> float:
    """Root mean square error, in the unit of the ratings.

    Raises:
        ValueError: no video, or a value that is no number.
    """
    if len(mos) == 0:
        raise ValueError("no video, no error to take the mean of")
    _refuse_nan(predicted, mos)
    error = predicted.astype(np.float64) - mos.astype(np.float64)
    return float(np.sqrt(np.mean(error**2)))


def _refuse_what_ranks_nothing(
    predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]
) -> None:
    if len(mos) < 2 or np.ptp(mos) == 0:
        raise ValueError(
            f"{count(len(mos), 'video')} with ratings {np.unique(mos)[:3]} cannot be ranked"
        )
    _refuse_nan(predicted, mos)


def _refuse_nan(predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]) -> None:
    for name, values in (("prediction", predicted), ("rating", mos)):
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            raise ValueError(f"{name} of row {bad[0]} is {values[bad[0]]}, not a number")
