"""The benchmark of scoring: what it measures, and against what."""

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scoring import identical, spend
from tests.conftest import moving, write_video
from tests.scoring.toy import random_network, write_bundle
from vq.inference import runtime
from vq.video import views

LINE = {"slope": 1.0, "intercept": 0.0, "interval": None, "exact_srcc": 1.0, "srcc": 1.0}


@pytest.mark.parametrize("mode", ["fast", "exact", "thorough"])
def test_identical_sees_a_wrong_pixel(
    tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The views are compared with those of whole frames, decoded one after the other."""
    modes = {"fast": LINE, "thorough": LINE}
    model = runtime.load(write_bundle(tmp_path / "m", *random_network(0), modes=modes, moments=5))
    clip = write_video(
        tmp_path / "clip.mp4",
        120,
        codec="libx264",
        width=64,
        height=48,
        pix_fmt="yuv420p",
        picture=moving,
        options={"g": "20"},
    )
    assert identical(clip, mode, model)

    look = views.look

    def wrong(*given: object, **named: object) -> views.Look:
        found = look(*given, **named)  # type: ignore[arg-type]
        found.views[-1, 0, 0, 0] ^= np.uint8(1)
        return found

    monkeypatch.setattr(runtime, "look", wrong)

    assert not identical(clip, mode, model)


def test_children_of_children_are_counted() -> None:
    """CPU and memory of a command are those of all processes that it started."""
    code = "import sys; x = bytearray(60_000_000); sum(range(20_000_000))"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)"

    found = spend([sys.executable, "-c", outer])

    assert found.cpu > 0.1
    assert found.peak_mb > 60
