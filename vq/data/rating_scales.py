"""Several data sets in one manifest: which a row is of, and its rating beside the primary's.

Ratings of different sets are not comparable: people rated other videos, under other instructions.
Brought onto one scale they have the same ends and the same direction, and no more than that.
"""

import numpy as np
import pandas as pd
from jaxtyping import Float64, Int64

from vq.data.card import Card
from vq.errors import DataError


def number(manifest: pd.DataFrame, card: Card) -> Int64[np.ndarray, " videos"]:
    """The data set of each row, by its place in `card.sets`; 0 is the primary.

    Raises:
        DataError: the card does not know a set; the manifest was made with another card.
    """
    places = {name: place for place, name in enumerate(card.sets)}
    numbers = manifest["dataset"].map(places)
    if numbers.isna().any():
        unknown = sorted(set(manifest.loc[numbers.isna(), "dataset"].fillna("")))
        raise DataError(
            f"the manifest has data sets {unknown} that the card does not know, only "
            f"{', '.join(places)}; run `vq import` again"
        )
    return numbers.to_numpy(np.int64, copy=True)


def on_primary_scale(
    manifest: pd.DataFrame, card: Card
) -> tuple[Float64[np.ndarray, " videos"], Float64[np.ndarray, " videos"]]:
    """Each row's `mos` and `mos_std`, with the ends of its own scale on those of the primary's.

    Turned round where another end is the better one, so that better means the same for all:

        DMOS of 25 on 0 to 100, lower is better, beside 1 to 5:  5 - 25 / 100 * 4 = 4

    Rows of the primary stay as they are, to the bit.
    """
    mos, std = (manifest[name].to_numpy(np.float64, copy=True) for name in ("mos", "mos_std"))
    which = number(manifest, card)
    for place, ratings in enumerate(card.sets.values()):
        if place == 0:
            continue
        rows = which == place
        width = ratings.scale.max - ratings.scale.min
        share = (mos[rows] - ratings.scale.min) / width
        share = share if ratings.better == card.better else 1 - share
        reach = card.scale.max - card.scale.min
        mos[rows] = card.scale.min + share * reach
        std[rows] *= reach / width
    return mos, std


def on_own_scale(
    score: Float64[np.ndarray, " videos"], manifest: pd.DataFrame, card: Card
) -> Float64[np.ndarray, " videos"]:
    """What is told on the primary's scale, on that of each row's own set: the way back."""
    which, score = number(manifest, card), score.copy()
    for place, ratings in enumerate(card.sets.values()):
        if place == 0:
            continue
        rows = which == place
        share = (score[rows] - card.scale.min) / (card.scale.max - card.scale.min)
        share = share if ratings.better == card.better else 1 - share
        score[rows] = ratings.scale.min + share * (ratings.scale.max - ratings.scale.min)
    return score
