"""Intervals around scores: by hand, and as often right as they say."""

import numpy as np
import pytest

from vq.evaluate import conformal


def test_the_rank_is_that_of_split_conformal() -> None:
    """Of 9 errors at 80 %: the ceil(10 x 0.8) = 8th smallest."""
    mos = np.arange(9, dtype=float)
    score = mos + np.array([1, -2, 3, -4, 5, -6, 7, -8, 9]) / 10
    assert conformal.half_width(score, mos, coverage=0.8) == pytest.approx(0.8)


def test_too_few_videos_promise_nothing() -> None:
    """With 8 videos, 90 % would need the 9th smallest error."""
    assert conformal.half_width(np.zeros(8), np.ones(8), coverage=0.9) is None
    assert conformal.half_width(np.zeros(9), np.ones(9), coverage=0.9) == 1.0


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_it_covers_as_often_as_it_says(coverage: float) -> None:
    """Mean over 2,000 draws of 50 videos to calibrate on and 20 to test, skewed errors."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(2000):
        mos = rng.uniform(1, 5, 70)
        score = mos + rng.exponential(0.5, 70) - 0.3
        half = conformal.half_width(score[:50], mos[:50], coverage=coverage)
        assert half is not None
        shares.append(conformal.covered(score[50:], mos[50:], half).mean())
    # Exactly coverage in the limit of a continuous error, up to 1 / 51 above it.
    assert coverage - 0.01 < np.mean(shares) < coverage + 1 / 51 + 0.01
