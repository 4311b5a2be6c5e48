"""The models of two revisions on the same validation videos.

Test has no place here: who reads it with each change tunes on it.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float64

from vq.errors import DataError
from vq.metrics import mapping, paired_difference
from vq.metrics.interval import Bootstrap, Interval
from vq.metrics.summary import RANKS

COLUMNS = ("video", "content", "split", "mos", "student")
"""Which predictions always have; other models are further ones."""


@dataclass(frozen=True, eq=False)
class Pair:
    """The validation videos that both revisions have scored."""

    rows: pd.DataFrame
    """`video`, `content`, `mos` (after the change), and the scores `MODEL_old`, `MODEL_new`."""
    same: bool
    """They are all validation videos of both, with the same ratings."""
    maps: Mapping[str, mapping.Mapping]
    """By column of scores: fitted on all validation videos of its revision, as `evaluate` does."""


def join(predictions: bytes, later: bytes, models: Sequence[str]) -> Pair | str:
    """Join the predictions of two revisions (CSV); as text, why that says nothing.

    Of `models`, columns of scores, what either lacks is left out.

    Raises:
        DataError: they are not what `evaluate` writes.
    """
    old, new = _validation(predictions), _validation(later)
    models = [name for name in models if name in old and name in new]
    rows = old.merge(new, on="video", suffixes=("_old", "_new"))
    if rows["content_new"].nunique() < 2 or rows["mos_new"].nunique() < 2:
        return "the two have fewer than two validation contents in common"
    return Pair(
        rows=rows.rename(columns={"content_new": "content", "mos_new": "mos"}),
        same=len(rows) == len(old) == len(new) and rows["mos_old"].equals(rows["mos_new"]),
        maps={
            f"{model}{side}": mapping.fit(_column(table, model), _column(table, "mos"))
            for side, table in (("_old", old), ("_new", new))
            for model in models
        },
    )


def difference(pair: Pair, model: str, measure: str, bootstrap: Bootstrap) -> Interval:
    """After less before, on the same resamples of contents."""
    old, new = (_scores(pair, f"{model}{side}", measure) for side in ("_old", "_new"))
    mos, contents = _column(pair.rows, "mos"), pair.rows["content"].to_numpy(str)
    return paired_difference.difference(new, old, mos, contents, bootstrap, measure=measure)


def _scores(pair: Pair, column: str, measure: str) -> Float64[np.ndarray, " videos"]:
    scores = _column(pair.rows, column)
    return scores if measure in RANKS else pair.maps[column](scores)


def _validation(predictions: bytes) -> pd.DataFrame:
    try:
        rows = pd.read_csv(io.BytesIO(predictions))
        if missing := set(COLUMNS) - set(rows):
            raise KeyError(min(missing))
        return rows.loc[rows["split"] == "validation"].drop(columns="split")
    except (ValueError, KeyError) as error:
        raise DataError(f"predictions.csv is not what `evaluate` writes ({error})") from error


def _column(rows: pd.DataFrame, name: str) -> Float64[np.ndarray, " videos"]:
    return rows[name].to_numpy(np.float64)
