"""Which frame is shown when."""

import numpy as np
import pytest

from vq.best.clock import Clock


def test_times_that_are_even_are_left_out() -> None:
    """Containers round them."""
    assert Clock.of(30.0, np.round(np.arange(300) / 30, 3)).times is None


def test_a_frame_that_is_held_stays_until_the_next_begins() -> None:
    """The frame whose time it is comes first, however unlike the steps are."""
    times = np.array([0.0, 0.1, 0.2, 1.2, 1.21, 1.3, 1.4])
    clock = Clock.of(5.0, times)

    assert clock.times is not None
    assert clock.numbers_at(times).tolist() == list(range(7))
    assert clock.numbers_at(np.array([-0.2, 0.9, 1.19, 2.0])).tolist() == [-1, 2, 3, 7]
    assert clock.begin_of(np.array([1.0, 1.29])).tolist() == pytest.approx([0.2, 1.21])
    assert clock.seconds(7) == pytest.approx(1.6)
