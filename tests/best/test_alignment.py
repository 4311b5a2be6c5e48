"""Which frames show the same moment."""

import numpy as np
import pytest

from tests.best import copies
from vq.best import alignment
from vq.best.clock import Clock


@pytest.mark.parametrize("mirrored", [False, True], ids=["straight", "mirrored"])
def test_a_copy_that_begins_later_is_lined_up(mirrored: bool) -> None:
    """By the frame, at another rate of frames, and turned around."""
    frames = copies.scene(4, frames=40)[..., 0]
    later = frames[6::2, ::2, ::2]
    later = later[:, :, ::-1] if mirrored else later
    every, second = Clock(24.0), Clock(12.0)
    offset = alignment.find_offset(
        frames, np.ascontiguousarray(later), anchor_clock=every, clock=second
    )
    times = alignment.moments_of(
        [alignment.SAME, offset], [40 / 24, len(later) / 12], clock=every, count=4
    )
    numbers = alignment.numbers_of(times, offset, clock=second, frame_count=len(later))

    assert offset.mirrored is mirrored
    assert offset.seconds == pytest.approx(-6 / 24)
    # Every second frame is there.
    assert all(abs(6 + 2 * n - 24 * time) <= 1 for n, time in zip(numbers, times, strict=True))


def test_another_scene_does_not_fit() -> None:
    """Copies are told from others by more than their fingerprints."""
    offset = alignment.find_offset(
        copies.scene(4)[..., 0],
        copies.scene(5)[..., 0],
        anchor_clock=Clock(24.0),
        clock=Clock(24.0),
    )

    assert not offset.fits
