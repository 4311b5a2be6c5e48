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
        shares.append((np.abs(error[new]) <= half).mean())
    # Up to 1 / 31 above it: the mass of the content to come.
    assert coverage - 0.01 < np.mean(shares) < coverage + 1 / 31 + 0.01


def test_half_the_width_follows_the_score() -> None:
    """Errors fall from 2 at the worst score to 1 at the best; each content weighs as much."""
    score = np.repeat(np.linspace(1, 5, 40), 3)
    mos = score + np.tile([1, -1, 1], 40) * (2 - (score - 1) / 4)
    contents = np.repeat(np.arange(40), 3)

    halves = conformal.half_widths(score, mos, contents, scale=(1.0, 5.0), coverage=0.9)

    assert halves == pytest.approx((2, 1))


def test_few_contents_or_no_difference_make_it_constant() -> None:
    """A line through a few errors says nothing; nor does one through equal scores, or no error."""
    score = np.linspace(1, 5, 40)
    mos = score + 2 - (score - 1) / 4
    for rows, score_or_same in (
        (slice(19), score),
        (slice(40), np.full(40, 3.0)),
        (slice(40), mos),
    ):
        same, mos_of = score_or_same[rows], mos[rows]
        contents = np.arange(len(same))
        half = conformal.half_width(same, mos_of, contents, coverage=0.9)
        halves = conformal.half_widths(same, mos_of, contents, scale=(1.0, 5.0), coverage=0.9)
        assert halves == (half, half)


def test_no_score_is_taken_to_be_sure() -> None:
    """Where the line of the errors falls below a quarter of their mean, it ends."""
    score = np.linspace(1, 3, 40)
    mos = score + (3 - score)
    halves = conformal.half_widths(score, mos, np.arange(40), scale=(1.0, 5.0), coverage=0.9)
    assert halves is not None
    assert halves[1] / halves[0] == pytest.approx(0.25 / 2)


def test_intervals_that_follow_the_score_cover_as_often_as_they_say() -> None:
    """Mean over 1,000 draws: the line is fitted on the contents that it is calibrated on."""
    rng = np.random.default_rng(0)
    shares = []
    contents = np.repeat(np.arange(50), 4)
    known, new = contents < 40, contents >= 40
    for _ in range(1000):
        score = rng.uniform(1, 5, 200)
        size = 0.2 + (5 - score) / 4
        mos = score + size * (np.repeat(rng.normal(0, 1, 50), 4) + rng.normal(0, 0.3, 200))
        halves = conformal.half_widths(
            score[known], mos[known], contents[known], scale=(1.0, 5.0), coverage=0.9
        )
        assert halves is not None
        half = np.interp(score[new], (1, 5), halves)
        shares.append((np.abs(score[new] - mos[new]) <= half).mean())
    assert 0.89 < np.mean(shares) < 0.9 + 1 / 41 + 0.01
