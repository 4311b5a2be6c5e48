"""A photograph as pixels, decoded on demand."""

import warnings

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from vq.errors import DataError
from vq.footage.fetched import Source


def read(source: Source) -> UInt8[np.ndarray, "height width 3"]:
    """Decode a photograph, upright, as sRGB.

    Raises:
        DataError: it is no picture, is damaged, or has other sides than the table of sources says.
    """
    try:
        with warnings.catch_warnings(), Image.open(source.path) as picture:
            # Its size is in a table that people have read; Pillow's own limit guards strangers.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if picture.size != (source.width, source.height):
                raise DataError(
                    f"{source.path}: is {picture.width} x {picture.height}, the table says "
                    f"{source.width} x {source.height}; correct the row in sources.csv"
                )
            return np.array(ImageOps.exif_transpose(picture).convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{source.path}: cannot be decoded ({error}); leave its row out of sources.csv"
        ) from error
