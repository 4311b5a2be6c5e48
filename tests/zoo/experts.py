"""What tests of the zoo share: an expert of each catalog entry, and pictures to show it."""

import numpy as np

from vq.params import Expert

SPECS = {
    "spatial_statistics": Expert(),
    "picture_statistics": Expert(),
    "temporal_statistics": Expert(),
    "distortion": Expert(),
    "scnn": Expert(weights="random"),
    "quality": Expert(),
    "motion": Expert(),
    "timm": Expert(model="mobilenetv3_small_050", weights="random", side_px=64),
    "torchvision_clip": Expert(model="r3d_18", weights="random", side_px=32),
}
"""By catalog name; the networks as small as they come."""


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """Uniform noise, 0 to 255."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def ramp(frames: int = 4, height: int = 72, width: int = 96) -> np.ndarray:
    """A colourful texture that moves by two pixels each frame: the same bits everywhere."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    pictures = [
        np.stack([(x + 2 * n) * 5 % 256, (y * 3 + x) % 256, ((x + 2 * n) ^ y) * 2 % 256], axis=2)
        for n in range(frames)
    ]
    return np.stack(pictures).astype(np.uint8)
