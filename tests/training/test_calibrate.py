"""What a student has to know of its modes."""

from pathlib import Path

import numpy as np
import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq.inference import card as cards
from vq.inference.calibrate import calibrate, fit_mode, line
from vq.inference.score_all_modes import ModeScore

RNG = np.random.default_rng(0)
EXACT = RNG.uniform(1, 5, 60)
MOS = EXACT + 0.1 * RNG.normal(size=60)
CONTENTS = np.arange(60)


def said(cheap: np.ndarray) -> list[dict[str, ModeScore]]:
    """A fast look says half as much and one more, where there is one."""
    return [
        {
            "exact": ModeScore(score, "exact", 0.5, 8),
            "fast": ModeScore(0.5 * score + 1, "fast", 0.2, 4)
            if fast
            else ModeScore(score, "exact", 0.5, 8),
            "thorough": ModeScore(score, "thorough", 1.0, 64),
        }
        for score, fast in zip(EXACT, cheap, strict=True)
    ]


def test_the_line_brings_fast_scores_back() -> None:
    """Of the videos that have a cheaper look; the others are exact already."""
    told = fit_mode(
        said(np.arange(60) % 3 > 0), "fast", MOS, CONTENTS, scale=(1.0, 5.0), coverage=0.9
    )

    assert (told.slope, told.intercept) == (pytest.approx(2), pytest.approx(-2))
    assert told.exact_srcc == pytest.approx(1)
    assert told.interval is not None
    assert all(0.1 < half < 0.3 for half in told.interval.half_widths)


def test_a_thorough_look_is_not_corrected() -> None:
    """It is not meant to say what an exact one says."""
    told = fit_mode(said(np.ones(60)), "thorough", MOS, CONTENTS, scale=(1.0, 5.0), coverage=0.9)

    assert (told.slope, told.intercept) == (1, 0)


def test_of_few_videos_a_shift_is_all_that_can_be_told() -> None:
    """And of none, nothing."""
    few = np.array([1.0, 2.0, 3.0])

    assert line(few, 3 * few) == (1.0, pytest.approx(4.0))
    assert line(np.ones(20), np.full(20, 3.0)) == (1.0, pytest.approx(2.0))
    assert line(few[:0], few[:0]) == (1.0, 0.0)


def test_modes_are_returned_and_the_bundle_stays_as_it_is(tmp_path: Path) -> None:
    """Whoever trains a student writes its card, once."""
    bundle = write_bundle(tmp_path / "student", *BRIGHTNESS)
    videos = [
        write_video(tmp_path / f"{grey}.mkv", frames=3, level=lambda _, grey=grey: grey)
        for grey in (10, 60, 120, 200)
    ]
    before = {file.name: file.read_bytes() for file in bundle.iterdir()}

    modes, exact, sure = calibrate(
        cards.load(bundle)[0], bundle / "student.onnx", videos, np.array([1.0, 2.0, 3.0, 4.0]),
        np.arange(4), coverage=0.5, jobs=1,
    )  # fmt: skip

    assert set(modes) == {"fast", "thorough"}
    assert (np.diff(exact) > 0).all()
    assert sure is None  # of four videos
    assert {file.name: file.read_bytes() for file in bundle.iterdir()} == before
