"""Which videos are compared."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.conftest import write_video
from vq.drift.samples import one_of_each_content, properties
from vq.inference.row import Row
from vq.params import Import


def test_a_content_counts_once() -> None:
    """Eight versions of a film are not eight films."""
    table = pd.DataFrame({"content": ["a", "b", "a", "a"], "student": [1.0, 2.0, 3.0, 4.0]})
    found = one_of_each_content(table, np.random.default_rng(0))
    assert sorted(found["content"]) == ["a", "b"]


def test_properties_are_those_of_import(tmp_path: Path) -> None:
    """Of videos that are files here and have a score."""
    path = write_video(tmp_path / "a.mkv", 10, fps=25, width=32, height=16)
    rows = [Row(str(path), "ok", score=1.0), Row("s3://bucket/a.mp4", "ok", score=1.0)]
    rng = np.random.default_rng(0)
    found = properties(rows, 5, settings=Import(), rng=rng)
    assert found[["width", "height", "fps", "codec"]].to_numpy().tolist() == [[32, 16, 25, "ffv1"]]
    assert properties(rows, 0, settings=Import(), rng=rng).empty
