"""Expectations of the next version of a data set, taken from the table of this one."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
DEFAULT_COLUMNS = ("mos", "duration_s", "height", "fps", "codec", "dataset")
REMEDY = "look at what changed (`vq diff`); if it is meant, run `vq expectations` again"


def expectations(
    rows: pd.DataFrame, columns: Sequence[str], *, tolerance: float, divergence: float
) -> list[dict[str, Any]]:
    """Table-level expectations in the form of Great Expectations, which the rows themselves meet.

    There may be fewer rows by the share `tolerance`, not more: a data set grows. Quantiles of
    numbers may move by that share of their range. Other columns have no new value, and the
    distribution of their values has a KL divergence of at most `divergence` (in nats) from this.
    """
    fewest = int((1 - tolerance) * len(rows))
    stated = [_item("rows", "expect_table_row_count_to_be_between", min_value=fewest)]
    for name in columns:
        values = rows[name].dropna()
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            stated += _of_numbers(name, values, tolerance)
        else:
            stated += _of_categories(name, values, divergence)
    return stated


def _of_numbers(name: str, values: pd.Series, tolerance: float) -> Iterator[dict[str, Any]]:
    if values.empty:
        return
    room = tolerance * float(values.max() - values.min())
    # As Great Expectations takes them, a value of the column each.
    middles = values.quantile(list(QUANTILES), interpolation="nearest")
    ranges = [[_round(float(one) - room), _round(float(one) + room)] for one in middles]
    yield _item(
        f"quantiles of {name}",
        "expect_column_quantile_values_to_be_between",
        column=name,
        quantile_ranges={"quantiles": list(QUANTILES), "value_ranges": ranges},
    )


def _of_categories(name: str, values: pd.Series, divergence: float) -> Iterator[dict[str, Any]]:
    shares = values.value_counts(normalize=True).sort_index()
    if shares.empty:
        return
    categories = list(shares.index)
    yield _item(
        f"values of {name}",
        "expect_column_distinct_values_to_be_in_set",
        column=name,
        value_set=categories,
    )
    yield _item(
        f"shares of {name}",
        "expect_column_kl_divergence_to_be_less_than",
        column=name,
        partition_object={"values": list(categories), "weights": [float(one) for one in shares]},
        threshold=divergence,
    )


def _item(name: str, kind: str, **kwargs: object) -> dict[str, Any]:
    return {"type": kind, "kwargs": kwargs, "meta": {"name": name, "remedy": REMEDY}}


def _round(number: float) -> float:
    return float(f"{number:.6g}")
