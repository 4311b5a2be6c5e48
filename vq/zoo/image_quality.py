"""Exposure, colour, sharpness and artefacts of a picture, in numbers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, Int16, UInt8

from vq.zoo.expert import Kind, Tags
from vq.zoo.frame_window import AREA, GRID_PX, LUMA, luma, window

PERCENTILES = (1, 10, 50, 90, 99)
NAMES = (
    "mean", "contrast", *(f"percentile_{p}" for p in PERCENTILES),
    "clipped_dark", "clipped_bright", "entropy", "levels_unused",
    "colourfulness", "saturation",
    "laplacian", "gradient", "gradient_peak", "reblur_across", "reblur_down", "noise",
    "blocks_across", "blocks_down",
    "flat", "lone_steps", "small_steps",
)  # fmt: skip
"""What each number is, in order: exposure, colour, sharpness, blocks, steps."""
OPERATIONS = 55
"""For each pixel: 2 differences, 1 exposure, 5 colour (at a quarter of the pixels), 32 sharpness
(half of it for what blurring leaves), 4 blocks, 11 steps."""
TAGS = Tags("handcrafted", "picture statistics", "none", "Apache-2.0")


@dataclass(frozen=True)
class PictureStatistics:
    """24 numbers for each frame, `NAMES`; energies as logarithms, so that none runs away."""

    name: str = "picture_statistics"
    catalog: str = "picture_statistics"
    kind: Kind = "image"
    dim: int = len(NAMES)
    dtype: Literal["float16", "float32"] = "float32"
    version: int = 1
    identity: str = "window of 3 x 5 tiles of 128 px"
    parameters: int = 0
    gmacs: float = AREA * (LUMA + OPERATIONS) / 2e9
    tags: Tags = TAGS

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float32[np.ndarray, "time dim"]:
        """Measure each frame by itself."""
        return np.stack([_measure(frame) for frame in window(pixels)])


def _measure(frame: UInt8[np.ndarray, "height width 3"]) -> Float32[np.ndarray, " dim"]:
    bright = luma(frame)
    signed = bright.astype(np.int16)
    across, down = np.diff(signed, axis=1), np.diff(signed, axis=0)
    numbers = [
        *_exposure(bright),
        *_colour(frame),
        *_sharpness(signed, across, down),
        _blocks(across),
        _blocks(down.T),
        *_steps(across),
    ]
    return np.array(numbers, np.float32)


def _exposure(bright: UInt8[np.ndarray, "height width"]) -> list[float]:
    share = np.bincount(bright.ravel(), minlength=256) / bright.size
    levels = np.arange(256)
    mean = float((share * levels).sum())
    contrast = float(np.sqrt((share * (levels - mean) ** 2).sum()))
    low, *middle, high = np.searchsorted(np.cumsum(share) + 1e-12, np.array(PERCENTILES) / 100)
    used = share[low : high + 1]
    entropy = -float((share[share > 0] * np.log2(share[share > 0])).sum())
    return [
        mean / 255,
        contrast / 255,
        *(float(level) / 255 for level in (low, *middle, high)),
        float(share[:2].sum()),
        float(share[254:].sum()),
        entropy / 8,
        float((used == 0).mean()),
    ]


def _colour(frame: UInt8[np.ndarray, "height width 3"]) -> list[float]:
    """Colourfulness of Hasler and Suesstrunk (SPIE 2003), and mean distance from grey."""
    # Every second pixel is plenty for a mean, and a quarter of the time.
    red, green, blue = np.moveaxis(frame[::2, ::2].astype(np.float32), -1, 0)
    first, second = red - green, (red + green) / 2 - blue
    spread = np.hypot(first.std(dtype=np.float64), second.std(dtype=np.float64))
    offset = np.hypot(first.mean(dtype=np.float64), second.mean(dtype=np.float64))
    distance = np.sqrt(first * first + second * second).mean(dtype=np.float64)
    return [float(spread + 0.3 * offset) / 100, float(distance) / 100]


def _sharpness(
    bright: Int16[np.ndarray, "height width"],
    across: Int16[np.ndarray, "height _"],
    down: Int16[np.ndarray, "_ width"],
) -> list[float]:
    """Energies, peak of the gradient, what blurring leaves of it, noise (Immerkaer, CVIU 1996)."""
    second = np.diff(across, axis=1)[1:-1] + np.diff(down, axis=0)[:, 1:-1]
    size = np.abs(across)
    energy = _mean_square(across) + _mean_square(down)
    ridge = np.diff(np.diff(np.diff(across, axis=1), axis=0), axis=0)
    noise = _mean(np.abs(ridge)) * np.sqrt(np.pi / 2) / 6
    return [
        float(np.log1p(_mean_square(second))),
        float(np.log1p(energy)),
        float(np.log1p(_peak(size))),
        _reblur(bright, across),
        _reblur(bright.T, down.T),
        float(np.log1p(noise)),
    ]


def _reblur(
    bright: Int16[np.ndarray, "lines length"], across: Int16[np.ndarray, "lines _"]
) -> float:
    """Share of the gradient that blurring over 9 px leaves: 1 if it was blurred before.

    Crete et al., SPIE 2007.
    """
    if bright.shape[1] < 10:
        return 1.0
    # The step of a mean over 9 px is the difference of two pixels 9 apart, over 9.
    blurred = np.abs(bright[:, 9:] - bright[:, :-9])
    sharp = np.abs(across[:, 4:-4])
    lost = np.maximum(9 * sharp - blurred, 0)
    total = 9 * float(sharp.sum(dtype=np.int64))
    return 1 - float(lost.sum(dtype=np.int64)) / total if total else 1.0


def _blocks(across: Int16[np.ndarray, "lines _"]) -> float:
    """How much larger steps are on the 8 px grid than off it, as a logarithm; 0 is none."""
    sums = np.abs(across).sum(axis=0, dtype=np.int64) / max(len(across), 1)
    on = np.arange(len(sums)) % GRID_PX == GRID_PX - 1
    if not on.any():
        return 0.0
    return float(np.log((sums[on].mean() + 0.1) / (sums[~on].mean() + 0.1)))


def _steps(across: Int16[np.ndarray, "lines _"]) -> list[float]:
    """Flat neighbours, steps with flat on both sides (banding), and steps of one or two levels."""
    still = across == 0
    lone = ~still[:, 1:-1] & still[:, :-2] & still[:, 2:]
    moving = max(int(np.count_nonzero(~still)), 1)
    small = np.count_nonzero(np.abs(across) <= 2) - np.count_nonzero(still)
    return [_mean(still), np.count_nonzero(lone) / moving, small / moving]


def _peak(size: Int16[np.ndarray, "lines _"]) -> float:
    """The 99th percentile of a map of sizes up to 255."""
    if not size.size:
        return 0.0
    total = np.cumsum(np.bincount(size.ravel(), minlength=256))
    return float(np.searchsorted(total, 0.99 * total[-1]))


def _mean(values: np.ndarray) -> float:
    return float(values.mean(dtype=np.float64)) if values.size else 0.0


def _mean_square(values: Int16[np.ndarray, "lines length"]) -> float:
    wide = values.astype(np.float32)
    return _mean(wide * wide)
