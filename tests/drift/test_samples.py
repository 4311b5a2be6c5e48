"""Which videos are compared."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import write_video
from vq.drift.samples import one_of_each_content, properties, rows_of, since
from vq.errors import DataError
from vq.inference.row import Row
from vq.params import Import
from vq.scoring.formats import line


def test_a_content_counts_once() -> None:
    """Eight versions of a film are not eight films."""
    table = pd.DataFrame({"content": ["a", "b", "a", "a"], "student": [1.0, 2.0, 3.0, 4.0]})
    found = one_of_each_content(table, np.random.default_rng(0))
    assert sorted(found["content"]) == ["a", "b"]


def test_the_last_row_of_a_video_counts(tmp_path: Path) -> None:
    """Files of several days may overlap."""
    for name, score in (("monday", 1.0), ("tuesday", 2.0)):
        row = Row("a.mp4", "ok", score=score, mode="exact")
        (tmp_path / f"{name}.jsonl").write_bytes(line(row))
    (found,) = rows_of([str(tmp_path / f"{name}.jsonl") for name in ("monday", "tuesday")])
    assert found.score == 2.0


@pytest.mark.parametrize("name", ["rows.txt", "gone.csv", "memory://bucket/gone.csv"])
def test_what_holds_no_rows_is_named(name: str) -> None:
    """Before anything is probed."""
    with pytest.raises(DataError, match=name):
        rows_of([name])


def test_old_files_are_not_recent(tmp_path: Path) -> None:
    """What is no file here has no age: its rows are all recent."""
    old, new = write_video(tmp_path / "old.mkv"), write_video(tmp_path / "new.mkv")
    os.utime(old, (0, time.time() - 8 * 86_400))
    rows = [Row(str(path), "missing") for path in (old, new, "s3://bucket/a.mp4")]
    assert since(rows, 7.0) == rows[1:]
    assert since(rows, None) == rows


def test_properties_are_those_of_import(tmp_path: Path) -> None:
    """Of videos that are files here and have a score."""
    path = write_video(tmp_path / "a.mkv", 10, fps=25, width=32, height=16)
    rows = [Row(str(path), "ok", score=1.0), Row("s3://bucket/a.mp4", "ok", score=1.0)]
    rng = np.random.default_rng(0)
    found = properties(rows, 5, settings=Import(), rng=rng)
    assert found[["width", "height", "fps", "codec"]].to_numpy().tolist() == [[32, 16, 25, "ffv1"]]
    assert properties(rows, 0, settings=Import(), rng=rng).empty
