"""Moments and clips spread over a video."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vq.video import sample


@pytest.mark.parametrize(
    ("frame_count", "moments", "expected"),
    [
        pytest.param(10, 2, [2, 7], id="middle-of-each-half"),
        pytest.param(10, 1, [5], id="one"),
        pytest.param(8, 8, list(range(8)), id="every-frame"),
        pytest.param(2, 4, [0, 0, 1, 1], id="short-video-repeats"),
    ],
)
def test_moments_are_the_middles_of_equal_parts(
    frame_count: int, moments: int, expected: list[int]
) -> None:
    """Worked out by hand: floor((k + 1/2) n / N)."""
    np.testing.assert_array_equal(sample.moments(frame_count, moments=moments), expected)


@pytest.mark.parametrize(
    ("frame_count", "moments", "frames", "expected"),
    [
        pytest.param(20, 2, 3, [[5, 6, 7], [15, 16, 17]], id="from-each-moment-on"),
        pytest.param(10, 2, 4, [[2, 3, 4, 5], [6, 7, 8, 9]], id="shifted-back"),
        pytest.param(2, 1, 4, [[0, 1, 1, 1]], id="short-video-repeats-its-last"),
    ],
)
def test_clips_are_neighbours(
    frame_count: int, moments: int, frames: int, expected: list[list[int]]
) -> None:
    """A clip starts at its moment unless it would run over the end."""
    found = sample.clips(frame_count, moments=moments, frames=frames)

    np.testing.assert_array_equal(found, expected)


@given(st.integers(1, 10_000), st.integers(1, 40), st.integers(1, 40))
def test_no_sample_leaves_the_video(frame_count: int, moments: int, frames: int) -> None:
    """Every number exists, and time never runs backwards."""
    found = sample.clips(frame_count, moments=moments, frames=frames)

    assert found.min() >= 0
    assert found.max() < frame_count
    assert (np.diff(found, axis=1) >= 0).all()
    assert (np.diff(sample.moments(frame_count, moments=moments)) >= 0).all()


def test_an_empty_video_is_refused() -> None:
    """There is no frame to repeat."""
    with pytest.raises(ValueError, match="2 moments of a video of 0 frames"):
        sample.moments(0, moments=2)
