"""What a student says of many videos in every mode, and what of them it has to decode for it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from vq.inference import runtime
from vq.inference.modes import MODES, Mode
from vq.video import packets
from vq.video.plan import cost
from vq.workers.limits import Limits
from vq.workers.parent import follow


@dataclass(frozen=True)
class ModeScore:
    """Of one video in one mode."""

    score: float
    """As the network gives it, without correction."""
    mode: Mode
    """That it comes to: `exact` where nothing is cheaper."""
    decoded: float
    """Share of the video's packets that have to be decoded."""
    moments: int
    """Views that go through the network."""


def score_all_modes(
    folder: Path, videos: Sequence[Path], *, jobs: int
) -> list[dict[Mode, ModeScore]]:
    """Score videos in every mode; no number depends on `jobs`, the processes side by side.

    Raises:
        VideoError: one of them cannot be decoded.
        WeightsError: there is no student in the folder.
    """
    parts = [videos[start::jobs] for start in range(jobs)]
    workers = Parallel(jobs, initializer=follow, initargs=(os.getpid(),))
    found = workers(delayed(_some)(folder, part) for part in parts)
    return [found[place % jobs][place // jobs] for place in range(len(videos))]


def _some(folder: Path, videos: Sequence[Path]) -> list[dict[Mode, ModeScore]]:
    # These are videos that were extracted: what was good enough for that is for this.
    model = runtime.load(folder, limits=Limits(megapixels=1e9, frames=10**12))
    return [{mode: _said(model, video, mode) for mode in MODES} for video in videos]


def _said(model: runtime.Model, video: Path, mode: Mode) -> ModeScore:
    looked, found = model.look(video, mode)
    levels = model.levels(looked.views, found).astype(np.float64)
    known = packets.read(video)
    return ModeScore(
        float(levels @ np.array(model.card.values)),
        found,
        cost(known, looked.numbers) / max(len(known.pts), 1),
        len(looked.views) * (2 if found == "thorough" else 1),
    )
