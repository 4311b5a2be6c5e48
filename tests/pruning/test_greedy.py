"""Pruning: claims 8 and 9."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from vq.errors import DataError
from vq.params import Prune
from vq.pruning import greedy
from vq.pruning.trial import Effect

PARAMS = Prune(
    fidelity="probe",
    candidate="gain",
    effect="student",
    top=2,
    max_experts=3,
    max_gmacs=None,
    max_similarity=0.9,
    repeats=3,
    candidate_confidence=0.8,
    join_confidence=0.8,
    student="any",
)
JITTER = np.array([-0.01, 0.0, 0.01])
FREE = dict.fromkeys("abcd", 0.0)


def effect(teacher: float, student: float) -> Effect:
    """A trial's outcome on three repeats, which differ a little and in different ways."""
    return Effect(teacher + JITTER, student + JITTER[::-1] / 2)


def test_confidence_grows_with_the_difference_and_shrinks_with_its_spread() -> None:
    """Even at none; sure of a large and steady one; unsure of a small one in noise."""
    plain = np.array([0.70, 0.72, 0.68])
    steady, wild = np.array([0.049, 0.05, 0.051]), np.array([-0.2, 0.05, 0.3])

    assert greedy.confidence(plain, plain, test_over_train=1 / 3) == 0.5
    assert greedy.confidence(plain + steady, plain, test_over_train=1 / 3) > 0.99
    assert 0.5 < greedy.confidence(plain + wild, plain, test_over_train=1 / 3) < 0.75


