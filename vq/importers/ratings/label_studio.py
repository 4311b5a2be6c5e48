"""Ratings as tasks of Label Studio, in the JSON that it imports.

Its labelling configuration needs `<Video name="video" value="$video"/>` and
`<Rating name="quality" toName="video" maxRating="5"/>`.
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from vq.errors import DataError
from vq.importers.ratings.read import Ratings


def tasks(
    ratings: Ratings,
    *,
    mos: Float64[np.ndarray, " videos"],
    rejected: Bool[np.ndarray, " raters"],
) -> list[dict[str, Any]]:
    """A task for each video, with an annotation for each rater who is not left out.

    Raises:
        DataError: a rating is no number of stars, a whole number from 1 on.
    """
    values = ratings.matrix[~np.isnan(ratings.matrix)]
    if (wrong := values[(values < 1) | (values % 1 != 0)]).size:
        raise DataError(
            f"Label Studio counts stars, and a rating is {wrong[0]:g}; write --format labels"
        )
    return [
        {
            "data": {"video": video, "mos": None if math.isnan(mos[row]) else round(mos[row], 4)},
            "annotations": [
                {"result": [_star(value)], "was_cancelled": False, "meta": {"rater": rater}}
                for rater, value, out in zip(
                    ratings.raters, ratings.matrix[row].tolist(), rejected.tolist(), strict=True
                )
                if not out and not math.isnan(value)
            ],
        }
        for row, video in enumerate(ratings.videos)
    ]


def _star(value: float) -> dict[str, Any]:
    return {
        "from_name": "quality",
        "to_name": "video",
        "type": "rating",
        "value": {"rating": int(value)},
    }
