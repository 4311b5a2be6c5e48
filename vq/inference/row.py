"""What scoring says of one video."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from vq.inference.modes import MODES, Mode

Status = Literal["ok", "missing", "unreadable", "too_short", "too_large", "timed_out", "crashed"]
"""`ok` has a score; `missing` names no file; `unreadable` and `too_short` say what is wrong with
the file; `too_large` and `timed_out` want more than a limit allows; `crashed` ended its process."""

Verdict = Literal["pass", "review", "fail"]


@dataclass(frozen=True)
class Row:
    """One input, scored or not: nothing that was asked for vanishes."""

    video: str
    """Path as it was given or found."""
    status: Status
    reason: str = ""
    """Why there is no score; empty when there is one."""
    score: float | None = None
    """On the scale that the model declares."""
    low: float | None = None
    """Ends of the interval around the score; the model's card tells its coverage, or has none."""
    high: float | None = None
    levels: tuple[float, ...] = ()
    """Probability of each quality level, worst first; they sum to 1."""
    frames: int = 0
    """How many different frames of the video were looked at."""
    model: str = ""
    """Name and hash of the model that gave the score."""
    seconds: float = 0.0
    """Wall time, from opening the file to the score."""
    mode: Mode | Literal[""] = ""
    """How closely the video was looked at; empty where there is no score."""
    warning: str = ""
    """What a viewer sees of the file that the score does not know; empty for nearly every file."""
    feature: str = ""
    """The second feature, base64 of float16 (`vq.inference.second_feature`); empty unless it was
    wanted."""
    label: str = ""
    """The word for the score, from `bad` to `excellent` (`vq.metrics.category_rating`)."""
    percentile: float | None = None
    """Share of the model's reference collection that is worse, in percent; None without one."""
    decision: Verdict | Literal[""] = ""
    """What a policy says of it (`vq.policy`); empty without a policy."""
    decision_reason: str = ""
    """Why, in a sentence."""
    side: Literal["above", "below", ""] = ""
    """On which side of a threshold the thorough score is (`vq score --decide`); empty without."""
    stage: str = ""
    """The look that was sure of that: see `vq.inference.stages`."""
    thorough_low: float | None = None
    """Ends of the interval in which the thorough score lies, as far as that look tells."""
    thorough_high: float | None = None
    causes: Mapping[str, float] = field(default_factory=dict, hash=False)
    """What is wrong with it: probability that people would see each kind of damage, the highest
    first (`vq.causes`); empty unless it was wanted."""

    def __post_init__(self) -> None:
        if self.status not in get_args(Status):
            raise ValueError(f"no status is called {self.status!r}")
        numbers = [n for n in self._numbers() if n is not None]
        finite = all(isinstance(n, int | float) and math.isfinite(n) for n in numbers)
        base64 = re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", self.feature)
        causes = all(
            re.fullmatch(r"[a-z_]+", name) and isinstance(chance, int | float) and 0 <= chance <= 1
            for name, chance in self.causes.items()
        )
        if (
            not finite
            or self.mode not in (*MODES, "")
            or not base64
            or not causes
            or self.decision not in ("", *get_args(Verdict))
        ):
            raise ValueError(f"no row has such values: {self}")
        if (self.status == "ok") != (self.score is not None):
            raise ValueError(f"a score and the status ok go together: {self}")

    def _numbers(self) -> tuple[float | None, ...]:
        ends = self.thorough_low, self.thorough_high
        return (self.score, self.low, self.high, *self.levels, self.percentile, *ends)


DECISION = ("decision", "decision_reason")
SIDE = ("side", "stage", "thorough_low", "thorough_high")
OPTIONAL = ("feature", "causes", *DECISION, *SIDE)
"""Fields that are there only for those who want them."""
COLUMNS = tuple(each.name for each in fields(Row) if each.name not in OPTIONAL)
"""What a row has to say to everybody."""


def as_mapping(row: Row) -> dict[str, Any]:
    """The fields of a row by name, without those of `OPTIONAL` that it does not have."""
    values = asdict(row)
    for name in OPTIONAL:
        if values[name] is None or values[name] in ("", {}):
            del values[name]
    return values


def likely(causes: Mapping[str, float]) -> list[str]:
    """Those of the causes that people are told of, the likeliest first."""
    from vq.causes.vocabulary import LIKELY  # whoever wants no causes imports nothing of them

    return [name for name, chance in causes.items() if chance >= LIKELY]


def from_mapping(fields: Mapping[str, Any]) -> Row:
    """The row whose `dataclasses.asdict` went through JSON or the like.

    Raises:
        TypeError: these are not the fields of a row.
        ValueError: or not such values.
    """
    return Row(**{**fields, "levels": tuple(fields["levels"])})
