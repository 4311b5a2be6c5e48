"""Scenes that differ as those of cameras do, and what uploads make of them."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from tests.conftest import Picture


def scene(
    seed: int, *, mirrored: bool = False, crop: float = 0.0, start: int = 0, bars: float = 0.0
) -> Picture:
    """Soft spots of random brightness that a camera pans over, pixel by pixel.

    Args:
        seed: another one, another scene.
        mirrored: left is right.
        crop: share that is cut off at each side.
        start: the frame that comes first.
        bars: share of black above and below.
    """
    spots = np.random.default_rng(seed).integers(0, 256, (9, 14), np.uint8)
    world = Image.fromarray(spots).resize((1400, 900), Image.Resampling.BICUBIC)

    def picture(number: int, width: int, height: int) -> np.ndarray:
        left = 4.0 * (number + start)
        inside = (
            left + 800 * crop,
            100 + 600 * crop,
            left + 800 * (1 - crop),
            100 + 600 * (1 - crop),
        )
        black = round(height * bars)
        seen = world.resize((width, height - 2 * black), Image.Resampling.BILINEAR, box=inside)
        grey = np.pad(np.asarray(seen), ((black, black), (0, 0)))
        return np.repeat((grey[:, ::-1] if mirrored else grey)[:, :, None], 3, axis=2)

    return picture


def looks(picture: Picture, frames: int = 50) -> Sequence[np.ndarray]:
    """What `vq.video.probe` keeps of its frames, without a file."""
    return [picture(number, 64, 48)[:, :, 0] for number in range(frames)]
