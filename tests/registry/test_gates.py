"""Release gates."""

import re
from typing import Any

import pytest

from vq.errors import DataError
from vq.gates import gates
from vq.gates.gates import Measured
from vq.gates.model_cost import Cost
from vq.gates.verdict import Verdict
from vq.params import Judge

PARAMS = Judge(
    min_srcc=0.75,
    min_plcc=0.7,
    beat={"constant": 0.0, "handcrafted": 0.0, "plain": -0.1},
    min_slice_srcc={"codec": 0.5},
    min_slice_videos=10,
    max_undercoverage=0.05,
    max_interval=0.6,
    max_calibration_error=0.1,
    min_order=0.9,
    max_student_mb=10.0,
    max_gmacs=1.0,
    max_memory_mb=100.0,
    max_rejected=0.05,
)
CHEAP = Cost(gmacs=0.1, memory_mb=15.0)


def number(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    """A measured number, as `evaluate` writes it."""
    return {"value": value, "low": low, "high": high}


def measured(
    *,
    srcc: float = 0.85,
    plcc: float = 0.86,
    constant: float | None = 0.8,
    handcrafted: float | None = 0.1,
    plain: float | None = -0.05,
    vp9: float = 0.7,
    coverage: float = 0.9,
    half_width: float = 2.0,
    calibration: float = 0.2,
    order: float = 0.95,
) -> dict[str, Any]:
    """What `evaluate` writes, as far as gates read it; differences by their low ends."""
    lows = {"constant": constant, "handcrafted": handcrafted, "plain": plain}
    return {
        "models": {"student": {"srcc": number(srcc, 0.7, 0.9), "plcc": number(plcc)}},
        "differences": {
            f"student-{name}": number(0.1, low, None if low is None else 0.9)
            for name, low in lows.items()
        },
        "slices": {
            "codec": {
                "h264": {"n": 60, "srcc": 0.8},
                "vp9": {"n": 10, "srcc": vp9},
                "av1": {"n": 9, "srcc": 0.1},
                "hevc": {"n": 12, "srcc": None},
            }
        },
        "coverage": {"nominal": 0.9, "half_width": half_width, **number(coverage, 0.7, 1.0)},
        "calibration": number(calibration, 0.1, 0.3),
        "order": {**number(order, 0.9, 1.0), "pairs": 120, "kinds": {}},
    }


def judged(
    test: dict[str, Any],
    *,
    size: int = 5_000_000,
    cost: Cost = CHEAP,
    rejected: int = 2,
    leaked: tuple[str, ...] = (),
    params: Judge = PARAMS,
) -> Verdict:
    """The verdict on a student among 100 videos, on a scale of 1 to 5."""
    checks = {"rows": 100, "rejected": rejected, "by_check": {"readable": 0, "on_scale": rejected}}
    return gates.judge(Measured(test, checks, 40, leaked, 4.0, size, cost), params)


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
        "beats_plain",
        "slice_codec",
        "coverage",
        "interval",
        "calibration",
        "order",
        "size_mb",
        "gmacs",
        "memory_mb",
        "rejected",
        "overlap",
    ]
    assert verdict.gates[0].sentence == (
        "SRCC on test is 0.850 [0.700, 0.900], at or above the floor of 0.750."
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
        pytest.param(
            judged(measured(constant=-0.01)), r"constant.*not reach \+0\.000", id="constant"
        ),
        pytest.param(
            judged(measured(plain=-0.11)),
            r"\+0\.100 \[-0\.110, 0\.900\] from that of the plain.*not reach -0\.100",
            id="plain",
        ),
        pytest.param(
            judged(measured(vp9=0.4)), "worst of 2.*vp9: SRCC 0.400 on its 10.*below", id="slice"
        ),
        pytest.param(judged(measured(coverage=0.84)), "90%.*0.840.*below 0.850", id="coverage"),
        pytest.param(judged(measured(half_width=2.5)), "62% of the scale, more", id="interval"),
        pytest.param(
            judged(measured(calibration=0.5)), r"0\.125 \[0\.025, 0\.075\].*more", id="calibration"
        ),
        pytest.param(
            judged(measured(order=0.8)), r"120 pairs.*0\.800 \[0\.900, 1\.000\], below", id="order"
        ),
        pytest.param(judged(measured(), size=12_340_000), "12.34 MB, over.*10", id="size"),
        pytest.param(judged(measured(), cost=Cost(2.0, 15.0)), "2.00 GMACs.*over.*1", id="gmacs"),
        pytest.param(judged(measured(), cost=Cost(0.1, 120.0)), "120.00 MB of mem", id="memory"),
        pytest.param(
            judged(measured(), rejected=6), r"6 of 100 videos \(6.0%\).*\(on_scale 6\)", id="data"
        ),
        pytest.param(
            judged(measured(), leaked=("dog", "cat")), "2 of 40.*learnt from.*cat", id="overlap"
        ),
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
    verdict = judged(
        measured(srcc=0.75, plcc=0.7, constant=0.0, plain=-0.1, vp9=0.5, half_width=2.4, order=0.9),
        size=10_000_000,
        cost=Cost(1.0, 100.0),
        rejected=5,
    )

    assert verdict.accepted


@pytest.mark.parametrize(
    ("column", "objection"),
    [
        pytest.param("weather", "by weather was not measured", id="unknown"),
        pytest.param("codec", "No codec has 100 test videos", id="small"),
    ],
)
def test_a_slice_that_nobody_can_judge_keeps_the_gate_shut(column: str, objection: str) -> None:
    """Few videos are an anecdote, and no videos are no proof."""
    params = PARAMS.model_copy(update={"min_slice_srcc": {column: 0.5}, "min_slice_videos": 100})

    assert objection in judged(measured(), params=params).objections[0]


def test_a_difference_without_an_interval_keeps_the_gate_shut() -> None:
    """One content knows no noise: a difference may be nothing else."""
    (objection,) = judged(measured(handcrafted=None)).objections

    assert "no interval: too few contents" in objection


def test_scores_without_an_interval_keep_two_gates_shut() -> None:
    """Unless nobody asks for one."""
    test = {**measured(), "coverage": None}
    nobody = PARAMS.model_copy(update={"max_undercoverage": None, "max_interval": None})

    assert len(judged(test).objections) == 2
    assert judged(test, params=nobody).accepted


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
    """The registry and `vq verdict` read what judge wrote."""
    verdict = judged(measured(srcc=0.2))

    assert Verdict.from_json(verdict.to_json()) == verdict


def test_half_a_measurement_is_refused() -> None:
    """With the key that is missing."""
    with pytest.raises(DataError, match="'student' is missing"):
        judged({"models": {}})
    with pytest.raises(DataError, match="no verdict"):
        Verdict.from_json({"gates": [{"name": "srcc"}]})


@pytest.mark.parametrize(
    ("order", "objection"),
    [
        pytest.param(None, "has no `order`", id="not-measured"),
        pytest.param(
            {"value": None, "low": None, "high": None, "pairs": 0, "kinds": {}},
            "No two test videos have a known order",
            id="no-pair",
        ),
    ],
)
def test_an_order_that_nobody_knows_keeps_the_gate_shut(
    order: dict[str, Any] | None, objection: str
) -> None:
    """With what to set; unless nobody asks for one."""
    test = {**measured(), "order": order}
    nobody = PARAMS.model_copy(update={"min_order": None})

    (only,) = judged(test).objections

    assert objection in only
    assert "judge.min_order: null" in only
    assert judged(test, params=nobody).accepted


def test_a_test_from_before_orders_were_measured_is_named() -> None:
    """It is evaluated anew, not passed over."""
    old = {name: value for name, value in measured().items() if name != "order"}

    with pytest.raises(DataError, match=r"'order' is missing.*dvc repro"):
        judged(old)


def gaming(most: float) -> dict[str, Any]:
    """What `evaluate` writes of cheap edits."""
    worst = {"video": "a.mp4", "before": 4.0, "gain": most, "chain": [], "words": "gamma 0.62"}
    return {"gaming": {"videos": 3, "tries": 25, "mean": 0.1, "most": most, "worst": worst}}


@pytest.mark.parametrize(("most", "passed"), [(0.3, True), (0.31, False)], ids=["on-it", "over-it"])
def test_a_student_that_is_fooled_by_cheap_edits_is_shut_out(most: float, passed: bool) -> None:
    """The sentence says by which, and by how much."""
    params = PARAMS.model_copy(update={"max_gaming": 0.075})
    verdict = judged({**measured(), **gaming(most)}, params=params)
    (gate,) = [gate for gate in verdict.gates if gate.name == "gaming"]

    assert gate.passed is passed
    assert gate.value == pytest.approx(most / 4)
    assert f"the worst adds {most:.3f} to a score" in gate.sentence
    assert "(a.mp4: gamma 0.62)" in gate.sentence


def test_without_a_search_the_gate_of_cheap_edits_stays_shut() -> None:
    """Unless nobody asks."""
    params = PARAMS.model_copy(update={"max_gaming": 0.075})
    verdict = judged({**measured(), "gaming": None}, params=params)

    assert not verdict.accepted
    assert "evaluate.gaming_videos above 0" in verdict.objections[0]
