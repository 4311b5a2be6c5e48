"""Two samples to compare: videos that the student learnt from, and videos that came in lately."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from vq import params
from vq.inference.row import Row
from vq.scoring.recent_rows import file_of
from vq.video.inspect import look_at
from vq.workers.process_pool import cores

PROPERTIES = ("width", "height", "fps", "duration_s", "brightness", "motion", "codec", "pix_fmt")
"""Columns of `vq import` that tell where a file comes from."""


def one_of_each_content(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One random row of each content: versions of one source are alike."""
    return table.groupby("content").sample(1, random_state=rng)


def properties(
    rows: Sequence[Row], limit: int, *, settings: params.Import, rng: np.random.Generator
) -> pd.DataFrame:
    """`PROPERTIES` of some videos, drawn at random and probed as `vq import` does.

    Rows that are no files here are left out; at most `limit` are probed.
    """
    files = [path for row in rows if row.status == "ok" and (path := file_of(row))]
    drawn = sorted(rng.permutation(len(files))[:limit])
    looks = look_at([files[index] for index in drawn], jobs=cores(0), settings=settings)
    probes = [asdict(look.probe) for look in looks if look.probe]
    return pd.DataFrame(probes, columns=list(PROPERTIES))
