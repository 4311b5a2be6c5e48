"""Distortions and encoders do what they are called, the more the stronger."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vq.synthetic.demo import encode, labels, scenes
from vq.synthetic.demo.distort import DISTORTIONS
from vq.synthetic.demo.scene_camera import Clip

STRENGTHS = (0.05, 0.35, 0.65, 1.0)


@pytest.fixture(scope="module")
def clip() -> Clip:
    """Ten frames of a photograph."""
    return scenes.render("photo:china", frames=10, width=160, height=120, fps=25)


def _similarity(frames: Clip, clip: Clip, path: Path) -> float:
    encode.write(frames, path, codec="h264", crf=4, fps=25)
    return float(labels.ssim(path, clip, fps=25).mean())


def _sharpness(frames: Clip) -> float:
    return float(np.abs(np.diff(frames.astype(float), axis=2)).mean())


@pytest.mark.parametrize("name", DISTORTIONS)
def test_stronger_is_worse(name: str, clip: Clip, tmp_path: Path) -> None:
    """The metric falls with strength, and from mild to severe by a lot."""
    values = [
        _similarity(DISTORTIONS[name](clip, s, np.random.default_rng(1)), clip, tmp_path / "v.mp4")
        for s in STRENGTHS
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.9
    assert values[-1] < 0.9


@pytest.mark.parametrize("codec", encode.CODECS)
def test_each_codec_has_a_ladder(codec: str, clip: Clip, tmp_path: Path) -> None:
    """A stronger compression is further from the source."""
    errors = [
        np.abs(encode.compress(clip, codec, s, 25).astype(float) - clip).mean() for s in STRENGTHS
    ]
    assert errors == sorted(errors)
    assert errors[-1] > 1.5 * errors[0]


@pytest.mark.parametrize("codec", encode.CODECS)
def test_a_file_is_the_same_each_time(codec: str, clip: Clip, tmp_path: Path) -> None:
    """No time stamp, thread or version gets into a file, and no frame is lost."""
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        encode.write(clip, path, codec=codec, crf=30, fps=24)
    assert one.read_bytes() == two.read_bytes()
    assert encode.read(one).shape == clip.shape


@pytest.mark.parametrize("codec", encode.CODECS)
def test_a_file_does_not_depend_on_what_was_in_memory(codec: str) -> None:
    """An encoder that reads memory nobody has written gives other bits each time."""
    hashes = {
        subprocess.run(
            [sys.executable, "-c", FILE_HASH, codec],
            env={**os.environ, "MALLOC_PERTURB_": filling},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for filling in ("1", "85", "170")
    }
    assert len(hashes) == 1


FILE_HASH = """
import hashlib, sys
from io import BytesIO
import numpy as np
from vq.synthetic.demo import encode
rng = np.random.default_rng(0)
sizes = (320, 240), (426, 240), (480, 270)
for width, height in sizes:
    coarse = rng.integers(0, 256, (8, height // 10, width // 10 + 1, 3), np.uint8)
    clip = coarse.repeat(10, 1).repeat(10, 2)[:, :, :width]
    file = BytesIO()
    encode._encode(np.ascontiguousarray(clip), file, sys.argv[1], 16, 25)
    print(hashlib.sha256(file.getvalue()).hexdigest())
"""


@pytest.mark.parametrize("name", DISTORTIONS)
def test_a_distortion_keeps_shape_and_input(name: str, clip: Clip) -> None:
    """It returns new frames of the same form and leaves its input as it was."""
    before = clip.copy()
    out = DISTORTIONS[name](clip, 0.5, np.random.default_rng(0))
    assert out.shape == clip.shape
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(clip, before)


@pytest.mark.parametrize("name", ["rescale", "defocus", "motion_blur"])
def test_blur_takes_detail(name: str, clip: Clip) -> None:
    """At full strength less than 60 % of the horizontal contrast is left."""
    out = DISTORTIONS[name](clip, 1.0, np.random.default_rng(0))
    assert _sharpness(out) < 0.6 * _sharpness(clip)


def test_a_disc_keeps_brightness_and_place() -> None:
    """Defocus turns a point into a disc around it: no shift, no light lost."""
    point = np.zeros((1, 41, 41, 3), np.uint8)
    point[0, 18:23, 18:23] = 255
    soft = DISTORTIONS["defocus"](
        np.pad(point, ((0, 0), (100, 100), (0, 0), (0, 0))), 1.0, np.random.default_rng(0)
    ).astype(float)
    rows, columns = soft[0, ..., 0].sum(1), soft[0, ..., 0].sum(0)
    assert rows @ np.arange(241) / rows.sum() == pytest.approx(120, abs=0.05)
    assert columns @ np.arange(41) / columns.sum() == pytest.approx(20, abs=0.05)
    assert soft.sum() == pytest.approx(25 * 3 * 255, rel=0.03)


def test_noise_is_new_in_each_frame(clip: Clip) -> None:
    """What noise adds to one frame says nothing of the next."""
    grey = np.full_like(clip, 128)
    added = DISTORTIONS["sensor_noise"](grey, 0.5, np.random.default_rng(0)).astype(float) - 128
    assert added.std() > 3
    assert abs(np.corrcoef(added[0].ravel(), added[1].ravel())[0, 1]) < 0.02


def test_exposure_moves_brightness(clip: Clip) -> None:
    """Less light is darker; more light is brighter, and clips."""
    rng = np.random.default_rng(0)
    assert DISTORTIONS["under_exposure"](clip, 0.7, rng).mean() < 0.7 * clip.mean()
    bright = DISTORTIONS["over_exposure"](clip, 0.7, rng)
    assert bright.mean() > 1.1 * clip.mean()
    assert (bright == 255).mean() > 2 * (clip == 255).mean()


def test_banding_leaves_four_levels(clip: Clip) -> None:
    """At full strength a colour has 4 levels."""
    assert len(np.unique(DISTORTIONS["banding"](clip, 1.0, np.random.default_rng(0)))) == 4


@pytest.mark.parametrize(("name", "longest"), [("freeze", 4), ("drop", 1)])
def test_stalls_are_long_and_losses_short(name: str, longest: int, clip: Clip) -> None:
    """Both repeat frames of the source in order; only a freeze stands still for long."""
    index = np.arange(40, dtype=np.uint8)[:, None, None, None] + np.zeros((1, 8, 8, 3), np.uint8)
    shown = DISTORTIONS[name](index, 0.3, np.random.default_rng(0))[:, 0, 0, 0].astype(int)
    assert (np.diff(shown) >= 0).all()
    assert (shown <= np.arange(40)).all()
    runs = np.diff(np.flatnonzero(np.r_[True, np.diff(shown) > 0, True])) - 1
    assert runs.sum() == pytest.approx({"freeze": 8, "drop": 6}[name], abs=1)
    assert runs.max() >= longest
    assert name == "freeze" or runs.max() <= 3
