"""A policy: rules of which the first that matches decides, and the reason in a sentence."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from vq.errors import DataError
from vq.inference.row import Verdict
from vq.policy.conditions import CAUSES, PROBED, SCALED, Between, Condition, needs

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Decision:
    """What a policy says of one row."""

    decision: Verdict
    reason: str
    """A sentence."""


@dataclass(frozen=True)
class Rule:
    """A decision for rows that meet all of some conditions."""

    decision: Verdict
    conditions: Mapping[str, Condition]
    """By what they are on; a cause is `causes.NAME`."""
    reason: str = ""
    """What people are told first; then the values."""
    line: int = 0
    """Of the file; 0 if it is not known."""


@dataclass(frozen=True)
class Policy:
    """Rules in order, and what is decided where none matches."""

    name: str
    """Of the file."""
    rules: tuple[Rule, ...]
    default: Verdict = "pass"
    unscored: Verdict = "review"
    """Of a row without a score that no rule matches."""

    @property
    def needs_causes(self) -> bool:
        """Whether a rule asks for causes."""
        return any(n.startswith(f"{CAUSES}.") for rule in self.rules for n in rule.conditions)

    @property
    def needs_probe(self) -> bool:
        """Whether a rule asks for what packets say."""
        return any(needs(rule.conditions, PROBED) for rule in self.rules)

    def decide(self, row: Mapping[str, Any], *, probed: bool = True) -> Decision:
        """Decide on a row: its fields by name, and what is known of the file beside them.

        A value that is None, nan or empty meets no condition. Of a file that could not be `probed`
        the rules decide up to the first that asks for what packets say; then it is as one without
        a score.

        Raises:
            DataError: the row lacks a field that a rule asks for, or has no number there.
        """
        for rule in self.rules:
            if not probed and needs(rule.conditions, PROBED):
                return Decision(self.unscored, "could not be probed")
            values = {
                name: _number(value, name, row) if isinstance(one, Between) else _text(value)
                for name, one in rule.conditions.items()
                for value in [_value(row, name, self.name)]
            }
            if all(_holds(rule.conditions[name], value) for name, value in values.items()):
                why = " and ".join(
                    one.sentence(name.removeprefix(f"{CAUSES}."), values[name])
                    for name, one in rule.conditions.items()
                )
                return Decision(rule.decision, f"{rule.reason}: {why}" if rule.reason else why)
        if _is_missing(row.get("score")):
            why = row.get("reason") or row.get("status") or "nobody says why"
            return Decision(self.unscored, f"has no score: {why}")
        return Decision(self.default, "no rule matches")

    def check_model(
        self, model: str, scale: tuple[float, float], *, interval: bool, percentile: bool
    ) -> None:
        """See that a model can give what the rules ask for.

        Raises:
            DataError: a threshold is off its scale, or it has no interval or no percentile.
        """
        for rule in self.rules:
            for name, one in rule.conditions.items():
                if name in ("low", "high") and not interval:
                    self._refuse(rule, name, f"{model} gives no interval; decide by score")
                if name == "percentile" and not percentile:
                    self._refuse(rule, name, f"{model} has no reference collection; use score")
                if name in SCALED and isinstance(one, Between):
                    self._check_scale(rule, name, one, scale)

    def _check_scale(self, rule: Rule, name: str, one: Between, scale: tuple[float, float]) -> None:
        on = f"scores are from {scale[0]:g} to {scale[1]:g}"
        for bound in (one.low, one.high):
            if math.isfinite(bound) and not scale[0] <= bound <= scale[1]:
                self._refuse(rule, name, f"{bound:g} is off the scale: {on}")
        whole = Between(*scale)
        if one.both(whole).is_empty:
            self._refuse(rule, name, f"no score is there: {on}")
        if whole.is_in(one):
            self._refuse(rule, name, f"every score is there: {on}")

    def _refuse(self, rule: Rule, name: str, why: str) -> None:
        line = f":{rule.line}" if rule.line else ""
        raise DataError(f"{self.name}{line}: {name}: {why}")


def _value(row: Mapping[str, Any], name: str, policy: str) -> Any:  # noqa: ANN401 - of any type
    if name.startswith(f"{CAUSES}."):
        causes, name = row.get(CAUSES), name.removeprefix(f"{CAUSES}.")
        if isinstance(causes, str):  # of a table that was read from CSV
            causes = dict(cell.partition(" ")[::2] for cell in causes.split("; ") if cell)
        if _is_missing(causes) or not causes:
            if _is_missing(row.get("score")):
                return None
            raise DataError(f"{policy} asks for causes, and {_name(row)} has none; score it anew")
        return causes.get(name)
    if name not in row:
        if name == "short_side" and {"width", "height"} <= set(row):
            sides = [_number(row[side], side, row) for side in ("width", "height")]
            numbers = [side for side in sides if side is not None]
            return min(numbers) if len(numbers) == len(sides) else None
        raise DataError(
            f"{policy} asks for {name}, and {_name(row)} has no such field; add it, or take the "
            "rule out"
        )
    return row[name]


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("video", "a row"))


def _text(value: Any) -> str:  # noqa: ANN401 - of any type
    return "" if _is_missing(value) else str(value)


def _number(value: Any, name: str, row: Mapping[str, Any]) -> float | None:  # noqa: ANN401
    """Of a table that was read from CSV numbers are texts."""
    if _is_missing(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"{_name(row)}: {name} is no number: {value!r}; correct it") from error


def _holds(condition: Condition, value: float | str | None) -> bool:
    if isinstance(condition, Between):
        return isinstance(value, float) and condition.holds(value)
    return condition.holds(str(value))


def _is_missing(value: Any) -> bool:  # noqa: ANN401 - of any type
    try:
        # nan alone differs from itself; CSV has nothing but texts
        return value is None or bool(value != value) or (isinstance(value, str) and not value)
    except TypeError:  # pandas.NA does not say
        return True
