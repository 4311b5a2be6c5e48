"""Intervals: what is drawn, how wide, how often right."""

import numpy as np
import pytest
from scipy import stats

from vq.metrics import agreement, interval, weighted


def clustered(
    rng: np.random.Generator, contents: int = 30, versions: int = 6
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Versions of a content share an error of the model: they are not independent."""
    names = np.repeat(np.arange(contents), versions).astype(str)
    mos = rng.normal(0, 1, (contents, versions)) + rng.normal(0, 1, (contents, 1))
    predicted = mos + rng.normal(0, 1, (contents, 1)) + rng.normal(0, 0.3, (contents, versions))
    return names, predicted.ravel(), mos.ravel()


def test_versions_of_a_content_are_drawn_together() -> None:
    """Each row counts versions of a content equally, and draws as many contents as there are."""
    contents = np.array(["a", "a", "b", "c", "c", "c"])

    weights = interval.resample(contents, count=50, rng=np.random.default_rng(0))

    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert len(np.unique(weights, axis=0)) > 5


def test_a_share_has_the_interval_of_its_contents() -> None:
    """As from draws of each case by itself; one content knows no spread, no case has no share."""
    contents = np.array(["a", "a", "b", "c", "c", "c"])
    hits = np.array([True, False, True, True, True, False])
    weights = interval.resample(contents, count=300, rng=np.random.default_rng(0))
    sampled = weights @ hits.astype(float) / weights.sum(1)
    bootstrap = interval.Bootstrap(300, 0.9, 0)

    found = interval.share(hits, contents, bootstrap)
    alone = interval.share(hits[:2], contents[:2], bootstrap)

    assert found == interval.percentile(4 / 6, sampled, confidence=0.9)
    assert (alone.value, alone.has_bounds) == (0.5, False)
    with pytest.raises(ValueError, match="no case"):
        interval.share(hits[:0], contents[:0], bootstrap)


def test_drawing_contents_is_wider_than_drawing_videos() -> None:
    """Treating versions as independent would promise more than 30 contents can."""
    rng = np.random.default_rng(1)
    names, predicted, mos = clustered(rng)

    def width(groups: np.ndarray) -> float:
        weights = interval.resample(groups, count=1000, rng=rng)
        found = interval.percentile(0.0, weighted.srcc(predicted, mos, weights), confidence=0.95)
        return found.high - found.low

    assert width(names) > 1.3 * width(np.arange(len(mos)).astype(str))


@pytest.mark.slow
def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Of 150 data sets whose true Spearman correlation is known, 95 % intervals miss few."""
    rng = np.random.default_rng(2)
    _, predicted, mos = clustered(rng, contents=20000)
    truth = agreement.srcc(predicted, mos)

    hits = 0
    for _ in range(150):
        names, predicted, mos = clustered(rng)
        weights = interval.resample(names, count=400, rng=rng)
        found = interval.percentile(0.0, weighted.srcc(predicted, mos, weights), confidence=0.95)
        hits += not found.excludes(truth)

    assert 0.88 <= hits / 150 <= 0.995


def test_a_paired_difference_is_narrower_than_two_intervals() -> None:
    """What is hard for both models cancels when both are measured on the same draws."""
    rng = np.random.default_rng(4)
    names, predicted, mos = clustered(rng)
    other = predicted + rng.normal(0, 0.1, len(mos))
    weights = interval.resample(names, count=500, rng=rng)

    one, two = weighted.srcc(predicted, mos, weights), weighted.srcc(other, mos, weights)

    assert np.std(one - two) < 0.3 * np.hypot(np.std(one), np.std(two))


def test_a_single_content_knows_no_spread() -> None:
    """A width of zero would look like certainty."""
    weights = interval.resample(np.array(["a", "a"]), count=10, rng=np.random.default_rng(0))

    found = interval.percentile(
        0.5, weighted.plcc(np.arange(2.0), np.arange(2.0), weights), confidence=0.95
    )

    assert np.isnan([found.low, found.high]).all()
    assert not found.has_bounds
    assert not found.excludes(0.0)


def test_percentiles_worked_out_by_hand() -> None:
    """The middle 90 % of 0, 1, ..., 100 run from 5 to 95; nan is left out."""
    samples = np.append(np.arange(101.0), np.nan)

    found = interval.percentile(50.0, samples, confidence=0.9)

    assert [found.low, found.high] == pytest.approx([5, 95])
    assert found.excludes(96.0)
    assert not found.excludes(5.0)


def test_repeated_splits_by_hand() -> None:
    """Values 1 2 3: variance 1, times 1/3 + 1/4; t with two degrees of freedom is 4.3027."""
    found = interval.nadeau_bengio([1.0, 2.0, 3.0], test_over_train=0.25, confidence=0.95)

    assert found.value == 2
    assert found.high - 2 == pytest.approx(4.302653 * np.sqrt(7 / 12), rel=1e-6)
    assert 2 - found.low == pytest.approx(found.high - 2)


def test_repeated_splits_are_wider_than_independent_ones() -> None:
    """With nothing to correct for (no test share) it is the interval of Student."""
    values = [0.81, 0.84, 0.79, 0.86]
    student = stats.ttest_1samp(values, 0).confidence_interval(0.95)

    plain = interval.nadeau_bengio(values, test_over_train=0.0, confidence=0.95)
    corrected = interval.nadeau_bengio(values, test_over_train=0.25, confidence=0.95)

    assert (plain.low, plain.high) == pytest.approx((student.low, student.high))
    assert corrected.low < plain.low


def test_one_split_knows_no_spread() -> None:
    """And none is an error."""
    assert not interval.nadeau_bengio([0.8], test_over_train=0.25, confidence=0.95).has_bounds
    with pytest.raises(ValueError, match="no split"):
        interval.nadeau_bengio([], test_over_train=0.25, confidence=0.95)


def test_one_sided_confidence_mirrors_the_interval() -> None:
    """The lower end of a 90 % interval is 0 exactly where the one-sided confidence is 95 %."""
    values = np.array([0.1, 0.3, 0.2, 0.15])
    low = interval.nadeau_bengio(values.tolist(), test_over_train=0.25, confidence=0.9).low
    assert interval.one_sided((values - low).tolist(), test_over_train=0.25) == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("differences", "expected"), [([0.0, 0.0], 0.5), ([0.2], 1.0), ([-1.0, -1.0], 0)]
)
def test_without_spread_the_sign_decides(differences: list[float], expected: float) -> None:
    """One split, or splits that agree to the bit."""
    assert interval.one_sided(differences, test_over_train=0.25) == expected
