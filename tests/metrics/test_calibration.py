"""The expected calibration error."""

import numpy as np
import pytest

from vq.metrics import calibration
from vq.metrics.interval import Bootstrap, Interval


def measured(score: np.ndarray, mos: np.ndarray, contents: np.ndarray | None = None) -> Interval:
    """With every video a content of its own, unless said otherwise."""
    return calibration.error(
        score,
        mos,
        np.arange(len(score)) if contents is None else contents,
        Bootstrap(200, 0.95, 0),
    )


def test_noise_is_no_error() -> None:
    """Ten videos in five pairs: in each pair one is rated too high and one too low, by as much."""
    score = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 2)

    assert measured(score, score + np.tile([0.5, -0.5], 5)).value == pytest.approx(0.0)


def test_an_offset_is_the_error() -> None:
    """Wherever on the scale: it is the same in every resample too."""
    score = np.linspace(1, 5, 10)
    found = measured(score, score - 0.3)

    assert found.value == pytest.approx(0.3)
    assert (found.low, found.high) == pytest.approx((0.3, 0.3))


def test_scores_that_keep_to_the_middle_are_an_error() -> None:
    """Half as far from 3 as the ratings: off by 1, 0.5, 0, 0.5 and 1, whose mean is 0.6."""
    mos = np.array([1.0, 2.0, 3.0, 4.0, 5.0])

    assert measured(3 + (mos - 3) / 2, mos).value == pytest.approx(0.6)


def test_one_content_knows_no_interval() -> None:
    """There is nothing to draw."""
    assert not measured(np.ones(4), np.zeros(4), np.zeros(4)).has_bounds


def test_nothing_to_measure_is_refused() -> None:
    """Rather than an error of 0."""
    with pytest.raises(ValueError, match="no video"):
        measured(np.array([]), np.array([]))
