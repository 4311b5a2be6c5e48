"""Pruning: claims 8 and 9."""

import numpy as np
import pytest

from vq.errors import DataError
from vq.params import Prune
from vq.prune import choose, similarity
from vq.prune.trial import Effect

PARAMS = Prune(
    candidate="gain",
    effect="student",
    top=2,
    max_experts=3,
    max_similarity=0.98,
    repeats=3,
    candidate_confidence=0.8,
    join_confidence=0.8,
    student="any",
)
JITTER = np.array([-0.01, 0.0, 0.01])


def effect(teacher: float, student: float) -> Effect:
    """A trial's outcome on three repeats, which differ a little and in different ways."""
    return Effect(teacher + JITTER, student + JITTER[::-1] / 2)


def test_cka_knows_turned_copies_and_strangers() -> None:
    """1 for a rotated, scaled copy (its invariance); near 0 for independent noise."""
    rng = np.random.default_rng(0)
    one = rng.normal(size=(400, 5))
    turned = 3 * one @ np.linalg.qr(rng.normal(size=(5, 5)))[0]

    assert similarity.cka(one, 2 * one + 1) == pytest.approx(1)
    assert similarity.cka(one, turned) > 0.95
    assert similarity.cka(one, rng.normal(size=(400, 7))) < 0.1


def test_cka_against_the_formula_of_kornblith() -> None:
    """Frobenius norm of the cross covariance over those of the covariances (their equation 5)."""
    rng = np.random.default_rng(1)
    one = rng.normal(size=(50, 3))
    other = one[:, :2] + rng.normal(size=(50, 2))
    x, y = ((m - m.mean(0)) / m.std(0) for m in (one, other))
    expected = np.linalg.norm(y.T @ x) ** 2 / np.linalg.norm(x.T @ x) / np.linalg.norm(y.T @ y)

    assert similarity.cka(one, other) == pytest.approx(expected)


def test_of_two_that_are_alike_the_weaker_goes_out() -> None:
    """Claim 8: the structures of the library differ. A NaN row is no difference."""
    rng = np.random.default_rng(0)
    one = rng.normal(size=(60, 4))
    copy = 5 * one
    copy[3] = np.nan
    features = {"copy": copy, "one": one, "other": rng.normal(size=(60, 4))}

    out = similarity.alike(features, {"copy": 0.5, "one": 0.7, "other": 0.1}, 0.98)

    assert out == {"copy": ("one", pytest.approx(1.0))}


def test_confidence_grows_with_the_difference_and_shrinks_with_its_spread() -> None:
    """Even at none; sure of a large and steady one; unsure of a small one in noise."""
    plain = np.array([0.70, 0.72, 0.68])
    steady, wild = np.array([0.049, 0.05, 0.051]), np.array([-0.2, 0.05, 0.3])

    assert choose.confidence(plain, plain, test_over_train=1 / 3) == 0.5
    assert choose.confidence(plain + steady, plain, test_over_train=1 / 3) > 0.99
    assert 0.5 < choose.confidence(plain + wild, plain, test_over_train=1 / 3) < 0.75


def test_confidence_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, sd 1, error sqrt(1/3 + .25/.75), t(2) of 2.449 is .933."""
    found = choose.confidence(np.array([1.0, 2.0, 3.0]), np.zeros(3), test_over_train=1 / 3)

    assert found == pytest.approx(0.933, abs=1e-3)


def test_the_two_criteria_of_claim_8_ask_different_rivals() -> None:
    """A strong expert passes `gain` and fails `claim8`; junk can do the reverse: both are told."""
    effects = {"strong": effect(0.9, 0.8), "weak": effect(0.5, 0.76), "junk": effect(0.1, 0.70)}
    plain = 0.70 + JITTER[::-1] / 2

    by_gain = choose.judge(effects, plain, {}, test_over_train=1 / 3, params=PARAMS)
    literal = PARAMS.model_copy(update={"candidate": "claim8"})
    by_claim = choose.judge(effects, plain, {}, test_over_train=1 / 3, params=literal)

    assert [one.name for one in by_gain if one.candidate] == ["strong", "weak"]
    assert [one.name for one in by_claim if one.candidate] == ["weak", "junk"]
    assert [one.gain for one in by_gain] == [one.gain for one in by_claim]


def test_fewer_than_two_candidates_is_an_error_that_says_why() -> None:
    """Never a fallback: one sentence for each expert, and what to do."""
    effects = {"good": effect(0.9, 0.8), "bad": effect(0.1, 0.6)}

    with pytest.raises(DataError, match=r"1 of 2 experts are candidates.*bad: fails"):
        choose.judge(effects, 0.70 + JITTER, {}, test_over_train=1 / 3, params=PARAMS)


def test_the_combination_grows_while_it_helps() -> None:
    """Two best first effects start; `c` helps and joins, `d` comes too late for the budget."""
    effects = {"a": effect(0.9, 0.80), "b": effect(0.9, 0.79), "c": effect(0.9, 0.75)}
    effects["d"] = effect(0.9, 0.74)
    second = {"ab": 0.81, "abc": 0.84, "abd": 0.82}
    judged = choose.judge(
        effects, 0.70 + JITTER[::-1] / 2, {}, test_over_train=1 / 3, params=PARAMS
    )

    chosen, steps = choose.combine(
        judged,
        lambda names: effect(0.9, second["".join(names)]),
        test_over_train=1 / 3,
        params=PARAMS,
    )

    assert chosen == ("a", "b", "c")
    assert [step.joined for step in steps] == [("a", "b"), ("c",)]


def test_the_combination_stops_where_nothing_helps() -> None:
    """And the last step says who came closest."""
    effects = {"a": effect(0.9, 0.80), "b": effect(0.9, 0.79), "c": effect(0.9, 0.75)}
    judged = choose.judge(
        effects, 0.70 + JITTER[::-1] / 2, {}, test_over_train=1 / 3, params=PARAMS
    )

    chosen, steps = choose.combine(
        judged, lambda names: effect(0.9, 0.81), test_over_train=1 / 3, params=PARAMS
    )

    assert chosen == ("a", "b")
    assert steps[-1].joined == ()
    assert "c would not surely help" in steps[-1].reason
