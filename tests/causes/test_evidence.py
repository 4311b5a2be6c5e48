"""The evidence is the same for the same file, and its cost does not grow with the frame."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import grey, moving, write_video
from vq.causes import bars, evidence, picture, spans
from vq.causes.bars import Bars


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"width": 2, "height": 2, "picture": grey}, id="two-pixels"),
        pytest.param({"width": 640, "height": 8}, id="a-strip"),
        pytest.param({"width": 33, "height": 17, "frames": 1}, id="one-frame"),
        pytest.param({"width": 130, "height": 70, "pix_fmt": "yuv420p10le"}, id="ten-bits"),
    ],
)
def test_every_video_has_the_same_finite_numbers(tmp_path: Path, form: dict[str, Any]) -> None:
    """However small, short or flat it is."""
    path = write_video(tmp_path / "a.mkv", **{"picture": moving, **form})
    usual = write_video(tmp_path / "b.mkv", picture=moving, width=130, height=70)

    numbers = evidence.measure(path)

    assert set(numbers) == set(evidence.measure(usual))
    assert [name for name, value in numbers.items() if not math.isfinite(value)] == []
    assert numbers == evidence.measure(path)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
def test_a_size_that_changes_is_that_of_the_first_frame(tmp_path: Path, pix_fmt: str) -> None:
    """A broadcast may go on in another size: its frames are all compared, or none could be."""
    form: dict[str, Any] = {"picture": moving, "codec": "libx264", "pix_fmt": pix_fmt}
    parts = [
        write_video(tmp_path / f"{width}.ts", 20, width=width, height=64, **form)
        for width in (96, 144)
    ]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))

    assert evidence.measure(path) == evidence.measure(path)
    assert isinstance(spans.measure(path, lambda count: [range(count)]), list)


def test_a_large_frame_costs_no_more_than_a_small_one() -> None:
    """As many blocks are looked at, all on the grid of codecs."""
    places = np.arange(2160)[:, None] % 64 + np.zeros((1, 3840))
    blocks = picture.blocks_of(places.astype(np.uint8), Bars(0, 0, 0, 0))

    assert len(blocks) <= 2 * picture.MOST
    assert set(np.unique(blocks[:, 0, 0]) % 16) == {0}


def test_repeated_frames_are_counted(tmp_path: Path) -> None:
    """Each frame shown twice: half of the steps are none."""
    twice = write_video(
        tmp_path / "a.mkv", 24, width=130, height=70, picture=lambda n, w, h: moving(n // 2, w, h)
    )
    once = write_video(tmp_path / "b.mkv", 24, width=130, height=70, picture=moving)

    assert evidence.measure(twice)["identical"] == pytest.approx(0.5, abs=0.1)
    assert evidence.measure(once)["identical"] == 0


def test_woven_fields_comb(tmp_path: Path) -> None:
    """Lines of two moments differ from both neighbours; along the lines nothing does."""

    def woven(number: int, width: int, height: int) -> np.ndarray:
        frame = moving(number, width, height)
        frame[1::2] = moving(number + 4, width, height)[1::2]
        return frame

    size = {"width": 130, "height": 70}
    combed = evidence.measure(write_video(tmp_path / "a.mkv", picture=woven, **size))
    whole = evidence.measure(write_video(tmp_path / "b.mkv", picture=moving, **size))

    assert combed["comb_excess"] > whole["comb_excess"] + 1


def test_noise_is_measured_where_it_is_flat(tmp_path: Path) -> None:
    """Twice the noise is about an octave more, whatever else is in the picture."""

    def noisy(spread: float) -> float:
        rng = np.random.default_rng(3)
        light = moving(0, 192, 128)[..., 0] + spread * rng.standard_normal((128, 192))
        flat = np.clip(light, 0, 255).astype(np.uint8)
        none, _ = bars.find([flat], black=0)
        return picture.measure(flat, none, black=0, white=255)["noise"]

    assert noisy(16) - noisy(8) == pytest.approx(1, abs=0.2)
