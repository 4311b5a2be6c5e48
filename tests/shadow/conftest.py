"""Rows of a champion, the videos they are of, and a challenger."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.registry.students import same
from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from tests.workspace import ROOT, change
from vq.inference import runtime
from vq.scoring.formats import line

STEEPER = BRIGHTNESS[0], 2 * BRIGHTNESS[1]
"""A network that ranks as the champion's does, and is surer."""


@pytest.fixture
def shadowed(tmp_path: Path) -> Path:
    """A workspace with two students, six videos, and the champion's rows of them."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    change(tmp_path / "params.yaml", {"release": {"thresholds": [3.5]}, "shadow": {"shown": 2}})
    write_bundle(tmp_path / "champion", *BRIGHTNESS)
    write_bundle(tmp_path / "challenger", *STEEPER)
    champion = runtime.load(tmp_path / "champion")
    videos = [
        write_video(tmp_path / f"{red}.mkv", level=partial(same, red))
        for red in (10, 50, 90, 130, 170, 210)
    ]
    rows = [champion.score(video) for video in [*videos, tmp_path / "gone.mkv"]]
    (tmp_path / "rows.jsonl").write_bytes(b"".join(map(line, rows)))
    return tmp_path
