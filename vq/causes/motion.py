"""What a few runs of neighbouring frames show of damage that needs time to be seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vq.causes.bars import Bars
from vq.causes.counting import percentile
from vq.video.shapes import Int16, UInt8

PIXELS = 40_000
"""About how many of each frame are compared; they are picked, not averaged: noise stays."""
CELLS = 6
"""Along each side, in which brightness is compared."""


@dataclass(frozen=True, eq=False)
class Picked:
    """Some pixels of a frame."""

    pixels: UInt8[np.ndarray, "rows columns"]
    apart: int
    """Distance of neighbours in the frame."""


Run = Sequence[Picked]


def measure(runs: Sequence[Run], bars: Bars, *, black: int, white: int) -> dict[str, float]:
    """The numbers of all runs of picked pixels together; a run of one frame counts as still."""
    scale = 255 / (white - black)
    steps: list[np.ndarray] = []
    tops: list[np.ndarray] = []
    quiet: list[float] = []
    white_noise: list[float] = []
    gains: list[np.ndarray] = []
    bends: list[np.ndarray] = []
    for run in runs:
        thin = [_inside(frame, bars) for frame in run]
        moves = [np.abs(after - before) for before, after in pairwise(thin)]
        if not moves:
            continue
        steps.append(scale * np.array([move.mean() for move in moves]))
        tops.append(scale * np.array([percentile(move, 99) for move in moves]))
        quiet.append(scale * float(np.median([percentile(move, 25) for move in moves])))
        if len(thin) > 2:
            jumps = [
                scale
                * percentile(np.abs(2 * b - a - c), 50)
                / 2
                / (scale * percentile(np.abs(c - a), 50) + 0.3)
                for a, b, c in zip(thin, thin[1:], thin[2:], strict=False)
            ]
            white_noise.append(float(np.median(jumps)))
        light = scale * np.stack([_cells(frame) for frame in thin])
        change = np.log((light[1:] + 8) / (light[:-1] + 8))
        # What all of the picture does alike; things that move do so in some cells.
        gains.append(np.median(change, axis=1))
        if len(light) > 2:
            bends.append(np.median(np.diff(change, axis=0), axis=1))
    return {**_repeats(steps, tops), **_changes(gains, bends), **_noise(quiet, white_noise)}


def picked(luma: UInt8[np.ndarray, "height width"]) -> Picked:
    """Some pixels of a frame, in equal distances."""
    apart = max(round((luma.size / PIXELS) ** 0.5), 1)
    return Picked(luma[apart // 2 :: apart, apart // 2 :: apart].copy(), apart)


def _inside(frame: Picked, bars: Bars) -> Int16[np.ndarray, "rows columns"]:
    top, bottom, left, right = (
        -(-width // frame.apart) for width in (bars.top, bars.bottom, bars.left, bars.right)
    )
    height, width = frame.pixels.shape
    return frame.pixels[top : height - bottom, left : width - right].astype(np.int16)


def _cells(frame: np.ndarray) -> np.ndarray:
    rows, columns = (np.linspace(0, n, CELLS + 1).astype(int)[:-1] for n in frame.shape)
    sums = np.add.reduceat(np.add.reduceat(frame, rows, 0, dtype=np.float64), columns, 1)
    sizes = np.add.reduceat(
        np.add.reduceat(np.ones_like(frame), rows, 0, dtype=np.float64), columns, 1
    )
    return (sums / sizes).ravel()


def _repeats(steps: list[np.ndarray], tops: list[np.ndarray]) -> dict[str, float]:
    """Frames that show the one before again, and how far the next one jumps."""
    if not steps:
        steps, tops = [np.zeros(1)], [np.zeros(1)]
    every, top = np.concatenate(steps), np.concatenate(tops)
    usual = np.percentile(every, 75)
    still = (every < 0.12 * usual + 0.03) & (top < 0.25 * np.percentile(top, 75) + 1.0)
    after = [
        step[place + 1] / (np.median(step) + 0.2)
        for step in steps
        for place in range(len(step) - 1)
        if step[place] < 0.12 * usual + 0.03 <= step[place + 1]
    ]
    uneven = [float(np.abs(np.diff(np.log2(step + 0.1))).mean()) for step in steps if len(step) > 1]
    jumps = [float(step.max() / (np.median(step) + 0.2)) for step in steps]
    zigzag = [
        float(np.abs(np.diff(step, 2)).mean() / (step.mean() + 0.2))
        for step in steps
        if len(step) > 2
    ]
    return {
        "motion": float(np.log2(every.mean() + 0.05)),
        "motion_50": float(np.log2(np.median(every) + 0.05)),
        "motion_10": float(np.log2(np.percentile(every, 10) + 0.05)),
        "motion_low": float(np.log2((np.percentile(every, 10) + 0.05) / (usual + 0.05))),
        "motion_least": float(np.log2((every.min() + 0.02) / (usual + 0.02))),
        "top_motion": float(np.log2(np.median(top) + 0.5)),
        "repeats": float(still.mean()),
        "repeats_in_motion": float(still.mean() * (usual > 0.8)),
        "identical": float((every < 0.02).mean()),
        "nearly_identical": float((every < 0.1).mean()),
        "jump_after": float(np.log2(max(after, default=1.0) + 0.1)),
        "jump": float(np.log2(max(jumps) + 0.1)),
        "uneven": float(np.mean(uneven)) if uneven else 0.0,
        "uneven_most": float(np.max(uneven)) if uneven else 0.0,
        "zigzag": float(np.mean(zigzag)) if zigzag else 0.0,
    }


def _changes(gains: list[np.ndarray], bends: list[np.ndarray]) -> dict[str, float]:
    """Brightness of the whole picture from frame to frame."""
    change = np.concatenate(gains) if gains else np.zeros(1)
    bend = np.concatenate(bends) if bends else np.zeros(1)
    return {
        "gain": float(np.log2(np.abs(change).mean() + 1e-3)),
        "gain_most": float(np.log2(np.percentile(np.abs(change), 90) + 1e-3)),
        "gain_bend": float(np.log2(np.abs(bend).mean() + 1e-3)),
        "gain_bend_50": float(np.log2(np.median(np.abs(bend)) + 1e-3)),
        "gain_turns": float(np.log2((np.abs(bend).mean() + 1e-3) / (np.abs(change).mean() + 1e-3))),
    }


def _noise(quiet: list[float], white: list[float]) -> dict[str, float]:
    """What changes where nothing moves, and whether each frame is new noise."""
    return {
        "temporal_noise": float(np.log2((np.median(quiet) if quiet else 0.0) + 0.1)),
        "temporal_noise_least": float(np.log2((np.min(quiet) if quiet else 0.0) + 0.1)),
        "new_noise": float(np.median(white)) if white else 0.0,
    }
