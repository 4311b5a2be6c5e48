"""What `vq best` says: groups of copies, the best of each, and why the others are worse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from vq.best.copy import Copy
from vq.inference.row import Row, as_mapping
from vq.scoring.names import as_text, readable

Verdict = Literal["best", "alike", "worse", "apart", "undecided", "only"]
"""`alike`: worse than the best, but hardly to be seen. `apart`: cannot be compared with the others.
`undecided`: of a group in which nobody is named. `only`: no copy of it is there."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A copy, and what the comparison says of it."""

    copy: Copy
    verdict: Verdict
    visibly_worse: float | None = None
    """Probability that the best copy is visibly better; None where nothing was compared."""
    upscaled: float | None = None
    """Probability that it was scaled up before it was stored; None where it was not looked at."""
    reasons: tuple[str, ...] = ()
    """Why it is worse, or set apart; the weightiest first."""

    def undecided(self) -> "Judged":
        """The same, where nobody is named."""
        return self if self.verdict == "apart" else replace(self, verdict="undecided", reasons=())

    def as_mapping(self) -> dict[str, Any]:
        """For JSON."""
        copy = self.copy
        return {
            "video": as_text(copy.video),
            "verdict": self.verdict,
            "visibly_worse": _rounded(self.visibly_worse),
            "upscaled": _rounded(self.upscaled),
            "reasons": list(self.reasons),
            "score": copy.row.score,
            "low": copy.row.low,
            "high": copy.row.high,
            "width": copy.probe.width,
            "height": copy.probe.height,
            "fps": copy.probe.fps,
            "duration_s": copy.probe.duration_s,
            "codec": copy.probe.codec,
            "kbps": round(copy.kbps, 1),
            "bytes": copy.bytes,
            "warning": copy.row.warning,
        }


@dataclass(frozen=True, eq=False)
class Group:
    """The copies of one source, in the order in which they were named."""

    copies: tuple[Judged, ...]
    best: int | None
    """Its place; None if that cannot be told."""
    confidence: float | None
    """Probability that no other copy is visibly better; None where nothing was compared."""
    doubt: str
    """Why nobody is named; empty if somebody is."""

    @property
    def others(self) -> Sequence[Judged]:
        """All but the best; none where nobody is named."""
        if self.best is None:
            return ()
        return [one for place, one in enumerate(self.copies) if place != self.best]

    def as_mapping(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "best": None if self.best is None else as_text(self.copies[self.best].copy.video),
            "confidence": _rounded(self.confidence),
            "cannot_tell": readable(self.doubt),
            "copies": [one.as_mapping() for one in self.copies],
        }


@dataclass(frozen=True, eq=False)
class Result:
    """Of all videos."""

    groups: tuple[Group, ...]
    failed: tuple[Row, ...]
    """What has no score."""

    def as_mapping(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "groups": [group.as_mapping() for group in self.groups],
            "failed": [
                {**as_mapping(row), "video": as_text(row.video), "reason": readable(row.reason)}
                for row in self.failed
            ],
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
