"""On which side of a threshold a thorough score would be: looks no longer than it takes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vq.inference.card import Card
from vq.inference.modes import TIMES, check_decision, spec_of
from vq.inference.row import Row
from vq.inference.stages import (
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

AllViews = UInt8[np.ndarray, "all_moments 4 side side"]
HALF_PARTS = ((0, False), (2, False), (1, True), (3, True))
"""Of a thorough look: which of its moments, and whether mirrored; each of them once."""


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
        self.levels = np.zeros(0, np.float32)
        self.bounds = Bounds(0.0, 0.0, 0.0)

    def row(self) -> Row | Seen:
        seen = exact_in_steps(self.path, self.spec, self._ask)
        if seen.frame_count < 2:
            return seen
        if not self._is_sure():
            seen = self._thorough(seen)
        return self._row(seen)

    def _thorough(self, seen: Seen) -> Seen:
        """Half of the network's runs first; the score of all of them is that of the mode."""
        sample = look(self.path, spec_of("thorough", self.spec))
        runs: dict[tuple[int, bool], Float32[np.ndarray, " levels"]] = {}

        def run(part: int, mirrored: bool) -> Float32[np.ndarray, " levels"]:
            views = sample.views[part::TIMES]
            return self.model.levels(views[..., ::-1] if mirrored else views, "exact")

        for part in HALF_PARTS:
            runs[part] = run(*part)
        seen = replace(seen, stage=HALF, frames=len(sample.numbers))
        self._update(HALF, mean_of([runs[part] for part in HALF_PARTS]))
        if self._is_sure():
            return seen
        every = [(part, mirrored) for mirrored in (False, True) for part in range(TIMES)]
        for part in every:
            if part not in runs:
                runs[part] = run(*part)
        self._update(THOROUGH, mean_of([runs[part] for part in every]))
        return replace(seen, stage=THOROUGH)

    def _ask(self, stage: str, views: Views, several: bool) -> bool:
        self.several = several
        self._update(stage, self.model.levels(views, "exact"))
        return self._is_sure()

    def _update(self, stage: str, levels: Float32[np.ndarray, " levels"]) -> None:
        """Take over what a stage says."""
        card = self.model.card
        self.levels = levels
        raw = raw_score(levels, card)
        bounds = None
        if stage == THOROUGH:
            bounds = raw, raw, raw
        elif card.sure is not None:
            bounds = card.sure.bounds(stage, raw, several=self.several, error=self.error)
        score, low, high = bounds or (raw, card.scale.min, card.scale.max)
        self.bounds = Bounds(*(self._inside(one) for one in (score, low, high)))

    def _is_sure(self) -> bool:
        return self.bounds.low >= self.threshold or self.bounds.high < self.threshold

    def _inside(self, score: float) -> float:
        scale = self.model.card.scale
        return min(max(score, scale.min), scale.max)

    def _row(self, seen: Seen) -> Row:
        card = self.model.card
        score, low, high = (
            card.scores_as.map(one) if card.scores_as else one
            for one in (self.bounds.score, self.bounds.low, self.bounds.high)
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
            side="above" if self.bounds.score >= self.threshold else "below",
            stage=seen.stage,
            thorough_low=low,
            thorough_high=high,
        )


def raw_score(levels: Float32[np.ndarray, " levels"], card: Card) -> float:
    """The expectation over the levels."""
    return float(levels.astype(np.float64) @ np.array(card.values))


def mean_of(runs: list[Float32[np.ndarray, " levels"]]) -> Float32[np.ndarray, " levels"]:
    """The mean of several runs of the network, as a thorough score takes it."""
    return np.stack(runs).mean(0, dtype=np.float64).astype(np.float32)


def stage_scores(
    model: "Model", steps: Steps | None, exact: Views, thorough: AllViews
) -> dict[str, float]:
    """What each stage says of a video whose views are there; nothing is corrected."""
    parts = [thorough[start::TIMES] for start in range(TIMES)]
    runs = {
        (number, mirrored): model.levels(part[..., ::-1] if mirrored else part, "exact")
        for mirrored in (False, True)
        for number, part in enumerate(parts)
    }
    looks = {} if steps is None else {ONE: steps.one, THREE: steps.three}
    scores = {stage: model.levels(exact[list(looks[stage])], "exact") for stage in looks}
    scores[EXACT] = model.levels(exact, "exact")
    scores[HALF] = mean_of([runs[part] for part in HALF_PARTS])
    scores[THOROUGH] = mean_of(list(runs.values()))
    return {stage: raw_score(levels, model.card) for stage, levels in scores.items()}
