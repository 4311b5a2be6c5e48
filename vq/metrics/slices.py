"""Agreement apart, for each kind of video: where does the model fail?"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from jaxtyping import Float
from pandas.api.types import is_numeric_dtype

from vq.metrics import agreement

FEWEST = 8
"""Videos below which a rank correlation is an anecdote and is left out."""
EVERY = "all videos"
"""The kind of a video where there are no kinds."""
MOST_VALUES = 8
"""A numeric column with more different values is cut at its quartiles."""


def slices(
    column: pd.Series, predicted: Float[np.ndarray, " videos"], mos: Float[np.ndarray, " videos"]
) -> dict[str, dict[str, float | int | None]]:
    """Agreement for each value of a column.

    Empty values of the column are a slice of their own; predictions are on the scale of the
    ratings.

    Returns:
        For each value in order: `n` videos, `srcc` (None below `FEWEST` videos, or if their ratings
        are equal), and `mean_error`, prediction minus rating: above 0 is flattery.
    """
    results: dict[str, dict[str, float | int | None]] = {}
    for name, rows in _groups(column):
        ranked = len(rows) >= FEWEST and np.ptp(mos[rows]) > 0
        results[name] = {
            "n": len(rows),
            "srcc": agreement.srcc(predicted[rows], mos[rows]) if ranked else None,
            "mean_error": float(np.mean(predicted[rows] - mos[rows])),
        }
    return results


def labels(column: pd.Series) -> list[str]:
    """The slice of each video, in words."""
    by_row = {int(row): name for name, rows in _groups(column) for row in rows}
    return [by_row[row] for row in range(len(column))]


def kinds(rows: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """What kind each video is of: its slice of the first of these columns."""
    return labels(rows[columns[0]]) if columns else [EVERY] * len(rows)


def _groups(column: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    values = column.reset_index(drop=True)
    missing = (values.isna() | (values.astype("string") == "").fillna(False)).to_numpy(bool)
    if is_numeric_dtype(values) and values.nunique() > MOST_VALUES:
        yield from _quarters(values.to_numpy(float, na_value=math.nan), missing)
    else:
        for value in sorted(values[~missing].unique()):
            name = f"{value:g}" if is_numeric_dtype(values) else str(value)
            yield name, np.flatnonzero((values == value).fillna(False).to_numpy(bool))
    if missing.any():
        yield "(empty)", np.flatnonzero(missing)


def _quarters(values: np.ndarray, missing: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    ends = np.unique(np.quantile(values[~missing], [0, 0.25, 0.5, 0.75, 1]))
    quarter = np.searchsorted(ends[1:-1], values, side="left")
    for number, (low, high) in enumerate(pairwise(ends)):
        rows = np.flatnonzero((quarter == number) & ~missing)
        if len(rows):
            yield f"{low:g} to {high:g}", rows
