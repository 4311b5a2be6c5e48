"""What is looked at in a copy: the same places at the same moments as in all other copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from vq.best import spectrum
from vq.video.decode import decode

GRID = 3
"""Patches along each side of a picture."""
MOST_PX = 192
"""Side of a patch, at most."""

Size = tuple[int, int]
"""Width and height."""


@dataclass(frozen=True, eq=False)
class Look:
    """What is compared of a copy."""

    patches: UInt8[np.ndarray, "patches side side"]
    """Brightness at the common size: all places of a moment, then those of the next."""
    spectrum: Float32[np.ndarray, " numbers"]
    """`vq.best.spectrum.describe`, at its own size."""


def look(path: Path, numbers: Sequence[int], *, size: Size, mirrored: bool) -> Look:
    """Decode the moments of a copy, which are frames by number.

    `size` is that at which copies are compared. A `mirrored` copy is turned around first.

    Raises:
        VideoError: the file cannot be read as video.
    """
    decoded = decode(path, lambda _: numbers)
    return describe([decoded.pixels[number] for number in numbers], size=size, mirrored=mirrored)


def describe(
    frames: Sequence[UInt8[np.ndarray, "height width 3"]], *, size: Size, mirrored: bool = False
) -> Look:
    """As `look`, of frames that are decoded: one for each moment."""
    places = [_luma(_scaled(pixels, size)) for pixels in frames]
    if mirrored:
        places = [place[:, ::-1] for place in places]
    own = np.stack([_luma(pixels) for pixels in frames])
    return Look(np.concatenate([_patches(place) for place in places]), spectrum.describe(own))


def shape_of(size: Size, moments: int) -> tuple[int, int, int]:
    """The shape of the patches of a look."""
    return moments * GRID**2, _side(size), _side(size)


def _side(size: Size) -> int:
    return min(MOST_PX, min(size) // GRID // 2 * 2)


def _patches(
    picture: UInt8[np.ndarray, "height width"],
) -> UInt8[np.ndarray, "places side side"]:
    height, width = picture.shape
    side = _side((width, height))
    return np.stack(
        [
            picture[top : top + side, left : left + side]
            for top in _starts(height, side)
            for left in _starts(width, side)
        ]
    )


def _starts(length: int, side: int) -> list[int]:
    """Where patches begin: each in the middle of its share of the length."""
    return [(2 * place + 1) * length // (2 * GRID) - side // 2 for place in range(GRID)]


def _scaled(pixels: UInt8[np.ndarray, "height width 3"], size: Size) -> np.ndarray:
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def _luma(pixels: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width"]:
    red, green, blue = np.moveaxis(pixels.astype(np.uint32), 2, 0)
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)
