"""What a rule asks of a row: numbers between bounds, and words out of a set."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

OPERATORS = ("below", "at_most", "above", "at_least")
CAUSES = "causes"
"""Conditions on causes are called `causes.NAME`."""
SCALED = ("low", "score", "high")
"""Numbers on the scale of the model, in their order."""
BOUNDS: Mapping[str, tuple[float, float]] = {
    "percentile": (0.0, 100.0),
    "width": (1.0, math.inf),
    "height": (1.0, math.inf),
    "short_side": (1.0, math.inf),
    "fps": (0.0, math.inf),
    "duration_s": (0.0, math.inf),
}
"""Other numbers, and between which values they lie."""
PROBED = ("width", "height", "short_side", "fps", "duration_s", "codec")
"""What the packets of a file say: no field of a row."""
WORDS = ("status", "label", "mode", "codec", "warning")
UNSCORED = ("status", "warning")
"""What a row without a score may have, too."""


@dataclass(frozen=True)
class Between:
    """A number lies between two bounds, either of which may belong to it."""

    low: float = -math.inf
    high: float = math.inf
    with_low: bool = True
    with_high: bool = True

    def holds(self, value: float) -> bool:
        """Whether a number does."""
        above = value >= self.low if self.with_low else value > self.low
        return above and (value <= self.high if self.with_high else value < self.high)

    def both(self, other: "Between") -> "Between":
        """The numbers that lie between these bounds and between others."""
        low = max((self.low, not self.with_low), (other.low, not other.with_low))
        high = min((self.high, self.with_high), (other.high, other.with_high))
        return Between(low[0], high[0], not low[1], high[1])

    @property
    def is_empty(self) -> bool:
        """Whether no number lies there."""
        return self.low > self.high or (
            self.low == self.high and not (self.with_low and self.with_high)
        )

    def is_in(self, other: "Between") -> bool:
        """Whether all of these numbers lie between the other bounds, too."""
        return self.is_empty or self.both(other) == self

    def sentence(self, name: str, value: Any) -> str:  # noqa: ANN401 - a number
        """Why a number that does, does."""
        bounds = []
        if self.low > -math.inf:
            bounds.append(f"{'at least' if self.with_low else 'above'} {self.low:g}")
        if self.high < math.inf:
            bounds.append(f"{'at most' if self.with_high else 'below'} {self.high:g}")
        shown = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
        return f"{name} {shown} is {' and '.join(bounds)}"


@dataclass(frozen=True)
class OneOf:
    """A word is one of some, or a text contains one of some; any text for none of them."""

    words: tuple[str, ...]
    contains: bool = False
    filled: bool | None = None
    """Instead of words: whether there is a text at all."""

    def holds(self, value: str) -> bool:
        """Whether a text is so."""
        if self.filled is not None:
            return bool(value) == self.filled
        if self.contains:
            return any(word.lower() in value.lower() for word in self.words)
        return value in self.words

    def is_in(self, other: "OneOf") -> bool:
        """Whether each text for which this holds is one for which the other does."""
        if other.filled is True and self.filled is None:
            return all(self.words)
        if other.contains and self.filled is None:
            return all(any(b.lower() in a.lower() for b in other.words) for a in self.words)
        plain = self.contains == other.contains and self.filled == other.filled
        return plain and set(self.words) <= set(other.words)

    def sentence(self, name: str, value: Any) -> str:  # noqa: ANN401 - a text
        """Why a text for which this holds is one."""
        if self.filled is not None:
            return f"there is {'a' if self.filled else 'no'} {name}" + (
                f" ({value})" if value else ""
            )
        if self.contains:
            word = next(word for word in self.words if word.lower() in value.lower())
            return f"{name} contains {word}"
        return f"{name} is {value}"


Condition = Between | OneOf


def closure(conditions: Mapping[str, Condition]) -> dict[str, Condition]:
    """The same conditions, and what they say of the others: low <= score <= high."""
    between = {name: one for name in SCALED if isinstance(one := conditions.get(name), Between)}
    whole = Between()
    result = dict(conditions)
    for place, name in enumerate(SCALED):
        bounds = between.get(name, whole)
        for other, one in between.items():
            if SCALED.index(other) > place:  # a larger number has an upper bound
                bounds = bounds.both(Between(high=one.high, with_high=one.with_high))
            elif SCALED.index(other) < place:
                bounds = bounds.both(Between(low=one.low, with_low=one.with_low))
        if bounds != whole:
            result[name] = bounds
    return result


def covers(earlier: Mapping[str, Condition], later: Mapping[str, Condition]) -> bool:
    """Whether each row that meets the later conditions meets the earlier ones."""
    implied = closure(later)
    return all(name in implied and _is_in(implied[name], one) for name, one in earlier.items())


def needs(conditions: Collection[str], names: Collection[str]) -> bool:
    """Whether conditions are on one of some names."""
    return any(name in names for name in conditions)


def _is_in(one: Condition, other: Condition) -> bool:
    if isinstance(one, Between) and isinstance(other, Between):
        return one.is_in(other)
    return isinstance(one, OneOf) and isinstance(other, OneOf) and one.is_in(other)
