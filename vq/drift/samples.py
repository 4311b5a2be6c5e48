"""Two samples to compare: videos that the student learnt from, and videos that came in lately."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from vq import params
from vq.inference.row import Row
from vq.scoring import row_files
from vq.scoring.names import is_url
from vq.video.inspect import look_at
from vq.workers.process_pool import cores

PROPERTIES = ("width", "height", "fps", "duration_s", "brightness", "motion", "codec", "pix_fmt")
"""Columns of `vq import` that tell where a file comes from."""
DAY_SECONDS = 86_400.0


def one_of_each_content(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One random row of each content: versions of one source are alike."""
    return table.groupby("content").sample(1, random_state=rng)


def rows_of(files: Sequence[str]) -> list[Row]:
    """The rows of files that `vq score` wrote; of a video in several, that of the last one.

    Paths or URLs end in .parquet, .csv, .jsonl or .json.

    Raises:
        DataError: one cannot be read, or holds something else.
    """
    return list({row.video: row for row in row_files.read(files)}.values())


def since(rows: Sequence[Row], days: float | None) -> list[Row]:
    """Rows of videos that changed in the last so many days, or are no files here; all for None."""
    if days is None:
        return list(rows)
    start = time.time() - days * DAY_SECONDS
    return [row for row in rows if not (path := _file(row)) or path.stat().st_mtime >= start]


def properties(
    rows: Sequence[Row], limit: int, *, settings: params.Import, rng: np.random.Generator
) -> pd.DataFrame:
    """`PROPERTIES` of some videos, drawn at random and probed as `vq import` does.

    Rows that are no files here are left out; at most `limit` are probed.
    """
    files = [path for row in rows if row.status == "ok" and (path := _file(row))]
    drawn = sorted(rng.permutation(len(files))[:limit])
    looks = look_at([files[index] for index in drawn], jobs=cores(0), settings=settings)
    probes = [asdict(look.probe) for look in looks if look.probe]
    return pd.DataFrame(probes, columns=list(PROPERTIES))


def _file(row: Row) -> Path | None:
    if is_url(row.video):
        return None
    path = Path(row.video)
    return path if path.is_file() else None
