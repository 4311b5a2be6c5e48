"""Whether samples differ: planted drift is found, none is not."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vq.drift.compare import Pair, compare
from vq.params import Watch

SETTINGS = Watch(alpha=0.01, min_effect=0.2, min_rows=30, probe=0, days=None)


def numbers(seed: int, size: int, shift: float = 0.0) -> pd.Series:
    """Scores, say."""
    return pd.Series(np.random.default_rng(seed).normal(shift, 1, size))


def codecs(seed: int, size: int, hevc: float) -> pd.Series:
    """A share of one, the rest of another."""
    drawn = np.random.default_rng(seed).random(size) < hevc
    return pd.Series(np.where(drawn, "hevc", "h264"), dtype="string")


def planted(seed: int, *, shift: float = 0.0, hevc: float = 0.2) -> dict[str, Pair]:
    """Ten columns, of which the first two may have drifted."""
    pairs = {"score": (numbers(seed, 300), numbers(seed + 1, 300, shift))}
    pairs["codec"] = (codecs(seed, 300, 0.2), codecs(seed + 1, 300, hevc))
    return pairs | {
        f"same{n}": (numbers(seed + 2 + n, 300), numbers(seed + 10 + n, 300)) for n in range(8)
    }


@pytest.mark.parametrize(
    ("drift", "found"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"shift": 1.0}, ["score"], id="numbers"),
        pytest.param({"hevc": 0.6}, ["codec"], id="categories"),
        pytest.param({"shift": -1.0, "hevc": 0.6}, ["score", "codec"], id="both"),
    ],
)
@pytest.mark.parametrize("seed", [0, 100, 200])
def test_planted_drift_is_found_and_nothing_else(
    drift: dict[str, float], found: list[str], seed: int
) -> None:
    """A training that nobody needs costs hours; one that is missed costs quality."""
    seen = compare(planted(seed, **drift), settings=SETTINGS)
    assert [one.column for one in seen if one.drifted] == found


def test_a_small_difference_among_many_videos_is_no_drift() -> None:
    """It is significant, and nobody need care."""
    (one,) = compare({"score": (numbers(1, 20_000), numbers(2, 20_000, 0.1))}, settings=SETTINGS)
    assert one.adjusted < 1e-6
    assert not one.drifted


def test_statistics_are_those_of_scipy() -> None:
    """Kolmogorov-Smirnov by hand: of 1..40 against 21..60, half lie below all others."""
    before, after = pd.Series(range(1, 41)), pd.Series(range(21, 61))
    (one,) = compare({"height": (before, after)}, settings=SETTINGS)
    assert one.effect == pytest.approx(0.5)
    assert one.p == pytest.approx(stats.ks_2samp(before, after, method="asymp").pvalue)
    assert one.sentence == "median 20.5 before, 40.5 now"


def test_the_effect_of_categories_is_the_share_that_moved() -> None:
    """From 50, 50 to 20, 80 of a hundred: 30 have moved."""
    before = pd.Series(["a"] * 50 + ["b"] * 50, dtype="string")
    after = pd.Series(["a"] * 20 + ["b"] * 80, dtype="string")
    (one,) = compare({"codec": (before, after)}, settings=SETTINGS)
    assert one.effect == pytest.approx(0.3)
    assert one.p == pytest.approx(
        stats.chi2_contingency([[50, 20], [50, 80]], correction=False).pvalue
    )
    assert one.sentence == "b: 50% before, 80% now"


def test_rare_categories_count_as_one() -> None:
    """Many codecs of one video each are no drift, and a single category is none."""
    usual = ["a"] * 90
    before = pd.Series([*usual, *(f"x{n}" for n in range(10))], dtype="string")
    after = pd.Series([*usual, *(f"y{n}" for n in range(10))], dtype="string")
    seen = compare({"codec": (before, after), "one": (before[:90], after[:90])}, settings=SETTINGS)
    assert [(one.effect, one.p) for one in seen] == [(pytest.approx(0), pytest.approx(1)), (0, 1)]


def test_too_few_values_are_not_compared() -> None:
    """Nulls do not count."""
    some = numbers(1, 40)
    assert compare({"score": (some, some.where(some.index < 29))}, settings=SETTINGS) == []


def test_false_alarms_are_as_rare_as_alpha_says() -> None:
    """Of 300 looks without drift 15 alarm at .05, 26 at most in 997 of 1,000 such series."""
    loose = SETTINGS.model_copy(update={"alpha": 0.05, "min_effect": 0.0})
    alarms = sum(
        any(one.drifted for one in compare(planted(1000 + 20 * look), settings=loose))
        for look in range(300)
    )
    assert alarms <= 26
