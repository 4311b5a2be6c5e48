"""Bars around a picture are found to the line, and what is measured lies inside them."""

import numpy as np
import pytest
from PIL import Image

from vq.causes import bars
from vq.causes.bars import Bars

HEIGHT, WIDTH = 180, 320


def texture(height: int, width: int) -> np.ndarray:
    """Luma with detail everywhere."""
    return np.random.default_rng(1).integers(40, 220, (height, width), np.uint8)


@pytest.mark.parametrize("level", [16, 22], ids=["black", "nearly-black"])
def test_black_bars_are_found_to_the_line(level: int) -> None:
    """Whatever is measured of the picture is not measured of them."""
    frame = np.full((HEIGHT, WIDTH), level, np.uint8)
    frame[24:-20, 40:-40] = texture(HEIGHT - 44, WIDTH - 80)

    found, numbers = bars.find([frame] * 3, black=16)

    assert found == Bars(24, 20, 40, 40)
    assert found.cut(frame).shape == (HEIGHT - 44, WIDTH - 80)
    assert numbers["black_rows"] == pytest.approx(20 / HEIGHT)


def test_bars_of_a_blurred_copy_are_found() -> None:
    """As around an upright video in a wide one."""
    small = Image.fromarray(texture(6, 10)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    frame = np.asarray(small).copy()
    frame[:, 100:-100] = texture(HEIGHT, WIDTH - 200)

    found, numbers = bars.find([frame], black=16)

    assert (found.top, found.bottom) == (0, 0)
    assert found.left == found.right == pytest.approx(100, abs=2)
    assert numbers["soft_columns"] > 2 * bars.SOFT


def test_a_dark_scene_has_no_bars() -> None:
    """A line belongs to a bar only if it is dark in all frames; and black frames are no bars."""
    dark = np.full((HEIGHT, WIDTH), 16, np.uint8)
    lit = dark.copy()
    lit[:30] = texture(30, WIDTH)

    assert bars.find([dark], black=16)[0] == Bars(0, 0, 0, 0)
    assert bars.find([lit, lit[::-1]], black=16)[0] == Bars(0, 0, 0, 0)
