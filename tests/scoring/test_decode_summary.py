"""What is told of decoding is what decoding does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle
from vq.scoring.decode_summary import COLUMNS, explain
from vq.scoring.scoring_pool import ScoringPool
from vq.video.views import ViewSpec, look

SPEC = ViewSpec(moments=2, grid=2, patch_px=8)
GROUPS_OF_TEN = {"g": "10", "keyint_min": "10", "sc_threshold": "0", "bf": "0"}


@pytest.fixture
def clip(make_h264: Callable[..., Path]) -> Path:
    """Four seconds in four groups of pictures."""
    return make_h264(frames=40, fps=10, options=GROUPS_OF_TEN)


def test_a_plan_leaves_out_what_nobody_looks_at(clip: Path) -> None:
    """Moments 10 and 30 of 40, each with its neighbour, begin a group: four packets, two runs."""
    told = explain(clip, SPEC, mode="exact")

    assert (told.frames, told.packets, told.groups) == (40, 40, 4)
    assert (told.looked_at, told.decoded, told.runs) == (4, 4, 2)
    assert (told.codec, told.width, told.height, told.sequential) == ("h264", 96, 64, "")
    assert told.moments == (1.0, 3.0)
    assert told.duration_s == 4.0
    decoded = [place for place, count in enumerate(told.strip.decoded) if count]
    assert decoded == [10, 11, 30, 31]
    assert [place for place, count in enumerate(told.strip.starts) if count] == [0, 10, 20, 30]
    assert told.strip.packets == (1,) * 40


def test_a_rule_that_forbids_a_plan_is_named(make_video: Callable[..., Path]) -> None:
    """Then all is decoded up to the last frame that is looked at: number 31 of 40."""
    told = explain(make_video(40, width=64, height=48), SPEC, mode="exact")

    assert told.sequential == "ffv1 is not planned"
    assert (told.decoded, told.runs) == (32, 1)


@pytest.mark.parametrize("mode", ["fast", "exact", "thorough"])
def test_it_tells_of_the_frames_that_are_looked_at(clip: Path, mode: str) -> None:
    """As many as the look itself counts, and for `fast` those that cost less."""
    spec = replace(SPEC, moments=8 if mode == "thorough" else 2)
    told = explain(clip, SPEC, mode=mode)

    assert told.looked_at == len(look(clip, spec, cheap=mode == "fast").numbers)


def test_a_long_video_has_a_short_strip(make_h264: Callable[..., Path]) -> None:
    """Columns of one width, and no packet is lost."""
    told = explain(make_h264(frames=600), SPEC, mode="exact")

    assert len(told.strip.packets) == COLUMNS
    assert sum(told.strip.packets) == told.packets == 600
    assert sum(told.strip.decoded) == told.decoded
    assert set(told.strip.packets) == {2, 3}


def test_packets_without_a_time_stand_in_their_order(make_video: Callable[..., Path]) -> None:
    """An elementary stream has no clock."""
    path = make_video(20, name="bare.h264", width=96, height=64, codec="libx264", pix_fmt="yuv420p")
    told = explain(path, SPEC, mode="exact")

    assert told.sequential
    assert told.strip.packets == (1,) * told.packets


def test_a_worker_tells_it_when_asked(clip: Path, tmp_path: Path) -> None:
    """And of a file without a score there is nothing to tell."""
    bundle = write_bundle(tmp_path / "student", *BRIGHTNESS)
    (tmp_path / "notes.mp4").write_text("no video")
    with ScoringPool(bundle) as crew:
        scored, failed = crew.score([str(clip), str(tmp_path / "notes.mp4")], plan=True)
        (plain,) = crew.score([str(clip)])

    assert scored.plan is not None
    assert scored.plan["looked_at"] == scored.row.frames
    assert (failed.plan, plain.plan, scored.timeline) == (None, None, None)
