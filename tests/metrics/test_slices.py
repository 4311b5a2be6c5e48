"""Agreement for each kind of video."""

import numpy as np
import pandas as pd
import pytest

from vq.metrics import slices


def test_each_value_is_judged_by_itself() -> None:
    """Blur is ranked in order, noise in reverse; noise is flattered by one point."""
    mos = np.arange(20.0)
    predicted = np.concatenate([np.arange(10.0), np.arange(19.0, 9, -1) + 1])
    column = pd.Series(["blur"] * 10 + ["noise"] * 10)

    found = slices.slices(column, predicted, mos)

    assert found["blur"] == pytest.approx({"n": 10, "srcc": 1.0, "mean_error": 0.0})
    assert found["noise"] == pytest.approx({"n": 10, "srcc": -1.0, "mean_error": 1.0})


def test_seven_videos_have_no_correlation() -> None:
    """It would be an anecdote; the mean error stands."""
    found = slices.slices(pd.Series(["a"] * 7 + ["b"] * 8), np.arange(15.0), np.arange(15.0))

    assert found["a"]["srcc"] is None
    assert found["a"]["mean_error"] == 0
    assert found["b"]["srcc"] == pytest.approx(1)


def test_equal_ratings_have_no_correlation() -> None:
    """Pristine videos may all be rated 5."""
    found = slices.slices(pd.Series(["pristine"] * 9), np.arange(9.0), np.full(9, 5.0))

    assert found["pristine"]["srcc"] is None


def test_a_few_numbers_are_names_and_many_are_cut_at_quartiles() -> None:
    """Heights 240 and 360 are two slices; a hundred durations are four."""
    few = slices.labels(pd.Series([360, 240, 360], dtype="Int64"))
    many = slices.slices(pd.Series(np.arange(101.0)), np.arange(101.0), np.arange(101.0))

    assert few == ["360", "240", "360"]
    assert list(many) == ["0 to 25", "25 to 50", "50 to 75", "75 to 100"]
    assert [slice_["n"] for slice_ in many.values()] == [26, 25, 25, 25]


def test_a_missing_value_is_a_slice() -> None:
    """Nobody vanishes: the counts add up to all videos."""
    column = pd.Series(["blur", None, "blur", ""], dtype="string")

    found = slices.slices(column, np.zeros(4), np.arange(4.0))

    assert sum(int(part["n"] or 0) for part in found.values()) == 4
    assert slices.labels(column) == ["blur", "(empty)", "blur", "(empty)"]
