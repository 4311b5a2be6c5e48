"""The four measures, one pair of arrays at a time."""

from collections.abc import Callable

import numpy as np
import pytest

from vq.metrics import agreement

MEASURES = [agreement.srcc, agreement.krcc, agreement.plcc]


def test_numbers_worked_out_by_hand() -> None:
    """One swap among four: Spearman 1 - 6*2/(4*15), Kendall (5-1)/6, RMSE sqrt(2/4)."""
    both = np.array([1.0, 3.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0, 4.0])

    assert agreement.srcc(*both) == pytest.approx(0.8)
    assert agreement.krcc(*both) == pytest.approx(2 / 3)
    assert agreement.plcc(*both) == pytest.approx(0.8)
    assert agreement.rmse(*both) == pytest.approx(np.sqrt(0.5))


def test_tied_predictions_share_their_rank() -> None:
    """Ranks 1.5 1.5 3 against 1 2 3: Pearson 1.5 / sqrt(1.5 * 2); tau-b 2 / sqrt(2 * 3)."""
    tied, mos = np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])

    assert agreement.srcc(tied, mos) == pytest.approx(1.5 / np.sqrt(3))
    assert agreement.krcc(tied, mos) == pytest.approx(2 / np.sqrt(6))


@pytest.mark.parametrize("measure", MEASURES)
def test_constant_predictions_agree_with_nothing(measure: Callable[..., float]) -> None:
    """A constant baseline stands in the table with 0, not with nan."""
    assert measure(np.full(3, 2.5, np.float32), np.array([1.0, 2.0, 3.0])) == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_equal_ratings_cannot_be_ranked(measure: Callable[..., float]) -> None:
    """SciPy would return nan; a gate must never compare with nan."""
    with pytest.raises(ValueError, match=r"3 videos with ratings \[2\.\]"):
        measure(np.array([1.0, 2.0, 3.0]), np.full(3, 2.0))


@pytest.mark.parametrize("measure", MEASURES)
def test_one_video_cannot_be_ranked(measure: Callable[..., float]) -> None:
    """Neither can none."""
    with pytest.raises(ValueError, match="1 video with"):
        measure(np.ones(1), np.ones(1))


@pytest.mark.parametrize("measure", [*MEASURES, agreement.rmse])
def test_a_prediction_that_is_no_number_is_named(measure: Callable[..., float]) -> None:
    """A nan would pass through RMSE and be ranked highest by Spearman."""
    with pytest.raises(ValueError, match="prediction of row 1 is nan"):
        measure(np.array([1.0, np.nan, 3.0]), np.array([1.0, 2.0, 3.0]))


def test_a_map_that_is_flat_up_to_rounding_agrees_with_nothing() -> None:
    """What is left of a model that ranks backwards, after a map that may not fall."""
    assert agreement.plcc(3 + 1e-13 * np.arange(5.0), np.arange(5.0)) == 0
    assert agreement.plcc(1e-13 * np.arange(5.0), np.arange(5.0)) == pytest.approx(1)


def test_pearson_is_taken_in_double_precision() -> None:
    """Scores of float32 that differ by little on a large offset keep their correlation."""
    near = (1000 + np.arange(8) / 64).astype(np.float32)

    assert agreement.plcc(near, np.arange(8.0)) == pytest.approx(1, abs=1e-12)
