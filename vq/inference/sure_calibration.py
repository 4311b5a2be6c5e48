"""Calibrates `--decide`: how far the thorough score lies from what each shorter look says.

And how much each look may risk at a threshold, for no more decisions to be wrong than asked for:
where few videos are near, more than where many are (conformal risk control: Angelopoulos et al.,
ICLR 2024).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64, Shaped

from vq.inference.score_all_modes import StageScores
from vq.inference.stages import STAGES, THOROUGH
from vq.inference.sure import LEVELS, Distance, StageCalibration, Sureness, ThresholdLevels

FEWEST = 20
"""Videos below which nothing is fitted, and kinds of files are not told apart."""
RISKED = 0.1
"""The most that a look may risk: near to a threshold, one in ten would be a bet."""
THRESHOLDS = 41
"""Equally spaced from the lowest to the highest score of validation."""


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
    looks = Sureness(len(stages), len(np.unique(contents)), tuple(calibrated))
    return replace(looks, thresholds=_thresholds(stages, looks, names))


def _thresholds(
    stages: Sequence[StageScores], looks: Sureness, names: Sequence[str]
) -> tuple[ThresholdLevels, ...]:
    """The most that each look may risk, at each threshold and for each share of wrong decisions."""
    thorough = np.array([one.scores[THOROUGH] for one in stages])
    risks = [level for level in reversed(LEVELS) if level <= RISKED]
    ends = [_ends(stages, looks, names, risk) for risk in risks]
    rows = []
    for threshold in np.linspace(thorough.min(), thorough.max(), THRESHOLDS).round(4).tolist():
        wrong = [_wrong(each, thorough, threshold) for each in ends]
        # As if one more were wrong: the video to come.
        shares = [(1 + count) / (1 + len(stages)) for count in wrong]
        levels = tuple(_most(risks, shares, error) for error in LEVELS)
        rows.append(ThresholdLevels(threshold, levels))
    return tuple(rows)


def _most(risks: Sequence[float], shares: Sequence[float], error: float) -> float:
    """The greatest risk up to which no share of wrong decisions is above the error; 0 if none."""
    most = 0.0
    for risk, share in zip(risks, shares, strict=True):
        if share > error:
            break
        most = risk
    return most


def _ends(
    stages: Sequence[StageScores], looks: Sureness, names: Sequence[str], risk: float
) -> Float64[np.ndarray, "videos looks 3"]:
    """What each look expects, and between which ends."""
    unknown = (0.0, -math.inf, math.inf)
    return np.array(
        [
            [
                looks.bounds(name, one.scores[name], several=one.several, error=risk) or unknown
                for name in names
            ]
            for one in stages
        ]
    )


def _wrong(
    ends: Float64[np.ndarray, "videos looks 3"],
    thorough: Float64[np.ndarray, " videos"],
    threshold: float,
) -> int:
    """How many decisions of the first look that is sure a thorough look would not make."""
    score, low, high = np.moveaxis(ends, 2, 0)
    is_sure = (low >= threshold) | (high < threshold)
    first = is_sure.argmax(1)[:, None]
    above = np.take_along_axis(score, first, 1)[:, 0] >= threshold
    return int((is_sure.any(1) & (above != (thorough >= threshold))).sum())


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
