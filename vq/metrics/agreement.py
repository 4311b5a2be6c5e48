"""The four numbers in which video quality papers report agreement.

All compare predictions with mean opinion scores (MOS) and follow one convention at the edges:
constant predictions agree with nothing, so their correlations are 0 (SciPy says nan) and a constant
baseline can stand in the same table; equal ratings rank nothing, so they are an error.
"""

import numpy as np
from jaxtyping import Float
from scipy import stats

from vq.words import count


def srcc(predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]) -> float:
    """Spearman: does the model rank videos as people do? Ties at their mean rank.

    Raises:
        ValueError: fewer than two videos, equal ratings, or a value that is no number.
    """
    _refuse_what_ranks_nothing(predicted, mos)
    return 0.0 if np.ptp(predicted) == 0 else float(stats.spearmanr(predicted, mos).statistic)


def krcc(predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]) -> float:
    """Kendall's tau-b: of two videos, how often does the model pick the same one?

    Raises:
        ValueError: as `srcc`.
    """
    _refuse_what_ranks_nothing(predicted, mos)
    return 0.0 if np.ptp(predicted) == 0 else float(stats.kendalltau(predicted, mos).statistic)


def plcc(predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]) -> float:
    """Pearson's correlation, after the map that the caller chose (`vq.metrics.mapping`).

    Raises:
        ValueError: as `srcc`.
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
