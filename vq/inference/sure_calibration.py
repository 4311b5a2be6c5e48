"""Calibrates `--decide`: how far the thorough score lies from what each shorter look says."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Shaped

from vq.inference.score_all_modes import StageScores
from vq.inference.stages import STAGES, THOROUGH
from vq.inference.sure import LEVELS, StageCalibration, Sureness

FEWEST = 20
"""Videos below which nothing is fitted, and kinds of files are not told apart."""
LEAST = 1e-6
"""Of the scale: an error below this is rounding."""


def fit(stages: Sequence[StageScores], contents: Shaped[np.ndarray, " videos"]) -> Sureness | None:
    """Calibrate each stage but the last; None of too few videos.

    Split conformal prediction on videos that no weight was fitted on, in multiples of the error
    that is usual for files of a kind (`vq.inference.stages.Steps.apart`). Each video counts: what
    two looks at one video differ by comes from motion and damage, not from its content, whose
    versions would share it.
    """
    if len(stages) < FEWEST:
        return None
    apart = np.array([one.apart for one in stages])
    thorough = np.array([one.scores[THOROUGH] for one in stages])
    names = [name for name in STAGES[:-1] if all(name in one.scores for one in stages)]
    return Sureness(
        videos=len(stages),
        contents=len(np.unique(contents)),
        stages=tuple(
            _stage(name, np.array([one.scores[name] for one in stages]), thorough, apart)
            for name in names
        ),
    )


def _stage(
    name: str,
    score: Float64[np.ndarray, " videos"],
    thorough: Float64[np.ndarray, " videos"],
    apart: Bool[np.ndarray, " videos"],
) -> StageCalibration:
    slope, intercept = (1.0, 0.0) if np.ptp(score) == 0 else np.polyfit(score, thorough, 1)
    error = thorough - (intercept + slope * score)
    usual = [
        float(np.abs(error[rows] if rows.sum() >= FEWEST else error).mean()) + LEAST
        for rows in (~apart, apart)
    ]
    multiples = error / np.array(usual)[apart.astype(int)]
    return StageCalibration(
        stage=name,
        slope=round(float(slope), 6),
        intercept=round(float(intercept), 6),
        usual=(round(usual[0], 6), round(usual[1], 6)),
        below=_quantiles(-multiples),
        above=_quantiles(multiples),
    )


def _quantiles(multiples: Float64[np.ndarray, " videos"]) -> tuple[float, ...]:
    """What a multiple to come exceeds with at most each of `LEVELS`; as many as can be told."""
    ascending, count = np.sort(multiples), len(multiples)
    # Not less than 0: an interval holds what is expected.
    ranks = [math.ceil((count + 1) * (1 - level) - 1e-9) for level in LEVELS]
    return tuple(max(round(float(ascending[rank - 1]), 4), 0.0) for rank in ranks if rank <= count)
