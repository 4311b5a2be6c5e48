"""What a model's scores of some rated videos are worth, on the scale of its card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped

from vq.metrics import agreement, calibration, interval, weighted
from vq.metrics.interval import Bootstrap, Interval

MEASURES = ("srcc", "rmse", "mean_error", "calibration", "coverage")
"""Rank correlation; root mean square error; mean of score less rating; expected calibration error;
share of ratings inside the intervals of their scores. No score goes through a map."""
LEAST_CONTENTS = 20
"""Below so many, the bootstrap covers less than it says: numbers have no intervals."""


@dataclass(frozen=True, eq=False)
class RatedScores:
    """Videos that have both a score and a rating, on one scale."""

    score: Float64[np.ndarray, " videos"]
    low: Float64[np.ndarray, " videos"]
    """End of the interval around the score, as `high`; nan from a model that gives none."""
    high: Float64[np.ndarray, " videos"]
    mos: Float64[np.ndarray, " videos"]
    contents: Shaped[np.ndarray, " videos"]


def measure(rated: RatedScores, bootstrap: Bootstrap) -> dict[str, Interval]:
    """Each of `MEASURES` that can be had, with its interval over contents.

    Videos of which none can be ranked (fewer than two different ratings) have no SRCC, a model
    without intervals has no coverage, and no video has nothing.
    """
    if not len(rated.mos):
        return {}
    draws = bootstrap.draw(rated.contents)
    error = rated.score - rated.mos
    measured = {
        "rmse": bootstrap.interval(
            agreement.rmse(rated.score, rated.mos), weighted.rmse(rated.score, rated.mos, draws)
        ),
        "mean_error": bootstrap.interval(float(error.mean()), draws @ error / draws.sum(axis=1)),
        "calibration": calibration.error(rated.score, rated.mos, rated.contents, bootstrap),
    }
    if np.ptp(rated.mos) > 0:
        measured["srcc"] = bootstrap.interval(
            agreement.srcc(rated.score, rated.mos), weighted.srcc(rated.score, rated.mos, draws)
        )
    if np.isfinite(rated.low).all():
        inside = (rated.low <= rated.mos) & (rated.mos <= rated.high)
        measured["coverage"] = interval.share(inside, rated.contents, bootstrap)
    if len(np.unique(rated.contents)) < LEAST_CONTENTS:
        measured = {name: Interval(one.value, np.nan, np.nan) for name, one in measured.items()}
    return {name: measured[name] for name in MEASURES if name in measured}


def from_json(raw: Mapping[str, Any]) -> dict[str, Interval]:
    """The measures that `vq.metrics.summary.as_json` made plain; null is left out.

    Raises:
        ValueError, KeyError, TypeError: they were not.
    """
    return {name: _interval(raw[name]) for name in MEASURES if raw[name] is not None}


def _interval(raw: Mapping[str, Any]) -> Interval:
    low, high = (np.nan if raw[end] is None else float(raw[end]) for end in ("low", "high"))
    return Interval(float(raw["value"]), low, high)
