"""When a shorter look is sure on which side of a threshold a thorough one would be.

Without numpy: a card holds these numbers.
"""

from dataclasses import dataclass

LEVELS = (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Probabilities of error for which bundles are calibrated."""


@dataclass(frozen=True)
class Distance:
    """How far the thorough score is from that of a shorter look, on validation."""

    videos: int
    slope: float
    intercept: float
    """Expected thorough score = intercept + slope x what the network says of the shorter look."""
    below: tuple[float, ...]
    """How far the thorough score lies below that: exceeded in no more than each of `LEVELS`.
    Shorter where there were too few videos to say."""
    above: tuple[float, ...]
    """Likewise above."""

    def bounds(self, raw: float, *, error: float) -> tuple[float, float, float] | None:
        """Expected thorough score, and its ends: beyond either with at most that probability.

        Returns:
            None if there were too few videos to say anything at that error.
        """
        place = next((n for n, level in enumerate(LEVELS) if level <= error + 1e-12), len(LEVELS))
        if place >= self.depth:
            return None
        score = self.intercept + self.slope * raw
        return score, score - self.below[place], score + self.above[place]

    @property
    def depth(self) -> int:
        """How many of the `LEVELS` there is something to say of."""
        return min(len(self.below), len(self.above))


@dataclass(frozen=True)
class StageCalibration:
    """A look that is shorter than a thorough one."""

    stage: str
    """One of `vq.inference.stages.STAGES`, before the last."""
    single: Distance
    """For files with one keyframe, whose scene hardly changes: encoders begin anew where it does.
    """
    several: Distance
    """For files with several, or of which it is not known."""


@dataclass(frozen=True)
class Sureness:
    """The stages of a student, shortest first."""

    videos: int
    contents: int
    """Of validation."""
    stages: tuple[StageCalibration, ...]

    def bounds(
        self, stage: str, raw: float, *, several: bool, error: float
    ) -> tuple[float, float, float] | None:
        """As `Distance.bounds`, for a stage and a kind of file."""
        chosen = next(one for one in self.stages if one.stage == stage)
        return (chosen.several if several else chosen.single).bounds(raw, error=error)

    @property
    def least_error(self) -> float:
        """The least error at which a shorter look can be sure, of either kind of file."""
        deepest = max((min(one.single.depth, one.several.depth) for one in self.stages), default=0)
        return LEVELS[deepest - 1] if deepest else 1.0
