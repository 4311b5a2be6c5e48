"""A word for a score, and the share of opinions that say each word."""

import numpy as np
import pytest

from vq.metrics.category_rating import LABELS, STEPS, ends_of, label, step_of
from vq.metrics.opinions import opinions, shares

NAN = float("nan")


@pytest.mark.parametrize(
    ("score", "word"),
    [(1, "bad"), (1.79, "bad"), (1.8, "poor"), (3, "fair"), (3.4, "good"), (4.2, "excellent")],
)
def test_the_word_is_that_of_a_fifth_of_the_scale(score: float, word: str) -> None:
    """By hand, on 1 to 5: fifths meet at 1.8, 2.6, 3.4 and 4.2; the better word where they meet."""
    assert label(float(score), (1.0, 5.0), "higher") == word


def test_the_word_follows_the_direction_of_the_scale() -> None:
    """On a scale of which less is better, the least score is excellent."""
    words = [label(float(score), (0.0, 100.0), "lower") for score in (0, 30, 50, 70, 100)]

    assert words == list(LABELS[::-1])


def test_every_score_lies_in_one_step() -> None:
    """From the low end, which belongs to it, to the high one; that of the scale to the last."""
    for step in range(STEPS):
        low, high = ends_of(step, (1.0, 5.0))
        assert (step_of(low, (1.0, 5.0)), high - low) == (step, 0.5)
    assert step_of(5.0, (1.0, 5.0)) == STEPS - 1


def test_opinions_spread_around_the_mos() -> None:
    """By hand: of a normal distribution .341 lies within a deviation on either side."""
    ((bad, poor, fair, good, excellent),) = shares(
        np.array([3.4]), np.array([0.8]), scale=(1.0, 5.0), better="higher"
    )

    assert (fair, good) == (pytest.approx(0.3413, abs=1e-4), pytest.approx(0.3413, abs=1e-4))
    assert bad + poor == pytest.approx(0.1587, abs=1e-4)
    assert excellent == pytest.approx(0.1587, abs=1e-4)


def test_where_no_spread_is_known_all_opinions_are_the_mos() -> None:
    """And the words are turned round where less is better."""
    for better, word in (("higher", "poor"), ("lower", "good")):
        ((*row,),) = shares(np.array([2.0]), np.array([NAN]), scale=(1.0, 5.0), better=better)
        assert dict(zip(LABELS, row, strict=True)) == {w: float(w == word) for w in LABELS}


def test_the_table_has_the_steps_that_have_videos() -> None:
    """With how many they are, and of how many the spread is known."""
    table = opinions(
        np.array([1.2, 1.4, 4.9]), np.array([1.0, 3.0, 5.0]), np.array([NAN, NAN, 0.1]),
        scale=(1.0, 5.0), better="higher",
    )  # fmt: skip

    assert [(step.low, step.high, step.videos) for step in table.steps] == [
        (1, 1.5, 2),
        (4.5, 5, 1),
    ]
    assert table.steps[0].shares == (0.5, 0, 0.5, 0, 0)
    assert (table.spread, table.videos) == (1, 3)
