"""The manifest keeps its columns and types."""

from pathlib import Path

import pandas as pd
import pytest

from vq.data import manifest
from vq.errors import DataError

ROWS: list[dict[str, object]] = [
    {"video": "a.mp4", "mos": 3.5, "frames": 20, "problem": "", "strength": "0.5", "tag": "x"},
    {"video": "b.mp4", "problem": "no such file; add it", "strength": None, "tag": "1"},
]


def test_a_manifest_survives_the_disk(tmp_path: Path) -> None:
    """Whole numbers stay whole beside nulls; the empty problem stays empty."""
    table = manifest.build(ROWS, keep=["strength", "tag"])

    manifest.write(table, tmp_path / "m.parquet")
    found = manifest.read(tmp_path / "m.parquet")

    pd.testing.assert_frame_equal(found, table)
    assert list(found.columns) == [*manifest.DTYPES, "strength", "tag"]
    assert found["frames"].dtype == "Int64"
    assert found["problem"].tolist() == ["", "no such file; add it"]


def test_kept_columns_become_numbers_if_all_of_them_are() -> None:
    """A strength can be sliced by value, a tag by name."""
    table = manifest.build(ROWS, keep=["strength", "tag"])

    assert table["strength"].dtype == "float64"
    assert table["tag"].dtype == "string"


def test_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    """Otherwise dvc would run everything again."""
    for name in ("a", "b"):
        manifest.write(manifest.build(ROWS), tmp_path / f"{name}.parquet")
        manifest.write(manifest.build(ROWS), tmp_path / f"{name}.csv")

    for suffix in ("parquet", "csv"):
        first, second = (tmp_path / f"{name}.{suffix}" for name in ("a", "b"))
        assert first.read_bytes() == second.read_bytes()


def test_a_table_that_is_no_manifest_is_refused(tmp_path: Path) -> None:
    """What is wrong with which file, and what to do."""
    path = tmp_path / "m.parquet"
    with pytest.raises(DataError, match=r"m\.parquet: no such file; run `vq import`"):
        manifest.read(path)
    path.write_text("text")
    with pytest.raises(DataError, match=r"m\.parquet: not a parquet file"):
        manifest.read(path)
    pd.DataFrame({"video": ["a"]}).to_parquet(path)
    with pytest.raises(DataError, match=r"m\.parquet: lacks sha256, mos, "):
        manifest.read(path)
