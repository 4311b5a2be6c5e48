"""Bars around a picture: black ones, and those that a blurred copy of it fills."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vq.video.shapes import Float64, UInt8

DARK, EVEN = 10.0, 4.0
"""A line of a black bar is at most so much brighter than black, and varies by so much."""
SOFT = 1.2
"""Octaves of detail that a blurred bar has less than the picture, on both sides."""

SAMPLES = 480
"""Most pixels of a line that are looked at."""
SMALLEST = 16
"""Side in pixels below which nobody looks for bars."""
NAMES = tuple(
    f"{name}_{axis}"
    for axis in ("rows", "columns")
    for name in ("black", "black_one", "soft", "soft_width", "soft_edge")
)


@dataclass(frozen=True)
class Bars:
    """Lines on each side that belong to a bar."""

    top: int
    bottom: int
    left: int
    right: int

    def cut(self, luma: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "rows columns"]:
        """The picture without them."""
        height, width = luma.shape
        return luma[self.top : height - self.bottom, self.left : width - self.right]


def find(
    frames: Sequence[UInt8[np.ndarray, "height width"]], *, black: int
) -> tuple[Bars, dict[str, float]]:
    """The bars that all frames have, and what tells of them."""
    if min(frames[0].shape) < SMALLEST:
        return Bars(0, 0, 0, 0), dict.fromkeys(NAMES, 0.0)
    numbers: dict[str, float] = {}
    sides: dict[str, int] = {}
    for name, ends, axis in (("rows", ("top", "bottom"), 1), ("columns", ("left", "right"), 0)):
        lit = np.zeros(frames[0].shape[1 - axis], bool)
        detail = np.zeros(len(lit))
        edge = np.zeros(len(lit))
        for luma in frames:
            lines = luma if axis else luma.T
            apart = 2 * -(-lines.shape[1] // (2 * SAMPLES))
            thin = lines[:, ::apart].astype(np.float32)
            lit |= (thin.mean(1) > black + DARK) | (thin.std(1) > EVEN)
            detail += np.abs(np.diff(thin, axis=1)).mean(1)
            # A bar ends in a straight line.
            edge[1:] += np.median(np.abs(np.diff(thin, axis=0)), 1)
        dark = _dark(lit)
        numbers[f"black_{name}"] = min(dark) / len(lit)
        numbers[f"black_one_{name}"] = max(dark) / len(lit)
        soft, contrast = _soft(detail / len(frames))
        numbers[f"soft_{name}"] = contrast
        numbers[f"soft_width_{name}"] = soft / len(lit) if contrast > SOFT else 0.0
        near = edge[max(soft - 2, 0) : soft + 3].max(initial=0) if soft else 0.0
        numbers[f"soft_edge_{name}"] = float(np.log2((near + 0.5) / (np.median(edge) + 0.5)))
        widths = dark
        if contrast > SOFT:
            widths = max(dark[0], soft), max(dark[1], soft)
        if sum(widths) > 0.8 * len(lit):
            widths = 0, 0
        sides |= dict(zip(ends, widths, strict=True))
    return Bars(**sides), numbers


def _dark(lit: np.ndarray) -> tuple[int, int]:
    if not lit.any():
        return 0, 0
    return int(lit.argmax()), int(lit[::-1].argmax())


def _soft(detail: Float64[np.ndarray, " lines"]) -> tuple[int, float]:
    """Where detail begins on both sides alike, and by how many octaves it rises there."""
    length = len(detail)
    reach = max(length // 24, 4)
    total = np.concatenate([[0.0], np.cumsum(detail)])
    best = 0, 0.0
    for width in range(reach, int(0.42 * length), max(length // 240, 1)):
        rises = []
        for sums in (total, total[-1] - total[::-1]):
            outside = sums[width] / width
            inside = (sums[width + reach] - sums[width]) / reach
            rises.append(np.log2((inside + 0.3) / (outside + 0.3)))
        if min(rises) > best[1]:
            best = width, float(min(rises))
    return best
