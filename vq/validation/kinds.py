"""Kinds of video that are rare, and that whoever trains on them wants to know of."""

from typing import get_args

import pandas as pd

from vq.params import Kind

LIMITS: dict[Kind, tuple[str, float]] = {
    "interlaced": ("interlaced", 0.05),
    "vfr": ("vfr", 0.05),
    "resized": ("resizes", 0),
    "half_black": ("black", 0.5),
    "half_frozen": ("frozen", 0.5),
}
"""Column of the manifest, and what it has to exceed; `hdr` is of the kind if it is not empty."""


def count(manifest: pd.DataFrame) -> dict[Kind, int]:
    """How many videos of each kind there are; those that nobody could open are of none."""
    counts: dict[Kind, int] = {"hdr": int((manifest["hdr"].fillna("") != "").sum())}
    for kind, (column, limit) in LIMITS.items():
        counts[kind] = int((manifest[column] > limit).fillna(value=False).sum())
    return {kind: counts[kind] for kind in get_args(Kind)}
