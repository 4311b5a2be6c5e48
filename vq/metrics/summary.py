"""What the predictions of several models on one split amount to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64, Shaped

from vq.metrics import agreement, weighted
from vq.metrics.interval import Bootstrap, Interval
from vq.metrics.mapping import Mapping as Curve
from vq.metrics.slices import slices

MODELS = ("student", "plain", "teacher", "single", "handcrafted", "constant")
"""In the order of tables."""
MEASURES = ("srcc", "krcc", "plcc", "rmse")
RANKS = ("srcc", "krcc")
"""Measures of the scores as they are; the others are of the scores after their map."""


@dataclass(frozen=True, eq=False)
class Rated:
    """Rated videos of one split, and the score of each model for them."""

    contents: Shaped[np.ndarray, " videos"]
    mos: Float64[np.ndarray, " videos"]
    scores: Mapping[str, Float[np.ndarray, " videos"]]
    """By model, as the model gave them; `student` is among them."""
    columns: Mapping[str, pd.Series]
    """What to slice by."""

    @classmethod
    def of(cls, rows: pd.DataFrame, models: Sequence[str], columns: Sequence[str] = ()) -> "Rated":
        """Rows of a manifest that have a column of scores for each model."""
        return cls(
            contents=rows["content"].to_numpy(str),
            mos=rows["mos"].to_numpy(np.float64),
            scores={name: rows[name].to_numpy(np.float64) for name in models},
            columns={name: rows[name] for name in columns},
        )


def summarise(
    rated: Rated,
    curves: Mapping[str, Curve],
    *,
    opinion: str,
    bootstrap: Bootstrap,
    measures: Sequence[str] = MEASURES,
) -> dict[str, Any]:
    """Agreement of every model, with intervals; differences to the student; slices.

    SRCC and KRCC are of the scores themselves, PLCC and RMSE of the scores after `curves`. All
    intervals and all differences are from the same resamples of contents.

    `curves` are, by model, maps to the scale of the ratings, fitted elsewhere.

    Raises:
        ValueError: fewer than two videos, equal ratings, or a score that is no number.
    """
    weights = bootstrap.draw(rated.contents)
    mapped = {name: curves[name](scores) for name, scores in rated.scores.items()}
    models: dict[str, dict[str, Any]] = {}
    ranks: dict[str, tuple[float, Float64[np.ndarray, " resamples"]]] = {}
    for name in (n for n in MODELS if n in rated.scores):
        models[name] = {}
        for measure in measures:
            # A map may saturate, so ranks never come from it.
            scores = (rated.scores if measure in RANKS else mapped)[name]
            value = getattr(agreement, measure)(scores, rated.mos)
            samples = getattr(weighted, measure)(scores, rated.mos, weights)
            models[name][measure] = as_json(bootstrap.interval(value, samples))
            if measure == "srcc":
                ranks[name] = value, samples
    return {
        "opinion": opinion,
        "rows": len(rated.mos),
        "contents": len(np.unique(rated.contents)),
        "models": models,
        "differences": {
            f"student-{name}": as_json(
                bootstrap.interval(ranks["student"][0] - value, ranks["student"][1] - samples)
            )
            for name, (value, samples) in ranks.items()
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
