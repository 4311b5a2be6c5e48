"""What a training leaves, written by hand; and rows of recent videos."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle
from tests.workspace import ROOT, change
from vq.data import manifest
from vq.inference import card
from vq.inference.row import Row
from vq.scoring.formats import line

Rows = Callable[..., str]


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A workspace of 40 contents in two versions each, with scores around 3."""
    root = tmp_path / "trained"
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, root / name)
    change(root / "params.yaml", {"watch": {"probe": 40}})
    write_bundle(root / "artifacts/student", *BRIGHTNESS)
    names = [
        (f"{content}-{version}.mp4", str(content)) for content in range(40) for version in "ab"
    ]
    seen = {"width": 640, "height": 360, "fps": 25.0, "duration_s": 2.0, "codec": "h264"}
    found = [{"video": video, "content": content, **seen} for video, content in names]
    manifest.write(manifest.build(found), root / "artifacts/accepted.parquet")
    (root / "reports").mkdir()
    scores = np.random.default_rng(1).normal(3, 0.5, len(names))
    pd.DataFrame(names, columns=["video", "content"]).assign(student=scores).to_csv(
        root / "reports/predictions.csv", index=False
    )
    return root


@pytest.fixture
def score(trained: Path) -> Rows:
    """Write rows of the workspace's student: `score("rows.jsonl", around=3)`; their file."""

    def score(name: str, *, around: float, model: str = "") -> str:
        model = model or card.load(trained / "artifacts/student")[0].model_id
        scores = np.random.default_rng(2).normal(around, 0.5, 100)
        rows = [
            Row(f"{name}-{number}.mp4", "ok", score=float(value), model=model, mode="exact")
            for number, value in enumerate(scores)
        ]
        path = trained / name
        path.write_bytes(b"".join(map(line, rows)))
        return str(path)

    return score
