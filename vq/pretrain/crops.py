"""Square pictures cut out of frames: patches of native resolution, side by side."""

from collections.abc import Iterator, Sequence

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


def shuffled(
    rows: Int[np.ndarray, "rows _"], size: int, rng: np.random.Generator
) -> Iterator[Int[np.ndarray, "size _"]]:
    """Batches of rows: every row once, then all in another order, for ever."""
    size = min(size, len(rows))
    while True:
        order = rng.permutation(len(rows))
        for start in range(0, len(order) - size + 1, size):
            yield rows[order[start : start + size]]


def crop(
    frames: Sequence[UInt8[np.ndarray, "height width 3"]], side_px: int, rng: np.random.Generator
) -> list[UInt8[np.ndarray, "side side 3"]]:
    """Cut the same square out of frames of one size, seen in the same colours and direction."""
    places = spread(*frames[0].shape[:2], grid=1, patch_px=side_px, rng=rng)
    return changed([cut(frame, places, patch_px=side_px) for frame in frames], rng)


def changed(
    pictures: Sequence[UInt8[np.ndarray, "*time side side 3"]], rng: np.random.Generator
) -> list[UInt8[np.ndarray, "*time side side 3"]]:
    """Mirror half, exchange the colours of some: scenes have other colours than the world."""
    channels = rng.permutation(3) if rng.random() < 0.3 else np.arange(3)
    mirrored = -1 if rng.random() < 0.5 else 1
    return [picture[..., ::mirrored, channels] for picture in pictures]


def grids(
    frames: UInt8[np.ndarray, "versions height width 3"],
) -> UInt8[np.ndarray, "versions side side 3"]:
    """The regular grid of patches of each frame, to measure on."""
    places = spread(*frames.shape[1:3])
    return np.stack([cut(frame, places) for frame in frames])
