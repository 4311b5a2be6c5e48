"""A video as one small picture inside an HTML file."""

import base64
import io
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from vq.video.decode import decode

WIDTH_PX, HEIGHT_PX = 360, 240
"""A picture is scaled down to fit, twice the size at which it is shown: screens are dense."""


def middle_frame(path: Path) -> str:
    """The frame in the middle of a video, as a JPEG data URI.

    Raises:
        VideoError: the file is not a video.
    """
    return picture_of(middle_pixels(path))


def middle_pixels(path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """The frame in the middle of a video, at its own size.

    Raises:
        VideoError: the file is not a video.
    """
    decoded = decode(path, lambda count: [count // 2])
    (pixels,) = decoded.pixels.values()
    return pixels


def picture_of(pixels: UInt8[np.ndarray, "height width 3"]) -> str:
    """A frame as a JPEG data URI."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((WIDTH_PX, HEIGHT_PX))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.getvalue()).decode("ascii")
