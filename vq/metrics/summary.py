"""What the predictions of several models on one split amount to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64, Shaped

from vq.metrics import agreement, interval, weighted
from vq.metrics.interval import Interval
from vq.metrics.mapping import Mapping as Curve
from vq.metrics.slices import slices

MODELS = ("student", "plain", "teacher", "single", "handcrafted", "constant")
"""In the order of tables."""
MEASURES = ("srcc", "krcc", "plcc", "rmse")


@dataclass(frozen=True, eq=False)
class Rated:
    """Rated videos of one split, and the score of each model for them."""

    contents: Shaped[np.ndarray, " videos"]
    mos: Float64[np.ndarray, " videos"]
    scores: Mapping[str, Float[np.ndarray, " videos"]]
    """By model, as the model gave them; `student` is among them."""
    columns: Mapping[str, pd.Series]
    """What to slice by."""


def summarise(
    rated: Rated,
    curves: Mapping[str, Curve],
    *,
    opinion: str,
    resamples: int,
    confidence: float,
    rng: np.random.Generator,
    measures: Sequence[str] = MEASURES,
) -> dict[str, Any]:
    """Agreement of every model, with intervals; differences to the student; slices.

    SRCC and KRCC are of the scores themselves, PLCC and RMSE of the scores after `curves`. All
    intervals and all differences are from the same resamples of contents.

    Args:
        rated: videos and scores.
        curves: by model, the map to the scale of the ratings, fitted elsewhere.
        opinion: whose ratings these are, from the card.
        resamples: of the bootstrap.
        confidence: of the intervals.
        rng: draws the resamples.
        measures: which of `MEASURES` to compute.

    Raises:
        ValueError: fewer than two videos, equal ratings, or a score that is no number.
    """
    weights = interval.resample(rated.contents, count=resamples, rng=rng)
    mapped = {name: curves[name](scores) for name, scores in rated.scores.items()}
    models, ranks = {}, {}
    for name in (n for n in MODELS if n in rated.scores):
        exact = agreement.agreement(rated.scores[name], rated.mos, mapped=mapped[name])
        samples = {
            measure: getattr(weighted, measure)(
                (rated.scores if measure in ("srcc", "krcc") else mapped)[name], rated.mos, weights
            )
            for measure in measures
        }
        ranks[name] = exact.srcc, samples["srcc"]
        models[name] = {
            measure: as_json(
                interval.percentile(
                    getattr(exact, measure), samples[measure], confidence=confidence
                )
            )
            for measure in measures
        }
    return {
        "opinion": opinion,
        "rows": len(rated.mos),
        "contents": len(np.unique(rated.contents)),
        "models": models,
        "differences": {
            f"student-{name}": as_json(_difference(ranks["student"], other, confidence))
            for name, other in ranks.items()
            if name != "student"
        },
        "slices": {
            name: slices(column, mapped["student"], rated.mos)
            for name, column in rated.columns.items()
        },
    }


def as_json(measured: Interval) -> dict[str, float | None]:
    """An interval as plain values; an unknown end is null."""
    low, high = ((None if math.isnan(end) else end) for end in (measured.low, measured.high))
    return {"value": measured.value, "low": low, "high": high}


def rounded(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The same tree with numbers of six decimals: the rest is noise of the processor."""
    return {key: _rounded(value) for key, value in tree.items()}


def _rounded(value: object) -> object:
    if isinstance(value, Mapping):
        return rounded(value)
    # Adding 0 turns -0.0 into 0.0.
    return round(value, 6) + 0.0 if isinstance(value, float) else value


def _difference(
    student: tuple[float, Float64[np.ndarray, " resamples"]],
    other: tuple[float, Float64[np.ndarray, " resamples"]],
    confidence: float,
) -> Interval:
    return interval.percentile(student[0] - other[0], student[1] - other[1], confidence=confidence)
