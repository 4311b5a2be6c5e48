"""Labels that look wrong: far from what a model expects that has not seen their videos."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float64

COLUMNS = ["place", "video", "content", "dataset", "split", "mos", "expected", "z"]
FEWEST = 20
"""Labelled videos of a data set, below which a usual distance cannot be estimated."""
MAD = 0.6744897501960817
"""Median of the absolute value of a standard normal variable."""


def standing(
    residual: Float64[np.ndarray, " videos"], error: Float64[np.ndarray, " videos"]
) -> Float64[np.ndarray, " videos"]:
    """How unusual each distance is, in robust standard deviations (z).

    A distance is what the model errs by, alike for all videos, and what the label does. The former
    is fitted so that the median of the absolute z is that of a normal variable, after the median
    distance was taken off: half of the labels may be wrong, and it hardly moves.

    Residuals are ratings less expectations, of the videos of one data set. A standard error that is
    not known (nan) counts as 0: the error of such labels is in what the model errs by.
    """
    distance = residual - np.median(residual)
    own = np.nan_to_num(error) ** 2
    low, high = 0.0, float(np.max(np.abs(distance), initial=0.0)) / MAD
    for _ in range(60):
        middle = (low + high) / 2
        wide = np.median(np.abs(distance) / np.sqrt(middle**2 + own + _TINY)) > MAD
        low, high = (middle, high) if wide else (low, middle)
    return distance / np.sqrt(high**2 + own + _TINY)


_TINY = 1e-18
"""Where a model and all its labels agree, nothing is unusual: 0 / 0."""


def listed(videos: pd.DataFrame, *, z: float) -> pd.DataFrame:
    """The labels that are further than `z` from what is expected, most suspicious first.

    Args:
        videos: `video`, `content`, `dataset`, `split`, `mos`, `expected` and `error`, the standard
            error of mos; each on the scale of its own data set, and judged among its like. Of a
            data set with fewer than `FEWEST` rows nothing is listed.
        z: as `standing` has it, of either sign.
    """
    parts = [
        rows.assign(z=standing(*(rows[name].to_numpy(float) for name in ("residual", "error"))))
        for _, rows in videos.assign(residual=videos["mos"] - videos["expected"]).groupby("dataset")
        if len(rows) >= FEWEST
    ]
    table = pd.concat(parts) if parts else videos.assign(z=pd.Series(dtype=float)).head(0)
    far = table[table["z"].abs() > z].sort_values("z", key=lambda one: -one.abs(), kind="stable")
    return far.assign(place=range(1, len(far) + 1))[COLUMNS].reset_index(drop=True)


def standard_error(videos: pd.DataFrame) -> Float64[np.ndarray, " videos"]:
    """Of the rating of each row of a manifest; nan where deviation or number is not known."""
    std, count = (videos[name].to_numpy(float, na_value=np.nan) for name in ("mos_std", "ratings"))
    has_count: Bool[np.ndarray, " videos"] = count > 0
    return np.where(has_count, std / np.sqrt(np.where(has_count, count, 1.0)), np.nan)
