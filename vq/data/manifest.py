"""The manifest: one row for each video, its label and what the probe found."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow

from vq.errors import DataError
from vq.files import atomic

DTYPES = {
    "video": "string",
    "sha256": "string",
    "mos": "float64",
    "mos_std": "float64",
    "ratings": "Int64",
    "content": "string",
    "dataset": "string",
    "width": "Int64",
    "height": "Int64",
    "fps": "float64",
    "frames": "Int64",
    "duration_s": "float64",
    "codec": "string",
    "pix_fmt": "string",
    "bit_depth": "Int64",
    "hdr": "string",
    "interlaced": "float64",
    "vfr": "float64",
    "resizes": "Int64",
    "rotation": "Int64",
    "mirrored": "boolean",
    "brightness": "float64",
    "motion": "float64",
    "black": "float64",
    "frozen": "float64",
    "warning": "string",
    "problem": "string",
}
"""Columns, in order: `video` is relative to the folder of videos; `mos` is null where nobody
rated, and is on the scale of its own `dataset`, which the card knows by name; `content` is the
source that a video was made from; `problem` is empty, or says why the row is bad already at import,
and then what the probe finds is null."""


def build(rows: Sequence[dict[str, object]], *, keep: Sequence[str] = ()) -> pd.DataFrame:
    """Make a manifest of rows; what a row lacks is null. `keep` names further columns."""
    frame = pd.DataFrame(list(rows), columns=[*DTYPES, *keep]).astype(DTYPES)
    for name in keep:
        frame[name] = _as_numbers_if_it_can(frame[name])
    return frame


def read(path: Path) -> pd.DataFrame:
    """Read a manifest (parquet).

    Raises:
        DataError: missing, no parquet, or a column is missing.
    """
    try:
        frame = pd.read_parquet(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; run `vq import` or `dvc repro` first") from error
    except pyarrow.ArrowException as error:
        raise DataError(f"{path}: not a parquet file ({error}); run `vq import` again") from error
    if missing := [name for name in DTYPES if name not in frame]:
        raise DataError(f"{path}: lacks {', '.join(missing)}; run `vq import` again")
    return frame.astype(DTYPES)


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a manifest, or the rows of one, as parquet; with the suffix .csv, as its twin."""
    with atomic(path) as unfinished:
        if path.suffix == ".csv":
            frame.to_csv(unfinished, index=False, lineterminator="\n")
        else:
            frame.to_parquet(unfinished, index=False)


def _as_numbers_if_it_can(values: pd.Series) -> pd.Series:
    try:
        return pd.to_numeric(values)
    except ValueError:
        return values.astype("string")
