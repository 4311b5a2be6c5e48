"""What changes from frame to frame of a clip: statistics of differences, without motion search.

Natural scene statistics hold for frame differences too (Saad et al., Video BLIINDS, IEEE TIP 2014);
repeated frames, flicker and jumps are what a single frame cannot show.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from jaxtyping import Float32, UInt8

from vq.zoo.expert import CLIP_FRAMES, Kind, Tags
from vq.zoo.frame_window import AREA, LUMA, luma, window
from vq.zoo.statistics import NUMBERS, OPERATIONS, halve, two_scales

NAMES = (
    "repeated", "almost_repeated", "change", "change_least", "change_most", "change_uneven",
    "energy", "energy_quarter", "still", "moved", "leaped",
    "flicker", "flicker_most", "regional_flicker", "jerk",
)  # fmt: skip
"""What each number is, in order; the statistics of the strongest difference follow."""
ALMOST = 0.5
"""Mean absolute change of luma (0 to 255) below which a frame almost repeats the one before."""
REGION_PX = 32
OPERATIONS_FRAME, OPERATIONS_CHANGE, OPERATIONS_JERK = 1, 16, 3
"""For each pixel of a frame (its mean), of a difference (itself; sizes, energies, counts, regions)
and of the difference of two of them."""
TAGS = Tags("handcrafted", "temporal statistics", "none", "Apache-2.0")


@dataclass(frozen=True)
class TemporalStatistics:
    """51 numbers for each clip: 15 of `NAMES`, 36 of natural scene statistics."""

    name: str = "temporal_statistics"
    catalog: str = "temporal_statistics"
    kind: Kind = "clip"
    dim: int = len(NAMES) + 2 * NUMBERS
    dtype: Literal["float16", "float32"] = "float32"
    version: int = 1
    identity: str = "window of 3 x 5 tiles of 128 px"
    frames: int = CLIP_FRAMES
    """Of the clips that it will see, for `gmacs`; it describes clips of any length."""
    parameters: int = 0
    tags: Tags = TAGS

    @property
    def gmacs(self) -> float:
        """Multiply-accumulates of a clip, in 1e9."""
        each = (
            self.frames * (LUMA + OPERATIONS_FRAME)
            + (self.frames - 1) * OPERATIONS_CHANGE
            + (self.frames - 2) * OPERATIONS_JERK
            + OPERATIONS
        )
        return AREA * each / 2e9

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float32[np.ndarray, "1 dim"]:
        """Measure the clip; a single frame counts as one that repeats itself."""
        bright = [luma(frame).astype(np.float32) for frame in window(pixels)]
        if len(bright) == 1:
            bright *= 2
        changes = [after - before for before, after in pairwise(bright)]
        strongest = max(changes, key=_energy)
        features = np.concatenate(
            [_change(changes), _flicker(bright, changes), two_scales(strongest)]
        )
        return features.astype(np.float32)[None]


def _change(changes: list[Float32[np.ndarray, "height width"]]) -> list[float]:
    sizes = [np.abs(change) for change in changes]
    means = np.array([size.mean(dtype=np.float64) for size in sizes])
    return [
        float(np.mean(means == 0)),
        float(np.mean(means < ALMOST)),
        float(np.log1p(means.mean())),
        float(np.log1p(means.min())),
        float(np.log1p(means.max())),
        float(means.std() / (means.mean() + 0.1)),
        float(np.log1p(np.mean([_energy(change) for change in changes]))),
        float(np.log1p(np.mean([_energy(halve(halve(change))) for change in changes]))),
        float(np.mean([np.count_nonzero(size == 0) / size.size for size in sizes])),
        float(np.mean([np.count_nonzero(size > 4) / size.size for size in sizes])),
        float(np.mean([np.count_nonzero(size > 24) / size.size for size in sizes])),
    ]


def _flicker(
    bright: list[Float32[np.ndarray, "height width"]],
    changes: list[Float32[np.ndarray, "height width"]],
) -> list[float]:
    """Brightness of frames and of regions, and how much a change differs from the one before."""
    means = np.array([picture.mean(dtype=np.float64) for picture in bright])
    jerks = [_energy(after - before) for before, after in pairwise(changes)]
    return [
        float(np.log1p(means.std())),
        float(np.log1p(np.abs(np.diff(means)).max())),
        float(np.log1p(np.mean([_regions(change).std() for change in changes]))),
        float(np.log1p(np.mean(jerks or [0.0]))),
    ]


def _regions(change: Float32[np.ndarray, "height width"]) -> np.ndarray:
    rows = np.arange(0, change.shape[0], REGION_PX)
    columns = np.arange(0, change.shape[1], REGION_PX)
    sums = np.add.reduceat(np.add.reduceat(change, rows, axis=0), columns, axis=1)
    heights = np.diff(np.append(rows, change.shape[0]))
    widths = np.diff(np.append(columns, change.shape[1]))
    return sums.astype(np.float64) / np.outer(heights, widths)


def _energy(change: Float32[np.ndarray, "height width"]) -> float:
    return float((change * change).mean(dtype=np.float64)) if change.size else 0.0
