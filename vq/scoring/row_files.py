"""Rows of files that `vq score` or the score flow wrote, wherever they are."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from vq.errors import DataError
from vq.inference.row import Row
from vq.scoring import formats, remote
from vq.scoring.names import is_url


def read(files: Sequence[str]) -> Iterator[Row]:
    """The rows of files, in their order, one in memory at a time.

    Paths or URLs end in .parquet, .csv, .jsonl or .json.

    Raises:
        DataError: one cannot be read, or holds something else.
    """
    for file in files:
        form = file.rpartition(".")[2].lower()
        if form not in formats.FORMS:
            raise DataError(f"{file}: should end in .parquet, .jsonl, .json or .csv")
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(file)
            if is_url(file):
                path = Path(scratch, f"rows.{form}")
                if not remote.download(file, path):
                    raise DataError(f"{file}: no such object; score first, or correct the URL")
            yield from formats.read(path, form)