def test_confidence_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, sd 1, error sqrt(1/3 + .25/.75), t(2) of 2.449 is .933."""
    found = greedy.confidence(np.array([1.0, 2.0, 3.0]), np.zeros(3), test_over_train=1 / 3)

    assert found == pytest.approx(0.933, abs=1e-3)


def test_each_criterion_of_claim_8_asks_another_rival() -> None:
    """A strong expert passes `gain` and fails `claim8`; junk can do the reverse: all are told."""
    effects = {"strong": effect(0.9, 0.8), "weak": effect(0.5, 0.76), "junk": effect(0.0, 0.70)}
    plain = 0.70 + JITTER[::-1] / 2

    judged = {
        name: greedy.judge(
            effects,
            plain,
            {},
            test_over_train=1 / 3,
            params=PARAMS.model_copy(update={"candidate": name}),
        )
        for name in ("knows", "gain", "claim8")
    }

    stay = {name: [one.name for one in found if one.candidate] for name, found in judged.items()}
    assert stay == {
        "knows": ["strong", "weak"],
        "gain": ["strong", "weak"],
        "claim8": ["weak", "junk"],
    }
    for name in ("knows", "gain", "claim8"):
        told = [[getattr(one, name) for one in found] for found in judged.values()]
        assert told == [told[0]] * 3


def test_fewer_than_two_candidates_is_an_error_that_says_why() -> None:
    """Never a fallback: one sentence for each expert, and what to do."""
    effects = {"good": effect(0.9, 0.8), "bad": effect(0.1, 0.6)}

    with pytest.raises(DataError, match=r"1 of 2 experts are candidates.*bad: fails"):
        greedy.judge(effects, 0.70 + JITTER, {}, test_over_train=1 / 3, params=PARAMS)


def combine(
    second: Mapping[str, float], costs: Mapping[str, float] = FREE, **changes: object
) -> greedy.Combination:
    """Combine experts whose second effects are known, by their letters in order of the alphabet."""
    params = PARAMS.model_copy(update={"effect": "teacher", "top": 1, **changes})
    judged = [
        greedy.ExpertAssessment(
            name, effect(second[name], 0.7), 1.0, 1.0, 1.0, None, True, "passes"
        )
        for name in sorted(set("".join(second)))
    ]

    def trials(combinations: Sequence[greedy.Names], what: str) -> list[Effect]:
        # Each combination strays in its own way, as trials do.
        return [
            Effect(second["".join(sorted(names))] + JITTER * (len(names) - 2) / 9, JITTER)
            for names in combinations
        ]

    return greedy.combine(judged, trials, costs, test_over_train=1 / 3, params=params)


def test_the_combination_grows_while_it_helps() -> None:
    """The best head starts, `b` and `c` help and join, `d` comes too late for the budget."""
    one = {"a": 0.80, "b": 0.79, "c": 0.75, "d": 0.74}
    two = {"ab": 0.84, "ac": 0.82, "ad": 0.81, "bc": 0.8}
    three = {"abc": 0.88, "abd": 0.86}

    found = combine(one | two | three)

    assert found.experts == ("a", "b", "c")
    assert [step.joined for step in found.steps] == [("a",), ("b",), ("c",)]
    assert found.worth["c"].adds == pytest.approx(0.04)
    assert found.worth["d"].adds == pytest.approx(0.02)


def test_the_combination_stops_where_nothing_helps() -> None:
    """And the last step says who came closest."""
    one = {"a": 0.80, "b": 0.79, "c": 0.75}
    two = {"ab": 0.84, "ac": 0.82, "bc": 0.8}

    found = combine(one | two | {"abc": 0.84})

    assert found.experts == ("a", "b")
    assert found.steps[-1].joined == ()
    assert "c would not surely help" in found.steps[-1].reason


def test_one_expert_is_no_ensemble() -> None:
    """Claim 1: the second one joins even if nobody can be sure that it helps, and that is told."""
    found = combine({"a": 0.80, "b": 0.3, "c": 0.2, "ab": 0.79, "ac": 0.78, "abc": 0.79})

    assert found.experts == ("a", "b")
    assert "an ensemble needs two" in found.steps[1].reason


def test_an_expert_that_others_make_superfluous_leaves() -> None:
    """`a` was best alone; what it knows, `b` and `c` know together."""
    one = {"a": 0.80, "b": 0.75, "c": 0.74}
    two = {"ab": 0.84, "ac": 0.83, "bc": 0.88}

    found = combine(one | two | {"abc": 0.88})

    assert found.experts == ("b", "c")
    assert found.steps[-1].left == ("a",)


def test_the_k_best_first_effects_start() -> None:
    """Claim 9 as we read it: `top` of them at once, though `c` were the better second."""
    one = {"a": 0.80, "b": 0.79, "c": 0.75}
    two = {"ab": 0.81, "ac": 0.84, "bc": 0.8}

    found = combine(one | two | {"abc": 0.85}, top=2, max_experts=2)

    assert found.experts == ("a", "b")
    assert [step.joined for step in found.steps] == [("a", "b")]


def test_of_two_that_cannot_be_told_apart_the_cheaper_joins() -> None:
    """And the dearer one where it is surely better."""
    one, rest = {"a": 0.80, "b": 0.79, "c": 0.75}, {"bc": 0.8, "abc": 0.85}
    costs = {"a": 5.0, "b": 40.0, "c": 2.0}

    level = combine(one | rest | {"ab": 0.85, "ac": 0.85}, costs, max_experts=2)
    apart = combine(one | rest | {"ab": 0.85, "ac": 0.82}, costs, max_experts=2)

    assert level.experts == ("a", "c")
    assert apart.experts == ("a", "b")
    assert (level.steps[-1].gmacs, apart.steps[-1].gmacs) == (7.0, 45.0)


def test_a_budget_is_kept_from_the_first_expert_on() -> None:
    """The best one is left out where no second would fit beside it."""
    second = {"a": 0.80, "b": 0.79, "c": 0.75, "ab": 0.9, "ac": 0.84, "bc": 0.82, "abc": 0.9}
    costs = {"a": 60.0, "b": 40.0, "c": 2.0}

    assert combine(second, costs, max_gmacs=70).experts == ("a", "c")
    assert combine(second, costs, max_gmacs=61).experts == ("b", "c")
    with pytest.raises(
        DataError, match=r"max_gmacs \(40 GMACs a video\): the cheapest two take 42"
    ):
        combine(second, costs, max_gmacs=40)
