"""The conditions a student must meet before it may become champion."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vq.errors import DataError
from vq.params import Judge


@dataclass(frozen=True)
class Gate:
    """A condition and its outcome."""

    name: str
    value: float | None
    """What was measured; None if it was not, and then the gate stays shut."""
    low: float | None
    """Ends of the confidence interval; None where there is none."""
    high: float | None
    threshold: float
    passed: bool
    sentence: str
    """The outcome for someone who sees nothing else."""


@dataclass(frozen=True)
class Verdict:
    """All gates, in the order in which they are read out."""

    gates: tuple[Gate, ...]

    @property
    def accepted(self) -> bool:
        """Every gate opened."""
        return all(gate.passed for gate in self.gates)

    @property
    def objections(self) -> tuple[str, ...]:
        """The sentence of each gate that stayed shut."""
        return tuple(gate.sentence for gate in self.gates if not gate.passed)

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain values."""
        return {"accepted": self.accepted, "gates": [asdict(gate) for gate in self.gates]}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Verdict":
        """What `to_json` gave.

        Raises:
            DataError: it was not given by `to_json`.
        """
        try:
            return cls(tuple(Gate(**gate) for gate in raw["gates"]))
        except (KeyError, TypeError) as error:
            raise DataError(f"this is no verdict ({error}); run `dvc repro judge`") from error


def judge(
    test: Mapping[str, Any], checks: Mapping[str, Any], student_bytes: int, params: Judge
) -> Verdict:
    """Hold a student against the gates.

    Args:
        test: agreement on the test split, as `vq.evaluate.summary` gives it.
        checks: what `validate` counted; `rows` and `rejected`.
        student_bytes: size of everything that ships.
        params: the thresholds. A value on its threshold passes; a baseline must be beaten.

    Raises:
        DataError: the student was not measured, or nothing was counted.
    """
    try:
        student, differences = test["models"]["student"], test["differences"]
        srcc, plcc = student["srcc"], student["plcc"]
        rejected, rows = int(checks["rejected"]), int(checks["rows"])
    except KeyError as error:
        raise DataError(f"{error} is missing from what was measured; run `dvc repro`") from error
    return Verdict(
        (
            _floor("srcc", srcc, params.min_srcc),
            _floor("plcc", plcc, params.min_plcc),
            *(_beats(name, differences.get(f"student-{name}")) for name in params.beat),
            _size(student_bytes, params.max_student_mb),
            _data(rejected, rows, params.max_rejected),
        )
    )


def _floor(name: str, found: Mapping[str, float | None], floor: float) -> Gate:
    value = found["value"]
    passed = value is not None and math.isfinite(value) and value >= floor
    sentence = (
        f"{name.upper()} on test is {_number(value)} {_interval(found)}, "
        f"{'at or above' if passed else 'below'} the floor of {floor:.3f}."
    )
    return _gate(name, found, floor, passed, sentence)


def _beats(name: str, found: Mapping[str, float | None] | None) -> Gate:
    if found is None:
        sentence = f"The student was not compared with the {name} baseline: it was not measured."
        return Gate(f"beats_{name}", None, None, None, 0.0, False, sentence)
    value, low = found["value"], found["low"]
    passed = value is not None and value > 0
    beyond_noise = "which is beyond noise" if low is not None and low > 0 else "which may be noise"
    sentence = (
        f"The student's SRCC is {_number(value, signed=True)} {_interval(found)} from that of the "
        f"{name} baseline, " + (beyond_noise if passed else "so it does not beat it") + "."
    )
    return _gate(f"beats_{name}", found, 0.0, passed, sentence)


def _size(size_bytes: int, most_mb: float) -> Gate:
    size_mb = size_bytes / 1e6
    passed = size_mb <= most_mb
    sentence = (
        f"The student's bundle has {size_mb:.2f} MB, "
        f"{'within' if passed else 'over'} the budget of {most_mb:g} MB."
    )
    return Gate("size_mb", size_mb, None, None, most_mb, passed, sentence)


def _data(rejected: int, rows: int, most: float) -> Gate:
    if not rows:
        return Gate("rejected", None, None, None, most, False, "There is no video to judge by.")
    share = rejected / rows
    passed = share <= most
    sentence = (
        f"{rejected} of {rows} videos ({share:.1%}) are in quarantine, "
        f"{'within' if passed else 'more than'} the {most:.1%} allowed."
    )
    return Gate("rejected", share, None, None, most, passed, sentence)


def _gate(
    name: str, found: Mapping[str, float | None], threshold: float, passed: bool, sentence: str
) -> Gate:
    return Gate(name, found["value"], found["low"], found["high"], threshold, passed, sentence)


def _number(value: float | None, *, signed: bool = False) -> str:
    return "unknown" if value is None else f"{value:+.3f}" if signed else f"{value:.3f}"


def _interval(found: Mapping[str, float | None]) -> str:
    low, high = found["low"], found["high"]
    if low is None or high is None:
        return "(no interval: too few contents)"
    return f"[{low:.3f}, {high:.3f}]"
