"""Fingerprints in a file, by the hash of the videos' bytes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow
from pyarrow import parquet

from vq.errors import DataError
from vq.files import atomic
from vq.video.fingerprint import Fingerprint, pack, unpack
from vq.words import count


def write(prints: Mapping[str, Fingerprint], path: Path) -> None:
    """Write fingerprints as parquet, in the order of the hashes."""
    rows = []
    for sha256, fingerprint in sorted(prints.items()):
        fields, hashes = pack(fingerprint)
        rows.append({"sha256": sha256, **fields, "hashes": hashes})
    with atomic(path) as unfinished:
        columns = ["sha256", "step", "moments", "dense", "hashes"]
        pd.DataFrame(rows, columns=columns).to_parquet(unfinished, index=False)


def read(path: Path, videos: Sequence[str]) -> list[Fingerprint]:
    """Read those of some videos.

    Videos are known by their sha256.

    Raises:
        DataError: missing, no such file, or it lacks a video.
    """
    try:
        rows = parquet.read_table(path).to_pylist()
        prints = {str(row["sha256"]): unpack(row, row["hashes"]) for row in rows}
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; run `vq import` or `dvc repro` first") from error
    except (pyarrow.ArrowException, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: no file of fingerprints ({error}); run `vq import` again"
        ) from error
    if lacking := [sha256 for sha256 in videos if sha256 not in prints]:
        raise DataError(
            f"{path}: lacks {count(len(lacking), 'video')} ({lacking[0]}); run `vq import` again"
        )
    return [prints[sha256] for sha256 in videos]
