"""Intervals around scores: by hand, and as often right as they say."""

import numpy as np
import pytest

from vq.metrics import conformal


def test_the_rank_is_that_of_split_conformal() -> None:
    """Of 9 errors of 9 contents at 80 %: the ceil(10 x 0.8) = 8th smallest."""
    mos = np.arange(9, dtype=float)
    score = mos + np.array([1, -2, 3, -4, 5, -6, 7, -8, 9]) / 10
    assert conformal.half_width(score, mos, np.arange(9), coverage=0.8) == pytest.approx(0.8)


def test_too_few_contents_promise_nothing() -> None:
    """With 8 contents, 90 % would need the 9th smallest error, however many their versions."""
    for versions in (1, 5):
        contents = np.repeat(np.arange(8), versions)
        zeros = np.zeros(len(contents))
        assert conformal.half_width(zeros, zeros + 1, contents, coverage=0.9) is None
    nine = np.arange(9)
    assert conformal.half_width(np.zeros(9), np.ones(9), nine, coverage=0.9) == 1.0


def test_a_content_of_many_versions_counts_once() -> None:
    """Four contents at 60 %: three fifths of the mass, so all but the worst, by hand."""
    contents = np.array(["a"] * 6 + ["b", "c", "d"])
    error = np.array([0.1] * 6 + [0.2, 0.3, 0.4])
    assert conformal.half_width(error, np.zeros(9), contents, coverage=0.6) == pytest.approx(0.3)


@pytest.mark.parametrize("coverage", [0.5, 0.9])
@pytest.mark.parametrize("versions", [1, 8])
def test_it_covers_as_often_as_it_says(coverage: float, versions: int) -> None:
    """Mean over 2,000 draws: 30 contents to calibrate on, 10 to test; versions share errors."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(2000):
        shared = np.repeat(rng.exponential(0.5, 40) - 0.3, versions)
        error = shared + rng.normal(0, 0.1, 40 * versions)
        contents = np.repeat(np.arange(40), versions)
        known, new = contents < 30, contents >= 30
        zeros = np.zeros(40 * versions)
        half = conformal.half_width(error[known], zeros[known], contents[known], coverage=coverage)
        assert half is not None
        shares.append(conformal.covered(error[new], zeros[new], half).mean())
    # Up to 1 / 31 above it: the mass of the content to come.
    assert coverage - 0.01 < np.mean(shares) < coverage + 1 / 31 + 0.01
