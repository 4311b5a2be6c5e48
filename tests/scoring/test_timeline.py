"""Quality over time: each second as a video of its own."""

import io
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import write_video
from tests.scoring.toy import BRIGHTNESS, write_bundle
from vq.inference import runtime
from vq.scoring.scoring_pool import Answer
from vq.scoring.timeline import measure, seconds_of
from vq.scoring.timeline_files import Timelines
from vq.scoring.timeline_plot import clock, draw


def steps(number: int, width: int, height: int) -> np.ndarray:
    """White, but black from frame 20 to 29."""
    return np.full((height, width, 3), 0 if 20 <= number < 30 else 255, np.uint8)


def _later(start: int, number: int, width: int, height: int) -> np.ndarray:
    return steps(start + number, width, height)


@pytest.fixture
def model(tmp_path: Path) -> runtime.Model:
    """A student to which white is good."""
    return runtime.load(write_bundle(tmp_path / "student", *BRIGHTNESS))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Four seconds, of which the third is black."""
    return write_video(tmp_path / "clip.mkv", 40, fps=10, width=64, height=32, picture=steps)


def test_a_point_is_the_score_of_its_second_alone(
    model: runtime.Model, clip: Path, tmp_path: Path
) -> None:
    """As if it had been cut out: the black second scores as a black video does."""
    picture = partial(_later, 20)
    alone = write_video(tmp_path / "a.mkv", 10, fps=10, width=64, height=32, picture=picture)

    timeline = measure(model, clip)

    assert timeline.scores[2] == model.score(alone).score
    assert timeline.scores[0] == timeline.scores[1] == timeline.scores[3] > timeline.scores[2]
    assert timeline.starts == (0.0, 1.0, 2.0, 3.0)
    assert timeline.end == 3.9


def test_the_worst_second_is_shown(model: runtime.Model, clip: Path) -> None:
    """A frame of it, so that one sees what is wrong."""
    timeline = measure(model, clip)

    assert timeline.worst == 2
    assert np.asarray(Image.open(io.BytesIO(timeline.thumbnail))).max() < 10


def test_worst_follows_the_card(tmp_path: Path, clip: Path) -> None:
    """On a scale of impairment, high is bad."""
    bundle = write_bundle(tmp_path / "student", *BRIGHTNESS, better="lower")

    assert measure(runtime.load(bundle), clip).worst == 0


@pytest.mark.parametrize(
    ("frames", "rate", "lengths"),
    [
        pytest.param(40, 10.0, [10] * 4, id="whole-seconds"),
        pytest.param(25, 10.0, [12, 13], id="shared-out"),
        pytest.param(14, 10.0, [14], id="less-than-a-second-and-a-half"),
        pytest.param(5, 1.0, [2, 3], id="two-frames-at-least"),
        pytest.param(50, 0.0, [25, 25], id="unknown-rate"),
    ],
)
def test_seconds_share_the_frames(frames: int, rate: float, lengths: list[int]) -> None:
    """Every frame belongs to one of them; none is much shorter than the others."""
    parts = seconds_of(frames, rate)

    assert [len(part) for part in parts] == lengths
    assert [number for part in parts for number in part] == list(range(frames))


def test_a_picture_is_drawn(model: runtime.Model, clip: Path, tmp_path: Path) -> None:
    """Of any name: a $ in it is no formula, and some are no text, or long."""
    row = replace(model.score(clip), video="x" * 300 + "/$a_{b$ caf\udce9.mkv")
    draw(tmp_path / "t.png", Answer(row, measure(model, clip).as_mapping()))

    assert np.asarray(Image.open(tmp_path / "t.png")).std() > 10


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (7.84, "0:07.8"), (75.5, "1:15.5"), (119.97, "2:00")]
)
def test_a_clock_is_read_as_in_a_player(seconds: float, text: str) -> None:
    """Minutes and seconds."""
    assert clock(seconds) == text


def test_each_video_has_its_own_files(tmp_path: Path, model: runtime.Model, clip: Path) -> None:
    """Clips of two folders may be called the same, even with their folders' names."""
    videos = ["a/b.mkv", "a_b.mkv", "../b.mkv", f"/{'x' * 300}.mkv"]
    timelines = Timelines(tmp_path / "all", videos)
    row, timeline = model.score(clip), measure(model, clip).as_mapping()

    for video in videos:
        timelines.write(Answer(replace(row, video=video), timeline))

    told = [json.loads(path.read_bytes()) for path in (tmp_path / "all").glob("*.json")]
    assert sorted(one["video"] for one in told) == sorted(videos)
