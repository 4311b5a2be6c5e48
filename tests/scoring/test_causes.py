"""Rows say what is wrong with a video, if that is asked for; a score costs and says the same."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vq
from tests.conftest import moving, write_video
from tests.scoring.toy import BRIGHTNESS, write_bundle
from vq.causes.vocabulary import CAUSES


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A student to which white is good."""
    return write_bundle(tmp_path / "student", *BRIGHTNESS)


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    """A video under heavy noise."""

    def picture(number: int, width: int, height: int) -> np.ndarray:
        noise = np.random.default_rng(number).normal(0, 28, (height, width, 3))
        return np.clip(moving(number, width, height) + noise, 0, 255).astype(np.uint8)

    return write_video(
        tmp_path / "noisy.mkv", 24, width=192, height=128, picture=picture,
        codec="libx264", pix_fmt="yuv420p",
    )  # fmt: skip


def test_the_first_cause_is_what_people_see(bundle: Path, noisy: Path) -> None:
    """All causes have a probability, the highest first."""
    causes = vq.load(bundle, causes=True).score(noisy).causes

    assert set(causes) == set(CAUSES)
    assert sorted(causes.values(), reverse=True) == list(causes.values())
    assert next(iter(causes)) == "noise"


def test_a_score_is_the_same_with_causes(bundle: Path, noisy: Path) -> None:
    """And without them the row has none."""
    plain = vq.load(bundle).score(noisy)
    wanted = vq.load(bundle, causes=True).score(noisy)

    assert replace(wanted, causes={}, seconds=0.0) == replace(plain, seconds=0.0)


def test_every_process_gives_the_same_causes(bundle: Path, noisy: Path) -> None:
    """And so does the same one, asked again."""
    expected = vq.load(bundle, causes=True).score(noisy).causes
    with vq.load(bundle, causes=True, isolate=True) as isolated:
        assert isolated.score(noisy).causes == expected
        assert isolated.score(noisy).causes == expected


def test_what_has_no_score_has_no_causes(bundle: Path, tmp_path: Path) -> None:
    """Nobody looks at it."""
    picture = write_video(tmp_path / "one.mkv", 1)

    assert vq.load(bundle, causes=True).score(picture).causes == {}


def test_whoever_wants_no_causes_does_not_pay_for_them(bundle: Path, noisy: Path) -> None:
    """Not a module more is imported, in this process."""
    code = (
        "import sys, vq; vq.load(sys.argv[1]).score(sys.argv[2]); "
        "print([name for name in sys.modules if name.startswith('vq.causes')])"
    )
    command = [sys.executable, "-c", code, str(bundle), str(noisy)]

    assert subprocess.check_output(command, text=True) == "[]\n"


def test_a_timeline_has_spans_of_causes(bundle: Path, noisy: Path, tmp_path: Path) -> None:
    """In its numbers and in its picture."""
    for ending in ("json", "png"):
        options = ["--model", bundle, "--causes", "--timeline", tmp_path / f"t.{ending}"]
        command = [sys.executable, "-m", "vq", "score", noisy, *options]
        subprocess.run(command, check=True, capture_output=True)

    spans = json.loads((tmp_path / "t.json").read_text())["causes"]
    assert ("noise", 0.0) in [(span["cause"], span["start"]) for span in spans]
