"""Percentiles of levels by counting them, which is many times faster than sorting."""

import numpy as np

from vq.video.shapes import Int16


def percentile(levels: Int16[np.ndarray, "..."], percent: int) -> float:
    """That of `numpy.percentile`, of integers from 0 that are small; 0 of none."""
    counts = np.cumsum(np.bincount(levels.ravel()))
    if not len(counts):
        return 0.0
    place = percent / 100 * (int(counts[-1]) - 1)
    low, high = (
        int(np.searchsorted(counts, number, side="right"))
        for number in (np.floor(place), np.ceil(place))
    )
    return low + (high - low) * (place - float(np.floor(place)))
