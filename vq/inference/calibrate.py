"""Calibrates the modes of a student on the files of validation videos.

A fast look gives other numbers than an exact one, a little too high or too low throughout: a line
brings them back. Each mode gets an interval of its own. Test videos are not looked at.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Shaped

from vq.inference import sure_calibration
from vq.inference.card import Card, Interval, ModeCalibration
from vq.inference.modes import MODES, Mode
from vq.inference.reference import POINTS, Reference
from vq.inference.score_all_modes import ModeScore, score_all_modes
from vq.inference.sure import Sureness
from vq.metrics import agreement, conformal

log = logging.getLogger(__name__)

FEWEST = 10
"""Videos with a cheaper look, below which no line is fitted."""


def calibrate(
    card: Card,
    network: Path,
    videos: Sequence[Path],
    mos: Float64[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    *,
    coverage: float,
    jobs: int,
) -> tuple[dict[str, ModeCalibration], Float64[np.ndarray, " videos"], Sureness | None]:
    """Calibrate each mode but the exact one, and when a short look is sure of a thorough one.

    The videos are files of validation, all with a rating. No number depends on `jobs`, processes
    side by side.

    Returns:
        The modes for the card, the exact scores, and the stages of `--decide`.

    Raises:
        VideoError: one of them cannot be decoded.
    """
    both = score_all_modes(card, network, videos, jobs=jobs)
    scores = [modes for modes, _ in both]
    calibrations = {
        str(mode): fit_mode(
            scores, mode, mos, contents, scale=(card.scale.min, card.scale.max), coverage=coverage
        )
        for mode in MODES
        if mode != "exact"
    }
    for mode, entry in calibrations.items():
        log.info("%s on validation: srcc %.4f, %.4f with exact", mode, entry.srcc, entry.exact_srcc)
    exact = np.array([entry["exact"].score for entry in scores])
    return calibrations, exact, sure_calibration.fit([stages for _, stages in both], contents)


def fit_mode(
    scores: Sequence[Mapping[Mode, ModeScore]],
    mode: Mode,
    mos: Float64[np.ndarray, " videos"],
    contents: Shaped[np.ndarray, " videos"],
    *,
    scale: tuple[float, float],
    coverage: float,
) -> ModeCalibration:
    """Fit the line of a mode and its interval."""
    exact = np.array([one["exact"].score for one in scores])
    raw = np.array([one[mode].score for one in scores])
    other = np.array([one[mode].mode == mode for one in scores])
    slope, intercept = line(raw[other], exact[other]) if mode == "fast" else (1.0, 0.0)
    score = np.where(other, np.clip(intercept + slope * raw, *scale), raw)
    # A look that came to be exact has the interval of exact ones.
    halves = conformal.half_widths(
        score[other], mos[other], contents[other], scale=scale, coverage=coverage
    )
    return ModeCalibration(
        slope=slope,
        intercept=intercept,
        interval=None if halves is None else Interval(coverage, halves),
        exact_srcc=agreement.srcc(score, exact),
        srcc=agreement.srcc(score, mos),
    )


def reference(scores: Float64[np.ndarray, " videos"], name: str) -> Reference | None:
    """The collection that percentiles are of, by its exact scores; None of fewer than two."""
    if len(scores) < 2:
        return None
    quantiles = np.quantile(scores, np.linspace(0, 1, POINTS))
    return Reference(name, len(scores), tuple(np.round(quantiles, 4).tolist()))


def line(
    scores: Float64[np.ndarray, " videos"], exact: Float64[np.ndarray, " videos"]
) -> tuple[float, float]:
    """Least-squares slope and intercept from `scores` to `exact`; of few videos, only a shift."""
    if not len(scores):
        return 1.0, 0.0
    if len(scores) < FEWEST or np.ptp(scores) == 0:
        return 1.0, float(np.mean(exact - scores))
    slope, intercept = np.polyfit(scores, exact, 1)
    return float(slope), float(intercept)
