"""Agreement on the other data sets of a collection: each for itself, on its own footing."""

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64

from vq.data import rating_scales
from vq.data.card import Card
from vq.metrics import mapping
from vq.metrics.interval import Bootstrap
from vq.metrics.summary import Rated, rounded, summarise

MODELS = ("student", "plain", "teacher")
"""Those that are measured; the others are baselines, fitted to the primary."""


def agreement(videos: pd.DataFrame, card: Card, bootstrap: Bootstrap) -> dict[str, dict[str, Any]]:
    """SRCC and PLCC on validation and test, with intervals.

    Ratings are turned to the primary's direction, so that agreement is above 0 whichever end of
    its scale a set calls better; PLCC is after a monotone map of the set's own, fitted on its own
    validation videos. A set with nothing to rank in validation or in the split has no `models`.

    `videos` is a manifest with `split`, and a column of scores for each of `MODELS`.

    Returns:
        By split, then by name of the set: `opinion`, `rows`, `contents`, `models`, and where these
        are, `differences` in SRCC, as `vq.metrics.summary` has them.
    """
    mos, _ = rating_scales.on_primary_scale(videos, card)
    which = rating_scales.number(videos, card)
    results: dict[str, dict[str, Any]] = {"validation": {}, "test": {}}
    for place, name in list(enumerate(card.sets))[1:]:
        rated = videos.assign(mos=mos)[(which == place) & np.isfinite(mos)]
        validation = rated[rated["split"] == "validation"]
        for split in results:
            rows = rated[rated["split"] == split]
            entry: dict[str, Any] = {
                "opinion": card.sets[name].opinion,
                "rows": len(rows),
                "contents": rows["content"].nunique(),
                "models": {},
            }
            if min(validation["mos"].nunique(), rows["mos"].nunique()) > 1:
                entry |= summarise(
                    Rated.of(rows, MODELS),
                    {
                        model: mapping.fit(_column(validation, model), _column(validation, "mos"))
                        for model in MODELS
                    },
                    opinion=entry["opinion"],
                    bootstrap=bootstrap,
                    measures=("srcc", "plcc"),
                )
                del entry["slices"]
            results[split][name] = rounded(entry)
    return results


def _column(rows: pd.DataFrame, name: str) -> Float64[np.ndarray, " videos"]:
    return rows[name].to_numpy(np.float64)
