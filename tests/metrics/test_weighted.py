"""Agreement in many resamples at once; the reference is SciPy on the repeated videos."""

import numpy as np
import pytest

from vq.metrics import agreement, weighted

NAMES = ["srcc", "krcc", "plcc", "rmse"]
Videos = tuple[np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture
def videos() -> Videos:
    """Predictions and ratings with many ties, and 40 weightings."""
    rng = np.random.default_rng(3)
    mos = rng.normal(3, 1, 60).round(1)
    predicted = (mos + rng.normal(0, 1, 60)).round(0).astype(np.float32)
    return predicted, mos, rng.multinomial(60, np.full(60, 1 / 60), size=40).astype(float)


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_is_a_repetition(name: str, videos: Videos) -> None:
    """Each row equals the plain measure on the videos, each as often as its weight."""
    predicted, mos, weights = videos

    found = getattr(weighted, name)(predicted, mos, weights)

    for row, counts in zip(found, weights, strict=True):
        drawn = np.repeat(np.arange(60), counts.astype(int))
        expected = getattr(agreement, name)(predicted[drawn], mos[drawn])
        assert row == pytest.approx(expected, abs=1e-12)


def test_kendall_by_blocks_is_kendall(videos: Videos, monkeypatch: pytest.MonkeyPatch) -> None:
    """The block size bounds memory and changes nothing else."""
    whole = weighted.krcc(*videos)

    monkeypatch.setattr(weighted, "BLOCK", 7)

    np.testing.assert_allclose(weighted.krcc(*videos), whole, atol=1e-12)


@pytest.mark.parametrize("name", ["srcc", "krcc", "plcc"])
def test_constant_predictions_agree_with_nothing_in_any_resample(name: str, videos: Videos) -> None:
    """The convention of `agreement`: 0, not nan."""
    _, mos, weights = videos

    assert (getattr(weighted, name)(np.full(60, 3.1), mos, weights) == 0).all()


def test_pearson_does_not_depend_on_the_unit(videos: Videos) -> None:
    """Of either side; and what is equal up to rounding agrees with nothing."""
    predicted, mos, weights = videos
    small = weighted.plcc(1e-12 * predicted.astype(float), 1e9 * mos, weights)

    np.testing.assert_allclose(small, weighted.plcc(predicted, mos, weights), atol=1e-12)
    assert (weighted.plcc(3 + 1e-13 * predicted.astype(float), mos, weights) == 0).all()


@pytest.mark.parametrize("name", ["srcc", "krcc", "plcc"])
def test_a_resample_without_a_ranking_says_so(name: str) -> None:
    """One video, drawn three times, gives nan; the other resample is measured."""
    weights = np.array([[3.0, 0.0, 0.0], [1.0, 1.0, 1.0]])

    found = getattr(weighted, name)(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]), weights)

    assert np.isnan(found[0])
    assert found[1] == pytest.approx(1)
