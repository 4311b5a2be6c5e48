"""Two samples to compare: videos that the student learnt from, and videos that came in lately."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from vq import params
from vq.errors import DataError
from vq.inference.row import Row
from vq.scoring import formats, remote
from vq.video.inspect import look_at
from vq.workers.process_pool import cores

PROPERTIES = ("width", "height", "fps", "duration_s", "brightness", "motion", "codec", "pix_fmt")
"""Of what `vq import` finds in a file, what says something of where it comes from."""
DAY_SECONDS = 86_400.0


def one_of_each_content(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Versions of one source are alike: as many rows as there are contents know as much."""
    return table.groupby("content").sample(1, random_state=rng)


def rows_of(files: Sequence[str]) -> list[Row]:
    """The rows of files that `vq score` wrote; of a video in several, that of the last one.

    Args:
        files: paths or URLs, ending in .parquet, .csv, .jsonl or .json.

    Raises:
        DataError: one cannot be read, or holds something else.
    """
    found: dict[str, Row] = {}
    for file in files:
        form = file.rpartition(".")[2].lower()
        if form not in formats.FORMS:
            raise DataError(f"{file}: should end in .parquet, .jsonl, .json or .csv")
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(file)
            if remote.is_url(file):
                path = Path(scratch, f"rows.{form}")
                if not remote.download(file, path):
                    raise DataError(f"{file}: no such object; score first, or correct the URL")
            found |= {row.video: row for row in formats.read(path, form)}
    return list(found.values())


def since(rows: Sequence[Row], days: float | None) -> list[Row]:
    """Rows of videos that changed in the last so many days, or are no files here; all for None."""
    if days is None:
        return list(rows)
    start = time.time() - days * DAY_SECONDS
    return [row for row in rows if not (path := _file(row)) or path.stat().st_mtime >= start]


def properties(
    rows: Sequence[Row], most: int, *, settings: params.Import, rng: np.random.Generator
) -> pd.DataFrame:
    """Probe some of the videos, drawn at random, as `vq import` does: `PROPERTIES`, null where not.

    Args:
        rows: those that are no files here are left out.
        most: how many to probe.
        settings: section `import`.
        rng: draws.
    """
    files = [path for row in rows if row.status == "ok" and (path := _file(row))]
    drawn = sorted(rng.permutation(len(files))[:most])
    looks = look_at([files[place] for place in drawn], jobs=cores(0), settings=settings)
    found = [asdict(look.probe) for look in looks if look.probe]
    return pd.DataFrame(found, columns=list(PROPERTIES))


def _file(row: Row) -> Path | None:
    if remote.is_url(row.video):
        return None
    path = Path(row.video)
    return path if path.is_file() else None
