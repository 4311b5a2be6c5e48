"""On which side of a threshold a thorough score would be: looks no longer than it takes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vq.inference.card import Card
from vq.inference.modes import TIMES, check_decision, spec_of
from vq.inference.row import Row
from vq.inference.stages import (
    EIGHTH,
    EXACT,
    HALF,
    ONE,
    THOROUGH,
    THREE,
    Seen,
    Steps,
    Views,
    exact_in_steps,
)
from vq.video.bounded import Bounded
from vq.video.shapes import Float32, UInt8
from vq.video.views import look

if TYPE_CHECKING:
    from vq.inference.runtime import Model

Levels = Float32[np.ndarray, " levels"]
AllViews = UInt8[np.ndarray, "all_moments 4 side side"]
Part = tuple[int, bool]
"""Of a thorough look, what the network sees in a run: which of its moments, whether mirrored."""
EIGHTH_PART: Part = (3, True)
"""The last moments, with those of `exact` in the middle: of all single parts it says most."""
HALF_PARTS: tuple[Part, ...] = (EIGHTH_PART, (0, False), (2, False), (1, True))
"""Each of its moments once."""


@dataclass(frozen=True)
class Bounds:
    """What a stage says of the thorough score, on the student's own scale."""

    score: float
    low: float
    high: float


def check(card: Card, threshold: float, error: float) -> None:
    """Can a student decide?

    Raises:
        ParamsError: it was not calibrated for that, or all its scores are on one side.
    """
    check_decision(
        threshold,
        error,
        model=card.model_id,
        scale=(card.scale.min, card.scale.max),
        calibrated=card.sure is not None,
    )


def decide(model: "Model", path: Path, threshold: float, error: float) -> Row | Seen:
    """The row of a video; of one that is too short, only what was seen.

    Raises:
        VideoError: the file is not a video, or not one frame of it decodes.
        LimitError: it has too many frames, or too large ones.
    """
    return _Decision(model, path, threshold, error).row()


class _Decision:
    """One video, and what the looks at it say so far."""

    def __init__(self, model: "Model", path: Path, threshold: float, error: float) -> None:
        self.model, self.path, self.error = model, path, error
        mapped = model.card.scores_as
        self.threshold = mapped.map.inverse(threshold) if mapped else threshold
        self.spec = Bounded.of(model.spec, model.limits)
        self.several = True
        sure = model.card.sure
        self.risk = sure.level(self.threshold, error) if sure else 0.0
        self.levels = np.zeros(0, np.float32)
        self.bounds = self.decisive = Bounds(0.0, 0.0, 0.0)

    def row(self) -> Row | Seen:
        seen = exact_in_steps(self.path, self.spec, self._ask)
        if seen.frame_count < 2:
            return seen
        if not self._is_sure():
            seen = self._thorough(seen)
        return self._row(seen)

    def _thorough(self, seen: Seen) -> Seen:
        """Some of the network's runs first; the score of all of them is that of the mode."""
        sample = look(self.path, spec_of("thorough", self.spec))
        seen = replace(seen, frames=len(sample.numbers))
        for stage, levels in thorough_stages(self.model, self.levels, sample.views):
            self._update(stage, levels)
            seen = replace(seen, stage=stage)
            if self._is_sure():
                break
        return seen

    def _ask(self, stage: str, views: Views, several: bool) -> bool:
        self.several = several
        self._update(stage, self.model.levels(views, "exact"))
        return self._is_sure()

    def _update(self, stage: str, levels: Levels) -> None:
        """Take over what a stage says."""
        self.levels = levels
        self.bounds, self.decisive = (
            self._bounds(stage, error) for error in (self.error, self.risk)
        )

    def _bounds(self, stage: str, error: float) -> Bounds:
        card = self.model.card
        raw = raw_score(self.levels, card)
        bounds = None
        if stage == THOROUGH:
            bounds = raw, raw, raw
        elif card.sure is not None:
            bounds = card.sure.bounds(stage, raw, several=self.several, error=error)
        score, low, high = bounds or (raw, card.scale.min, card.scale.max)
        return Bounds(*(self._inside(one) for one in (score, low, high)))

    def _is_sure(self) -> bool:
        return self.decisive.low >= self.threshold or self.decisive.high < self.threshold

    def _inside(self, score: float) -> float:
        scale = self.model.card.scale
        return min(max(score, scale.min), scale.max)

    def _row(self, seen: Seen) -> Row:
        card = self.model.card
        score, low, high = (
            card.scores_as.map(one) if card.scores_as else one
            for one in (self.decisive.score, self.bounds.low, self.bounds.high)
        )
        thorough = seen.stage == THOROUGH
        has_interval = thorough and "thorough" in card.modes
        interval = card.around(score, "thorough") if has_interval else (None, None)
        return Row(
            video=str(self.path),
            status="ok",
            score=score,
            low=interval[0],
            high=interval[1],
            levels=tuple(map(float, self.levels)),
            frames=seen.frames,
            model=card.model_id,
            mode="thorough" if thorough else "",
            warning=seen.warning,
            label=card.label(score),
            percentile=card.percentile(score),
            side="above" if self.decisive.score >= self.threshold else "below",
            stage=seen.stage,
            thorough_low=low,
            thorough_high=high,
        )


def raw_score(levels: Levels, card: Card) -> float:
    """The expectation over the levels."""
    return float(levels.astype(np.float64) @ np.array(card.values))


def mean_of(runs: list[Levels]) -> Levels:
    """The mean of several runs of the network, as a thorough score takes it."""
    return np.stack(runs).mean(0, dtype=np.float64).astype(np.float32)


def thorough_stages(model: "Model", exact: Levels, views: AllViews) -> Iterator[tuple[str, Levels]]:
    """What the stages beyond `exact` say, one after the other; no run of the network is repeated.

    Args:
        model: the student.
        exact: what it says of the exact look.
        views: of the thorough look.
    """

    @cache
    def run(part: Part) -> Levels:
        first, mirrored = part
        seen = views[first::TIMES]
        return model.levels(seen[..., ::-1] if mirrored else seen, "exact")

    yield EIGHTH, mean_of([exact, run(EIGHTH_PART)])
    yield HALF, mean_of([run(part) for part in HALF_PARTS])
    every = [(first, mirrored) for mirrored in (False, True) for first in range(TIMES)]
    yield THOROUGH, mean_of([run(part) for part in every])


def stage_scores(
    model: "Model", steps: Steps | None, exact: Views, thorough: AllViews
) -> dict[str, float]:
    """What each stage says of a video whose views are there; nothing is corrected."""
    looks = {} if steps is None else {ONE: steps.one, THREE: steps.three}
    levels = {stage: model.levels(exact[list(looks[stage])], "exact") for stage in looks}
    levels[EXACT] = model.levels(exact, "exact")
    levels |= thorough_stages(model, levels[EXACT], thorough)
    return {stage: raw_score(levels[stage], model.card) for stage in levels}
