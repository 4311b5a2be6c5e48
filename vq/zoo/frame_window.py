"""What part of a large frame an expert looks at: tiles of native resolution, spread evenly.

Scaling down would hide the very noise, blur and blocks that experts are to see. Tiles start on the
8 px grid of the codecs. A frame of 640 x 384 or less is seen whole, so that the cost of a frame is
bounded whatever its size.
"""

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

TILE_PX = 128
ROWS = 3
COLUMNS = 5
GRID_PX = 8
WINDOW = (ROWS * TILE_PX, COLUMNS * TILE_PX)
"""Height and width of the largest window, in pixels."""
AREA = WINDOW[0] * WINDOW[1]
LUMA = 5
"""Operations of `luma`, for each pixel."""


def window(
    pixels: UInt8[np.ndarray, "time height width 3"],
) -> UInt8[np.ndarray, "time rows columns 3"]:
    """Cut the tiles and join them to one picture, each frame at the same places."""
    rows = _places(pixels.shape[1], tiles=ROWS)
    columns = _places(pixels.shape[2], tiles=COLUMNS)
    if len(rows) == pixels.shape[1] and len(columns) == pixels.shape[2]:
        return pixels
    return pixels[:, rows[:, None], columns[None, :]]


def luma(frame: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width"]:
    """Brightness by BT.601, 0 to 255."""
    return np.asarray(Image.fromarray(frame).convert("L"))


def _places(length: int, *, tiles: int) -> Int[np.ndarray, " places"]:
    if length <= tiles * TILE_PX:
        return np.arange(length)
    starts = np.arange(tiles) * (length - TILE_PX) // (tiles - 1) // GRID_PX * GRID_PX
    return (starts[:, None] + np.arange(TILE_PX)).ravel()
