"""Release gates."""

import re
from typing import Any

import pytest

from vq.errors import DataError
from vq.params import Judge
from vq.release import gates
from vq.release.gates import Verdict

PARAMS = Judge(
    min_srcc=0.75,
    min_plcc=0.7,
    beat=("constant", "handcrafted"),
    max_student_mb=10.0,
    max_rejected=0.05,
)


def measured(
    *,
    srcc: float = 0.85,
    plcc: float = 0.86,
    constant: float = 0.85,
    handcrafted: float = 0.1,
    low: float | None = 0.02,
) -> dict[str, Any]:
    """What `evaluate` writes, as far as gates read it."""

    def interval(value: float) -> dict[str, float | None]:
        return {"value": value, "low": low, "high": None if low is None else value + 0.05}

    return {
        "models": {"student": {"srcc": interval(srcc), "plcc": interval(plcc)}},
        "differences": {
            "student-constant": interval(constant),
            "student-handcrafted": interval(handcrafted),
        },
    }


def judged(test: dict[str, Any], *, size: int = 5_000_000, rejected: int = 2) -> Verdict:
    """The verdict on a student among 100 videos."""
    return gates.judge(test, {"rows": 100, "rejected": rejected}, size, PARAMS)


def test_a_good_student_passes() -> None:
    """Every gate opens and says what it measured."""
    verdict = judged(measured())

    assert verdict.accepted
    assert verdict.objections == ()
    assert [gate.name for gate in verdict.gates] == [
        "srcc",
        "plcc",
        "beats_constant",
        "beats_handcrafted",
        "size_mb",
        "rejected",
    ]
    assert verdict.gates[0].sentence == (
        "SRCC on test is 0.850 [0.020, 0.900], at or above the floor of 0.750."
    )


@pytest.mark.parametrize(
    ("verdict", "objection"),
    [
        pytest.param(
            judged(measured(srcc=0.7)), "SRCC on test is 0.700.*below the floor", id="srcc"
        ),
        pytest.param(
            judged(measured(plcc=0.6)), "PLCC on test is 0.600.*below the floor", id="plcc"
        ),
        pytest.param(judged(measured(constant=0.0)), "constant.*does not beat", id="constant"),
        pytest.param(
            judged(measured(handcrafted=-0.1)),
            r"-0\.100.*handcrafted.*does not beat",
            id="handcrafted",
        ),
        pytest.param(judged(measured(), size=12_340_000), "12.34 MB, over.*10 MB", id="size"),
        pytest.param(judged(measured(), rejected=6), r"6 of 100 videos \(6.0%\)", id="data"),
    ],
)
def test_each_shut_gate_gives_one_objection(verdict: Verdict, objection: str) -> None:
    """The rest stays open, and the sentence has the number."""
    (only,) = verdict.objections

    assert not verdict.accepted
    assert re.search(objection, only)


def test_a_verdict_names_every_reason() -> None:
    """Not the first alone."""
    assert len(judged(measured(srcc=0.1, plcc=0.1), rejected=50).objections) == 3


def test_a_threshold_may_be_met_exactly() -> None:
    """Floors and budgets include their own value."""
    verdict = judged(measured(srcc=0.75, plcc=0.7), size=10_000_000, rejected=5)

    assert verdict.accepted


@pytest.mark.parametrize(
    ("low", "said"),
    [
        pytest.param(0.01, "beyond noise", id="clear"),
        pytest.param(-0.01, "may be noise", id="unclear"),
        pytest.param(None, "no interval: too few contents", id="unknown"),
    ],
)
def test_a_win_says_whether_it_is_noise(low: float | None, said: str) -> None:
    """The gate opens on the point difference; the sentence leaves the doubt to the reader."""
    gate = judged(measured(low=low)).gates[3]

    assert gate.passed
    assert said in gate.sentence


def test_a_baseline_that_was_not_measured_keeps_the_gate_shut() -> None:
    """A zoo without handcrafted experts has no handcrafted baseline: nobody beat it."""
    test = measured()
    del test["differences"]["student-handcrafted"]

    assert "handcrafted baseline: it was not measured" in judged(test).objections[0]


def test_a_number_that_is_none_keeps_the_gate_shut() -> None:
    """JSON turns nan into null; neither may pass."""
    test = measured()
    test["models"]["student"]["srcc"]["value"] = None

    assert judged(test).objections[0].startswith("SRCC on test is unknown")


def test_a_verdict_survives_json() -> None:
    """The registry and `vq report` read what judge wrote."""
    verdict = judged(measured(srcc=0.2))

    assert Verdict.from_json(verdict.to_json()) == verdict


def test_half_a_measurement_is_refused() -> None:
    """With the key that is missing."""
    with pytest.raises(DataError, match="'student' is missing"):
        gates.judge({"models": {}}, {"rows": 1, "rejected": 0}, 1, PARAMS)
    with pytest.raises(DataError, match="no verdict"):
        Verdict.from_json({"gates": [{"name": "srcc"}]})
