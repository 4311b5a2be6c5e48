"""Which frames of two copies show the same moment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from vq.best.clock import Clock
from vq.video import frame_sampling

SIDE_PX = 64, 36
"""Width and height at which frames are compared, whatever shape the copy has."""
SAMPLES = 48
"""Frames of the anchor that are looked for in the other copy."""
REACH_S = 1.0
"""How much later or earlier the other copy may begin."""
MIN_CORRELATION = 0.9
"""Mean correlation from which on two copies show the same at the same time."""
SHIFT_PENALTY = 1e-5
"""Correlation that a second of offset has to bring: stills fit anywhere."""


@dataclass(frozen=True)
class Offset:
    """How a copy lies to the anchor."""

    seconds: float
    """That it shows a moment of the anchor later."""
    mirrored: bool
    correlation: float
    """Mean over moments, of the brightness of small pictures."""

    @property
    def fits(self) -> bool:
        """Whether they show the same at the same time."""
        return self.correlation >= MIN_CORRELATION


SAME = Offset(0.0, False, 1.0)


def find_offset(
    anchor: UInt8[np.ndarray, "frames height width"],
    other: UInt8[np.ndarray, "others other_height other_width"],
    *,
    anchor_clock: Clock,
    clock: Clock,
) -> Offset:
    """The offset at which the frames of two copies are most alike, as they are or mirrored."""
    numbers = np.unique(frame_sampling.moments(len(anchor), moments=SAMPLES))
    wanted = _normal(anchor[numbers])
    seen, times = _normal(other), anchor_clock.times_of(numbers)
    straight = _best(wanted, times, seen, clock)
    if straight.fits:
        return straight
    width = SIDE_PX[0]
    turned = seen.reshape(len(seen), -1, width)[:, :, ::-1].reshape(len(seen), -1)
    mirrored = _best(wanted, times, np.ascontiguousarray(turned), clock)
    if mirrored.correlation > straight.correlation:
        return Offset(mirrored.seconds, True, mirrored.correlation)
    return straight


def _best(wanted: np.ndarray, times: np.ndarray, seen: np.ndarray, clock: Clock) -> Offset:
    step = 1 / clock.fps
    steps = round(REACH_S * clock.fps)
    best = Offset(0.0, False, -1.0)
    for shift in sorted(range(-steps, steps + 1), key=abs):
        places = clock.numbers_at(times + shift * step)
        inside = (places >= 0) & (places < len(seen))
        # Half of the moments at least: a few frames fit by chance.
        if 2 * np.count_nonzero(inside) < len(times):
            continue
        alike = np.einsum("ij,ij->i", wanted[inside], seen[places[inside]])
        value = float(alike.mean())
        penalty = SHIFT_PENALTY * abs(shift) * step
        if value - penalty > best.correlation - SHIFT_PENALTY * abs(best.seconds):
            best = Offset(shift * step, False, value)
    return best


def numbers_of(
    times: Sequence[float], offset: Offset, *, clock: Clock, frame_count: int
) -> list[int]:
    """The frame of a copy at each moment of the anchor, in seconds."""
    numbers = clock.numbers_at(np.array(times) + offset.seconds)
    return [int(number) for number in np.clip(numbers, 0, frame_count - 1)]


def moments_of(
    offsets: Sequence[Offset], durations: Sequence[float], *, clock: Clock, count: int
) -> list[float]:
    """Times of frames of the anchor that all copies show, in the middle of equal parts.

    The anchor is one of the copies; `clock` is its own.
    """
    start = max(-one.seconds for one in offsets)
    end = min(length - one.seconds for one, length in zip(offsets, durations, strict=True))
    times = [start + (end - start) * (2 * place + 1) / (2 * count) for place in range(count)]
    return [float(time) for time in clock.begin_of(np.array(times))]


def _normal(frames: UInt8[np.ndarray, "frames _ _"]) -> Float32[np.ndarray, "frames pixels"]:
    """Small pictures without their mean, of length 1."""
    small = np.stack(
        [np.asarray(Image.fromarray(one).resize(SIDE_PX, Image.Resampling.BOX)) for one in frames]
    )
    flat = small.reshape(len(small), -1).astype(np.float32)
    flat -= flat.mean(1, keepdims=True)
    return flat / (np.sqrt(np.einsum("ij,ij->i", flat, flat))[:, None] + 1e-3)
