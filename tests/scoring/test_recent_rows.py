"""Which rows are recent."""

import os
import time
from pathlib import Path

import pytest

from tests.conftest import write_video
from vq.errors import DataError
from vq.inference.row import Row
from vq.scoring.formats import line
from vq.scoring.recent_rows import rows_of, since


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
