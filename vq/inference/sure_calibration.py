"""Calibrates `--decide`: how far the thorough score lies from what each shorter look says."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Shaped

from vq.inference.score_all_modes import StageScores
from vq.inference.stages import STAGES, THOROUGH
from vq.inference.sure import LEVELS, Distance, StageCalibration, Sureness

FEWEST = 20
"""Videos below which nothing is fitted, and kinds of files are not told apart."""


def fit(stages: Sequence[StageScores], contents: Shaped[np.ndarray, " videos"]) -> Sureness | None:
    """Calibrate each stage but the last; None of too few videos.

    Split conformal prediction (Lei et al., JASA 2018) on videos that no weight was fitted on, for
    each kind of file by itself. Each video counts: two looks at one differ by its motion, its
    scenes and its damage, which the versions of a content need not share.
    """
    if len(stages) < FEWEST:
        return None
    several = np.array([one.several for one in stages])
    thorough = np.array([one.scores[THOROUGH] for one in stages])
    names = [name for name in STAGES[:-1] if all(name in one.scores for one in stages)]
    calibrated = []
    for name in names:
        score = np.array([one.scores[name] for one in stages])
        kinds = [
            _distance(score[rows], thorough[rows])
            if rows.sum() >= FEWEST
            else _distance(score, thorough)
            for rows in (~several, several)
        ]
        calibrated.append(StageCalibration(name, *kinds))
    return Sureness(len(stages), len(np.unique(contents)), tuple(calibrated))


def _distance(
    score: Float64[np.ndarray, " videos"], thorough: Float64[np.ndarray, " videos"]
) -> Distance:
    slope, intercept = (1.0, 0.0) if np.ptp(score) == 0 else np.polyfit(score, thorough, 1)
    error = thorough - (intercept + slope * score)
    return Distance(
        videos=len(score),
        slope=round(float(slope), 6),
        intercept=round(float(intercept), 6),
        below=_quantiles(-error),
        above=_quantiles(error),
    )


def _quantiles(distance: Float64[np.ndarray, " videos"]) -> tuple[float, ...]:
    """What a distance to come exceeds with at most each of `LEVELS`; as many as can be told."""
    ascending, count = np.sort(distance), len(distance)
    ranks = [math.ceil((count + 1) * (1 - level) - 1e-9) for level in LEVELS]
    # Not less than 0: an interval holds what is expected.
    return tuple(max(round(float(ascending[rank - 1]), 4), 0.0) for rank in ranks if rank <= count)
