"""The conditions a student must meet before it may become champion, as far as files show them.

`vq.registry.release_gates` has the others: of the champion, this machine, the state of the code.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vq.errors import DataError
from vq.gates.model_cost import Cost
from vq.gates.verdict import Gate, Verdict, interval, shut
from vq.params import Judge
from vq.words import count, which

Estimate = Mapping[str, float | None]
"""A number and the ends of its interval: `value`, `low`, `high`."""


@dataclass(frozen=True)
class Measured:
    """All measurements of a student that need no registry."""

    test: Mapping[str, Any]
    """Agreement on the test split, as `evaluate` writes it."""
    checks: Mapping[str, Any]
    """What `validate` counted; `rows`, `rejected` and `by_check`."""
    tested: int
    """Videos of the test, rated or not."""
    leaked: tuple[str, ...]
    """Contents of those that were learnt from: none, if all is well."""
    span: float
    """Length of the scale of scores."""
    bundle_bytes: int
    """Of everything that ships."""
    cost: Cost


def judge(measured: Measured, params: Judge) -> Verdict:
    """Hold a student against the gates.

    A value on its threshold passes. None switches a gate off.

    Raises:
        DataError: the student was not measured, or nothing was counted.
    """
    try:
        gates = tuple(_gates(measured, params))
    except KeyError as error:
        raise DataError(f"{error} is missing from what was measured; run `dvc repro`") from error
    return Verdict(gates)


def _gates(measured: Measured, params: Judge) -> Iterator[Gate]:
    test = measured.test
    student = test["models"]["student"]
    yield _floor("srcc", student["srcc"], params.min_srcc)
    yield _floor("plcc", student["plcc"], params.min_plcc)
    for name, gain in params.beat.items():
        yield _beats(name, test["differences"].get(f"student-{name}"), gain)
    for column, floor in params.min_slice_srcc.items():
        yield _worst(column, test["slices"].get(column), floor, params.min_slice_videos)
    if params.max_undercoverage is not None:
        yield _coverage(test["coverage"], params.max_undercoverage)
    if params.max_interval is not None:
        yield _interval(test["coverage"], measured.span, params.max_interval)
    if params.max_calibration_error is not None:
        yield _calibration(test["calibration"], measured.span, params.max_calibration_error)
    if params.min_order is not None:
        yield _order(test["order"], params.min_order)
    if params.max_gaming is not None:
        yield _gaming(test["gaming"], measured.span, params.max_gaming)
    yield _budget("size_mb", measured.bundle_bytes / 1e6, params.max_student_mb, "bundle", "MB")
    yield _budget("gmacs", measured.cost.gmacs, params.max_gmacs, "network", "GMACs a video")
    yield _budget(
        "memory_mb", measured.cost.memory_mb, params.max_memory_mb, "network", "MB of memory"
    )
    yield _data(measured.checks, params.max_rejected)
    yield _overlap(measured.leaked, measured.tested)


def _floor(name: str, estimate: Estimate, floor: float) -> Gate:
    value = estimate["value"]
    passed = value is not None and math.isfinite(value) and value >= floor
    sentence = (
        f"{name.upper()} on test is {_number(value)} {_ends(estimate)}, "
        f"{_where(passed)} the floor of {floor:z.3f}."
    )
    return _gate(name, estimate, floor, passed, sentence)


def _beats(name: str, difference: Estimate | None, least: float) -> Gate:
    if difference is None:
        sentence = f"The student was not compared with the {name} baseline: it was not measured."
        return shut(f"beats_{name}", least, sentence)
    low = difference["low"]
    passed = low is not None and low >= least
    sentence = (
        f"The student's SRCC is {_number(difference['value'], signed=True)} "
        f"{_ends(difference)} from that of the {name} baseline: the low end "
        f"{'reaches' if passed else 'does not reach'} {least:+z.3f}."
    )
    return _gate(f"beats_{name}", difference, least, passed, sentence)


def _worst(column: str, slices: Mapping[str, Any] | None, floor: float, least: int) -> Gate:
    name = f"slice_{column}"
    if slices is None:
        return shut(
            name, floor, f"Agreement by {column} was not measured: evaluate.slices lacks it."
        )
    large = {k: one for k, one in slices.items() if one["n"] >= least and one["srcc"] is not None}
    if not large:
        return shut(
            name,
            floor,
            f"No {column} has {count(least, 'test video')} to rank, so none was judged.",
        )
    worst, one = min(large.items(), key=lambda item: item[1]["srcc"])
    passed = one["srcc"] >= floor
    skipped = len(slices) - len(large)
    sentence = (
        f"The worst of {count(len(large), 'value')} of {column} is {worst}: SRCC "
        f"{one['srcc']:z.3f} on its {count(one['n'], 'test video')}, {_where(passed)} the floor of "
        f"{floor:z.3f}"
        + (f"; {skipped} with fewer than {least} are not judged." if skipped else ".")
    )
    return Gate(name, one["srcc"], None, None, floor, passed, sentence)


def _coverage(coverage: Estimate | None, tolerance: float) -> Gate:
    if coverage is None:
        return shut("coverage", 0.0, NO_INTERVAL)
    value, nominal = coverage["value"], coverage["nominal"] or 0.0
    least = nominal - tolerance
    passed = value is not None and value >= least
    sentence = (
        f"Intervals meant to hold {nominal:.0%} of ratings hold {_number(value)} {_ends(coverage)} "
        f"of them on test, {_where(passed)} {least:z.3f}."
    )
    return _gate("coverage", coverage, least, passed, sentence)


def _interval(coverage: Estimate | None, span: float, most: float) -> Gate:
    if coverage is None or coverage["half_width"] is None:
        return shut("interval", most, NO_INTERVAL)
    share = coverage["half_width"] / span
    passed = share <= most
    sentence = (
        f"An interval reaches {coverage['half_width']:z.3f} to either side on average, "
        f"{share:.0%} of the scale, {_within(passed)} {most:.0%}."
    )
    return Gate("interval", share, None, None, most, passed, sentence)


NO_INTERVAL = "Scores have no interval: validation has too few contents to promise one."


def _calibration(error: Estimate, span: float, most: float) -> Gate:
    value, low, high = (None if e is None else e / span for e in map(error.get, ENDS))
    passed = value is not None and value <= most
    sentence = (
        f"Videos of like scores are rated {_number(value)} {interval(low, high)} of the scale "
        f"away from them on test, {_within(passed)} {most:z.3f}."
    )
    return Gate("calibration", value, low, high, most, passed, sentence)


ENDS = ("value", "low", "high")


def _order(order: Mapping[str, Any] | None, floor: float) -> Gate:
    if order is None:
        sentence = (
            "Order was not measured: columns.yaml of the data set has no `order`. Name there the "
            "columns that tell ladders apart, or set judge.min_order: null."
        )
        return shut("order", floor, sentence)
    if not order["pairs"]:
        sentence = (
            "No two test videos have a known order: none are of one ladder and as far apart as "
            "`order` of columns.yaml asks. Correct it, or set judge.min_order: null."
        )
        return shut("order", floor, sentence)
    passed = order["value"] >= floor
    sentence = (
        f"Of {count(order['pairs'], 'pair')} of test videos whose order needs no label, scores "
        f"keep {_number(order['value'])} {_ends(order)}, {_where(passed)} the floor of "
        f"{floor:z.3f}."
    )
    return _gate("order", order, floor, passed, sentence)


def _gaming(gaming: Mapping[str, Any] | None, span: float, most: float) -> Gate:
    if gaming is None:
        sentence = (
            "Nothing tried to raise scores by cheap edits: set evaluate.gaming_videos above 0, or "
            "judge.max_gaming: null."
        )
        return shut("gaming", most, sentence)
    share, worst = gaming["most"] / span, gaming["worst"]
    passed = share <= most
    sentence = (
        f"Of {count(gaming['tries'], 'cheap edit')} tried on each of the "
        f"{count(gaming['videos'], 'best-rated test video')}, the worst adds {gaming['most']:z.3f} "
        f"to a score, {share:.1%} of the scale, {_within(passed)} {most:.1%} "
        f"({worst['video']}: {worst['words']})."
    )
    return Gate("gaming", share, None, None, most, passed, sentence)


def _budget(name: str, value: float, most: float, what: str, unit: str) -> Gate:
    passed = value <= most
    sentence = (
        f"The student's {what} has {value:.2f} {unit}, "
        f"{'within' if passed else 'over'} the budget of {most:g}."
    )
    return Gate(name, value, None, None, most, passed, sentence)


def _data(checks: Mapping[str, Any], most: float) -> Gate:
    rows, rejected = int(checks["rows"]), int(checks["rejected"])
    if not rows:
        return shut("rejected", most, "There is no video to judge by.")
    share = rejected / rows
    passed = share <= most
    why = ", ".join(f"{name} {n}" for name, n in checks["by_check"].items() if n)
    sentence = (
        f"{rejected} of {count(rows, 'video')} ({share:.1%}) {which(rejected, 'is', 'are')} in "
        f"quarantine{why and f' ({why})'}, {'within' if passed else 'more than'} the {most:.1%} "
        "allowed."
    )
    return Gate("rejected", share, None, None, most, passed, sentence)


def _overlap(leaked: tuple[str, ...], tested: int) -> Gate:
    sentence = (
        f"{len(leaked)} of {count(tested, 'test video')} "
        f"{which(len(leaked), 'was', 'were')} learnt from, the first is of {min(leaked)}."
        if leaked
        else f"None of {count(tested, 'test video')} was learnt from, by content or by file."
    )
    return Gate("overlap", float(len(leaked)), None, None, 0.0, not leaked, sentence)


def _gate(name: str, estimate: Estimate, threshold: float, passed: bool, sentence: str) -> Gate:
    return Gate(
        name, estimate["value"], estimate["low"], estimate["high"], threshold, passed, sentence
    )


def _number(value: float | None, *, signed: bool = False) -> str:
    return "unknown" if value is None else f"{value:+z.3f}" if signed else f"{value:z.3f}"


def _ends(estimate: Estimate) -> str:
    return interval(estimate["low"], estimate["high"])


def _where(passed: bool) -> str:
    return "at or above" if passed else "below"


def _within(passed: bool) -> str:
    return "within" if passed else "more than"
