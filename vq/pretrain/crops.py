"""Square pictures cut out of a frame: patches of native resolution, side by side."""

import numpy as np
from jaxtyping import Int, UInt8

PATCH_PX = 32
GRID = 5
"""A grid of 5 x 5 patches is what the student sees by default."""

Places = Int[np.ndarray, "grid grid 2"]


def spread(
    height: int,
    width: int,
    *,
    grid: int = GRID,
    patch_px: int = PATCH_PX,
    rng: np.random.Generator | None = None,
) -> Places:
    """Top and left edge of each patch of a grid, spread over a frame; a grid of 1 is a plain crop.

    Each patch lies in its own cell of the frame: anywhere, or in the middle if there is no `rng`.
    Where a patch is larger than its cell it reaches into the next one, never out of the frame.
    Offsets are even, as those of the student's views: chroma has half the resolution.
    """
    lengths = np.array([height, width])
    cell = lengths / grid
    corners = np.stack(np.meshgrid(np.arange(grid), np.arange(grid), indexing="ij"), axis=-1)
    share = 0.5 if rng is None else rng.random(corners.shape)
    starts = corners * cell + (cell - patch_px) * share
    return np.clip(starts, 0, np.maximum(lengths - patch_px, 0)).astype(np.int64) // 2 * 2


def cut(
    frame: UInt8[np.ndarray, "height width 3"], places: Places, *, patch_px: int = PATCH_PX
) -> UInt8[np.ndarray, "side side 3"]:
    """Put the patches at `places` side by side."""
    lines = [
        np.hstack([frame[top : top + patch_px, left : left + patch_px] for top, left in line])
        for line in places
    ]
    return np.vstack(lines)
