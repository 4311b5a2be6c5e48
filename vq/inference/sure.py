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
        place = _place(error)
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
class ThresholdLevels:
    """What each look may risk at a threshold, so that few decisions are wrong in all."""

    threshold: float
    levels: tuple[float, ...]
    """For each of `LEVELS`, as the share of decisions that may be wrong: the probability with which
    the thorough score may be beyond an end of a look. 0: no shorter look may decide."""


@dataclass(frozen=True)
class Sureness:
    """The stages of a student, shortest first."""

    videos: int
    contents: int
    """Of validation."""
    stages: tuple[StageCalibration, ...]
    thresholds: tuple[ThresholdLevels, ...] = ()
    """From low to high; none in cards of a time when each look risked all that was asked for."""

    def level(self, threshold: float, error: float) -> float:
        """What each look may risk, for that share of decisions to be wrong at most.

        Between two thresholds it is the smaller of theirs: fewer videos may be near to one.
        """
        if not self.thresholds:
            return error
        below = [one for one in self.thresholds if one.threshold <= threshold][-1:]
        above = [one for one in self.thresholds if one.threshold >= threshold][:1]
        place = _place(error)
        if place == len(LEVELS):
            return 0.0
        return min(one.levels[place] for one in (*below, *above))

    def bounds(
        self, stage: str, raw: float, *, several: bool, error: float
    ) -> tuple[float, float, float] | None:
        """As `Distance.bounds`, for a stage and a kind of file; of a stage that it lacks, None."""
        for one in self.stages:
            if one.stage == stage:
                return (one.several if several else one.single).bounds(raw, error=error)
        return None

    @property
    def least_error(self) -> float:
        """The least error at which a shorter look can be sure, of either kind of file."""
        if self.thresholds:
            columns = zip(*(one.levels for one in self.thresholds), strict=True)
            possible = [error for error, levels in zip(LEVELS, columns, strict=True) if any(levels)]
            return min(possible, default=1.0)
        deepest = max((min(one.single.depth, one.several.depth) for one in self.stages), default=0)
        return LEVELS[deepest - 1] if deepest else 1.0


def _place(error: float) -> int:
    """Of the first of `LEVELS` that is no greater."""
    return next((n for n, level in enumerate(LEVELS) if level <= error + 1e-12), len(LEVELS))
