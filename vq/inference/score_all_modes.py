"""Scores many videos in every mode, and counts what has to be decoded for that."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from vq.inference import runtime
from vq.inference.card import Card
from vq.inference.modes import MODES, Mode
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


def score_all_modes(
    card: Card, network: Path, videos: Sequence[Path], *, jobs: int
) -> list[dict[Mode, ModeScore]]:
    """Score videos in every mode.

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


def _score_part(card: Card, network: Path, videos: Sequence[Path]) -> list[dict[Mode, ModeScore]]:
    # No limits: these videos passed those of `extract` already.
    limits = Limits(megapixels=1e9, frames=10**12)
    model = runtime.build(card, network.read_bytes(), name=network, limits=limits)
    return [{mode: _score_mode(model, video, mode) for mode in MODES} for video in videos]


def _score_mode(model: runtime.Model, video: Path, mode: Mode) -> ModeScore:
    sample, actual_mode = model.look(video, mode)
    levels = model.levels(sample.views, actual_mode).astype(np.float64)
    stream_packets = packets.read(video)
    return ModeScore(
        float(levels @ np.array(model.card.values)),
        actual_mode,
        cost(stream_packets, sample.numbers) / max(len(stream_packets.pts), 1),
        len(sample.views) * (2 if actual_mode == "thorough" else 1),
    )
