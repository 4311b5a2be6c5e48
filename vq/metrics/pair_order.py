"""Whether scores keep an order that needs no label: that of damaged versions of one film.

A ladder is one damage at rising strengths: a stronger version is worse, whoever looks. The version
without damage, of strength 0, is better than every other one of its film.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from vq.errors import DataError
from vq.metrics import interval
from vq.metrics.interval import Bootstrap
from vq.metrics.summary import as_json, rounded

RUNG = {
    "video": "string",
    "content": "string",
    "film": "string",
    "ladder": "string",
    "strength": "float64",
    "kind": "string",
}
"""Columns of a table of rungs: of each video whose place on a ladder is known. A video without
damage needs no ladder."""

NONE = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in RUNG.items()})
"""No rung."""

PAIR = [
    *("content", "film", "kind"),
    *(f"{name}_{side}" for name in ("video", "strength", "score") for side in ("mild", "strong")),
    *("margin", "right"),
]
"""Columns of a table of pairs: two videos of which the milder one is surely better."""


def rungs_of(
    videos: pd.DataFrame, kinds: Sequence[str], *, film: str, ladder: str, strength: str, name: str
) -> pd.DataFrame:
    """Where each video stands (`RUNG`), under the same index.

    Left out are videos without a film or a strength, and damaged ones without a ladder: nothing is
    known of their order.

    The columns are those of `vq.data.columns.Ladders`: they tell films of one content apart, and
    ladders of one film; strengths are 0 for no damage. The result is told apart by kinds; `name`
    is that of the manifest.

    Raises:
        DataError: no such column, or a strength that is no number, or below 0.
    """
    for knob, column in (("film", film), ("ladder", ladder), ("strength", strength)):
        if column not in videos:
            raise DataError(
                f"{name}: has no column {column!r} that order.{knob} of columns.yaml asks for; "
                "correct it, or take `order` out there and none is measured; there are "
                f"{', '.join(map(str, videos))}"
            )
    rungs = pd.DataFrame(
        {
            "video": videos["video"],
            "content": videos["content"],
            "film": _text(videos[film]),
            "ladder": _text(videos[ladder]),
            "strength": _strengths(videos, strength, name),
            "kind": list(kinds),
        },
        index=videos.index,
    ).astype(RUNG)
    placed = rungs["film"].notna() & rungs["strength"].notna()
    return rungs[placed & (rungs["ladder"].notna() | (rungs["strength"] == 0))]


def pair_up(
    rungs: pd.DataFrame,
    score: pd.Series,
    *,
    apart: float,
    better: Literal["higher", "lower"] = "higher",
) -> pd.DataFrame:
    """Every two videos whose order is known, and whether their scores keep it (`PAIR`).

    Scores are under the index of the rungs. `apart` is the least difference in strength, above 0:
    of two that are closer, people may see none.

    Returns:
        By names of videos. The kind is that of the stronger one; `margin` is by how much the milder
        one has the better score; the order is `right` where that is above 0: equal scores are none.
    """
    rows = rungs.assign(score=score.loc[rungs.index].astype(np.float64))
    damaged, clean = rows[rows["strength"] > 0], rows[rows["strength"] == 0]
    pairs = pd.concat(
        [
            mild.merge(damaged, on=shared, suffixes=("_mild", "_strong"))
            for mild, shared in (
                (clean, ["content", "film"]),
                (damaged, ["content", "film", "ladder"]),
            )
        ]
    )
    # 0.7 - 0.5 is a little less than 0.2.
    pairs = pairs[pairs["strength_strong"] - pairs["strength_mild"] >= apart * (1 - 1e-9)]
    gap = pairs["score_mild"] - pairs["score_strong"]
    margin = gap if better == "higher" else -gap
    pairs = pairs.assign(kind=pairs["kind_strong"], margin=margin, right=margin > 0)
    return pairs[PAIR].sort_values(["video_mild", "video_strong"], ignore_index=True)


def share(pairs: pd.DataFrame, bootstrap: Bootstrap) -> dict[str, Any]:
    """Share of pairs (of `pair_up`) in the right order, as plain values.

    Returns:
        `value`, `low` and `high` (None where nothing is known), and the number of `pairs`.
    """
    if pairs.empty:
        return {"value": None, "low": None, "high": None, "pairs": 0}
    hits, contents = pairs["right"].to_numpy(bool), pairs["content"].to_numpy(str)
    measured = interval.share(hits, contents, bootstrap)
    return rounded({**as_json(measured), "pairs": len(pairs)})


def wrong(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs that are in the wrong order, the worst first."""
    return pairs[~pairs["right"].astype(bool)].sort_values("margin", kind="stable")


def _text(column: pd.Series) -> pd.Series:
    words = column.astype("string")
    return words.mask(words == "")


def _strengths(videos: pd.DataFrame, column: str, name: str) -> pd.Series:
    cells = _text(videos[column])
    numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
    bad = cells.notna() & ~(np.isfinite(numbers) & (numbers >= 0))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{name}: {videos['video'].iloc[first]} has {cells.iloc[first]!r} in column "
            f"{column!r}, which order.strength of columns.yaml names; a strength is a number from "
            "0, 0 for no damage, or empty: correct labels.csv, or name another column"
        )
    return numbers
