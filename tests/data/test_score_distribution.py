"""Ratings as distributions over levels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vq.data import score_distribution

FIVE = score_distribution.values(1.0, 5.0, 5)


@given(st.floats(1.01, 4.99), st.floats(0.0, 2.0))
def test_the_expectation_is_the_mos(mos: float, std: float) -> None:
    """A label loses nothing by becoming a distribution, whatever the spread."""
    found = score_distribution.distribution(np.array([mos]), np.array([std]), FIVE)

    assert found.sum() == pytest.approx(1, abs=1e-5)
    assert score_distribution.expectation(found, FIVE)[0] == pytest.approx(mos, abs=1e-4)


def test_a_symmetric_rating_worked_out_by_hand() -> None:
    """MOS 3, spread 1: weights exp(-2), exp(-1/2), 1, exp(-1/2), exp(-2)."""
    weights = np.exp([-2, -0.5, 0, -0.5, -2])

    found = score_distribution.distribution(np.array([3.0]), np.array([1.0]), FIVE)

    np.testing.assert_allclose(found[0], weights / weights.sum(), atol=1e-6)


def test_an_unlabelled_video_has_no_distribution() -> None:
    """It must not slip into a loss as a label."""
    found = score_distribution.distribution(np.array([np.nan, 2.0]), np.array([1.0, np.nan]), FIVE)

    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_the_ends_of_the_scale_are_reached() -> None:
    """MOS 1 and 5 are ratings like any other: nearly all weight on the last level."""
    found = score_distribution.distribution(np.array([1.0, 5.0]), np.array([0.0, 0.0]), FIVE)

    assert found[0, 0] > 0.99
    assert found[1, -1] > 0.99


def test_a_scale_without_width_is_refused() -> None:
    """Every score would be the same."""
    with pytest.raises(ValueError, match=r"5 levels between 1\.0 and 1\.0"):
        score_distribution.values(1.0, 1.0, 5)
