"""Moments and clips spread over a video."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vq.video import frame_sampling


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
    np.testing.assert_array_equal(frame_sampling.moments(frame_count, moments=moments), expected)


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
    found = frame_sampling.clips(frame_count, moments=moments, frames=frames)

    np.testing.assert_array_equal(found, expected)


@given(st.integers(1, 10_000), st.integers(1, 40), st.integers(1, 40))
def test_no_sample_leaves_the_video(frame_count: int, moments: int, frames: int) -> None:
    """Every number exists, and time never runs backwards."""
    found = frame_sampling.clips(frame_count, moments=moments, frames=frames)

    assert found.min() >= 0
    assert found.max() < frame_count
    assert (np.diff(found, axis=1) >= 0).all()
    assert (np.diff(frame_sampling.moments(frame_count, moments=moments)) >= 0).all()


@pytest.mark.parametrize(
    ("slack", "keys", "expected"),
    [
        pytest.param(0.0, [0, 4, 12], [5, 15], id="none-stays-in-the-middle"),
        pytest.param(1.0, [0, 4, 12], [4, 12], id="a-keyframe"),
        pytest.param(1.0, [1, 3, 8, 10, 16, 19], [3, 16], id="the-one-nearest-to-the-middle"),
        pytest.param(1.0, [0, 10], [5, 10], id="up-to-the-front-end-but-never-the-first-frame"),
        pytest.param(1.0, [], [5, 15], id="without-one-in-the-middle"),
        pytest.param(0.5, [2, 8, 12, 17], [5, 15], id="beyond-half-the-way-none-counts"),
    ],
)
def test_moments_move_to_where_frames_cost_less(
    slack: float, keys: list[int], expected: list[int]
) -> None:
    """Two parts of ten frames, 0 to 9 and 10 to 19; middles 5 and 15."""
    found = frame_sampling.snap_to_keyframes(20, np.array(keys, np.int64), moments=2, slack=slack)

    np.testing.assert_array_equal(found, expected)


@given(st.data(), st.integers(1, 3000), st.integers(1, 40), st.floats(0, 1))
def test_a_moment_stays_in_its_part(
    data: st.DataObject, frame_count: int, moments: int, slack: float
) -> None:
    """Moments never cross, however the keyframes lie; without slack they are the middles."""
    keys = sorted(data.draw(st.sets(st.integers(0, frame_count - 1), max_size=60)))
    middles = frame_sampling.moments(frame_count, moments=moments)

    found = frame_sampling.snap_to_keyframes(
        frame_count, np.array(keys, np.int64), moments=moments, slack=slack
    )

    assert (np.abs(found - middles) <= slack * frame_count / (2 * moments)).all()
    assert 0 <= found.min() <= found.max() < frame_count
    if frame_count >= moments:
        assert (np.diff(found) > 0).all()
    if slack == 0:
        np.testing.assert_array_equal(found, middles)


def test_an_empty_video_is_refused() -> None:
    """There is no frame to repeat."""
    with pytest.raises(ValueError, match="2 moments of a video of 0 frames"):
        frame_sampling.moments(0, moments=2)
