"""Recordings of a consumer camera, and cuts of real clips."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vq.errors import DataError
from vq.footage.fetched import Source
from vq.footage.filmed import damage_steps, recorder


def _frames(count: int, height: int, width: int) -> np.ndarray:
    """Noise in blocks of 8 pixels that moves by 2 pixels a frame."""
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 256, (height // 8, width // 8 + 8, 3), np.uint8)
    large = whole.repeat(8, 0).repeat(8, 1)
    return np.stack([large[:, 2 * n : 2 * n + width] for n in range(count)])


def _clip(path: Path, frames: np.ndarray, fps: int = 25) -> Source:
    path.write_bytes(damage_steps.encode(frames, "libx264", 12.0, fps))
    return Source(
        path, "clip", "scene", "cc0", "", "", "", "0" * 64, path.stat().st_size,
        frames.shape[2], frames.shape[1], scaled=False,
    )  # fmt: skip


def test_a_recording_has_half_the_size_and_is_softer() -> None:
    """And it is the same again from the same seed."""
    scene = _frames(8, 128, 160)

    one, again = (recorder.recorded(scene, np.random.default_rng(3), 25) for _ in range(2))

    assert one.shape == (8, 64, 80, 3)
    np.testing.assert_array_equal(one, again)
    sharp = scene[:, ::2, ::2].astype(float)
    edges = [np.abs(np.diff(each.astype(float), axis=2)).max() for each in (one, sharp)]
    assert edges[0] < edges[1]


def test_a_cut_is_at_most_half_as_tall_and_as_long_as_asked(tmp_path: Path) -> None:
    """Its shape is the clip's."""
    clip = _clip(tmp_path / "c.mkv", _frames(12, 496, 640))

    frames, fps = recorder.cut(clip, 10, np.random.default_rng(0))

    assert frames.shape == (10, 240, 310, 3)
    assert fps == 25


def test_a_clip_of_many_frames_a_second_is_thinned_out(tmp_path: Path) -> None:
    """Sixty become thirty."""
    clip = _clip(tmp_path / "c.mkv", _frames(20, 320, 320), fps=60)

    frames, fps = recorder.cut(clip, 24, np.random.default_rng(0))

    assert (len(frames), fps) == (10, 30)


@pytest.mark.parametrize(
    ("count", "height"), [pytest.param(7, 320, id="short"), pytest.param(12, 160, id="low")]
)
def test_a_clip_that_is_too_small_is_named(tmp_path: Path, count: int, height: int) -> None:
    """With what it has and what is needed."""
    clip = _clip(tmp_path / "c.mkv", _frames(count, height, 320))

    with pytest.raises(DataError, match=r"c\.mkv: .* too small to be cut: 8 frames and 300 lines"):
        recorder.cut(clip, 24, np.random.default_rng(0))


def test_a_clip_that_is_none_is_named(tmp_path: Path) -> None:
    """Not a traceback."""
    clip = _clip(tmp_path / "c.mkv", _frames(8, 320, 320))
    clip.path.write_bytes(b"no video")

    with pytest.raises(DataError, match=r"c\.mkv: cannot be decoded"):
        recorder.cut(replace(clip), 24, np.random.default_rng(0))
