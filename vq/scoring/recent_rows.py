"""Rows of videos that were scored lately."""

import time
from collections.abc import Sequence
from pathlib import Path

from vq.inference.row import Row
from vq.scoring import row_files
from vq.scoring.names import is_url

DAY_SECONDS = 86_400.0


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
    return [row for row in rows if not (path := file_of(row)) or path.stat().st_mtime >= start]


def file_of(row: Row) -> Path | None:
    """The file that was scored; None if it is none here."""
    if is_url(row.video):
        return None
    path = Path(row.video)
    return path if path.is_file() else None
