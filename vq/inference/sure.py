"""When a shorter look is sure on which side of a threshold a thorough one would be.

Without numpy: a card holds these numbers.
"""

from dataclasses import dataclass

LEVELS = (0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.002, 0.001)
"""Probabilities of error for which bundles are calibrated."""


@dataclass(frozen=True)
class StageCalibration:
    """How far the thorough score is from that of a shorter look, on validation."""

    stage: str
    """One of `vq.inference.stages.STAGES`, before the last."""
    slope: float
    intercept: float
    """Expected thorough score = intercept + slope x what the network says at this stage."""
    usual: tuple[float, float]
    """Mean absolute error of that: where moments are in line, and where they stand apart."""
    below: tuple[float, ...]
    """How far the thorough score lies below, in multiples of the usual error: exceeded in no more
    than each of `LEVELS`. Shorter where there were too few videos to say."""
    above: tuple[float, ...]
    """Likewise above."""

    def bounds(self, raw: float, *, apart: bool, error: float) -> tuple[float, float, float] | None:
        """Expected thorough score, and its ends: beyond either with at most that probability.

        Returns:
            None if too few videos were calibrated on to say anything at that error.
        """
        place = next((n for n, level in enumerate(LEVELS) if level <= error + 1e-12), len(LEVELS))
        if place >= min(len(self.below), len(self.above)):
            return None
        score, usual = self.intercept + self.slope * raw, self.usual[int(apart)]
        return score, score - usual * self.below[place], score + usual * self.above[place]


@dataclass(frozen=True)
class Sureness:
    """The stages of a student, shortest first."""

    videos: int
    contents: int
    """Of validation."""
    stages: tuple[StageCalibration, ...]

    def of(self, stage: str) -> StageCalibration:
        """The calibration of a stage."""
        return next(one for one in self.stages if one.stage == stage)

    @property
    def least_error(self) -> float:
        """The least error at which some look but a thorough one can be sure."""
        told = max((min(len(one.below), len(one.above)) for one in self.stages), default=0)
        return LEVELS[told - 1] if told else 1.0
