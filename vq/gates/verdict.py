"""What a gate is, and the outcome of all of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vq.errors import DataError


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

    def __post_init__(self) -> None:
        # -0.0 + 0.0 is 0.0: a margin of 0 is no "-0" to whoever reads it.
        for name in ("value", "low", "high", "threshold"):
            number = getattr(self, name)
            object.__setattr__(self, name, None if number is None else number + 0.0)


WORLD = ("committed", "score_ms", "unseen", "champion")
"""Names of the gates that need the world; the others need files."""


@dataclass(frozen=True)
class Verdict:
    """All gates, in the order in which they are read out."""

    gates: tuple[Gate, ...]

    @property
    def accepted(self) -> bool:
        """Every gate opened."""
        return all(gate.passed for gate in self.gates)

    @property
    def summary(self) -> str:
        """`accepted`, or `rejected` and the gates that stayed shut: `rejected: champion`."""
        names = ", ".join(gate.name for gate in self.gates if not gate.passed)
        return f"rejected: {names}" if names else "accepted"

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


def shut(name: str, threshold: float, sentence: str) -> Gate:
    """A gate that stays shut because there is nothing to open it with."""
    return Gate(name, None, None, None, threshold, False, sentence)


def interval(low: float | None, high: float | None) -> str:
    """The ends of a confidence interval, in words where there are none."""
    if low is None or high is None:
        return "(no interval: too few contents)"
    return f"[{low:z.3f}, {high:z.3f}]"
