"""Scores many videos in every mode, and counts what has to be decoded for that."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from joblib import Parallel, delayed

from vq.inference import runtime
from vq.inference.card import Card
from vq.inference.decide import raw_score, stage_scores
from vq.inference.modes import MODES, Mode
from vq.inference.stages import EXACT, THOROUGH, Steps, has_several_keyframes
from vq.video import packets
from vq.video.decode_plan import cost
from vq.workers.limits import Limits
from vq.workers.process_pool import follow


@dataclass(frozen=True)
class ModeScore:
    """Of one video in one mode."""

    score: float
    """As the network gives it, without correction."""
    mode: Mode
    """The mode really used: `exact` where nothing is cheaper."""
    decoded: float
    """Share of the video's packets that have to be decoded."""
    moments: int
    """Views that go through the network."""


@dataclass(frozen=True)
class StageScores:
    """What each stage of `vq.inference.stages` says of one video, without correction."""

    several: bool
    """Whether its file has several keyframes."""
    scores: dict[str, float]
    """By stage; a student that looks at few moments has no short ones."""


Scores = tuple[dict[Mode, ModeScore], StageScores]


def score_all_modes(
    card: Card, network: Path, videos: Sequence[Path], *, jobs: int
) -> list[Scores]:
    """Score videos in every mode, and at every stage on the way to the most thorough one.

    What the card says of modes is not looked at. No number depends on `jobs`, processes side by
    side, each of which loads the network.

    Raises:
        VideoError: one of them cannot be decoded.
        WeightsError: the network does not fit the card.
    """
    parts = [videos[start::jobs] for start in range(jobs)]
    workers = Parallel(jobs, initializer=follow, initargs=(os.getpid(),))
    by_job = workers(delayed(_score_part)(card, network, part) for part in parts)
    return [by_job[place % jobs][place // jobs] for place in range(len(videos))]


def _score_part(card: Card, network: Path, videos: Sequence[Path]) -> list[Scores]:
    # No limits: these videos passed those of `extract` already.
    limits = Limits(megapixels=1e9, frames=10**12)
    model = runtime.build(card, network.read_bytes(), name=network, limits=limits)
    return [score_video(model, video) for video in videos]


def score_video(model: runtime.Model, video: Path) -> Scores:
    """Score one video in every mode and at every stage.

    Raises:
        VideoError: it cannot be decoded.
    """
    looks = {mode: model.look(video, mode) for mode in MODES}
    stream_packets = packets.read(video)
    steps = Steps.of(model.spec, stream_packets)
    stages = stage_scores(model, steps, looks["exact"][0].views, looks["thorough"][0].views)
    exact = {"exact": stages[EXACT], "thorough": stages[THOROUGH]}
    scores: dict[Mode, ModeScore] = {}
    for mode, (sample, actual_mode) in looks.items():
        score = exact.get(actual_mode)
        if score is None:
            score = raw_score(model.levels(sample.views, actual_mode), model.card)
        scores[mode] = ModeScore(
            score,
            actual_mode,
            cost(stream_packets, sample.numbers) / max(len(stream_packets.pts), 1),
            len(sample.views) * (2 if actual_mode == "thorough" else 1),
        )
    return scores, StageScores(has_several_keyframes(stream_packets), stages)
