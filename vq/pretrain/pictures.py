"""Batches of pictures, cut out of scenes."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int, UInt8

from vq.pretrain.crops import cut, spread

SIDES_PX = (48, 64)
"""Of crops: a damage shows in few pixels, and many small pictures teach more than a few large."""


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
    frames: Sequence[UInt8[np.ndarray, "height width 3"]],
    side_px: int,
    rng: np.random.Generator,
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
