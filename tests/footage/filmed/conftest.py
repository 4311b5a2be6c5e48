"""A photograph with detail at all scales, made here."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """640 x 480, RGB."""
    rng = np.random.default_rng(5)
    layers = []
    for cells in (6, 24, 96, 384):
        small = Image.fromarray(rng.integers(0, 256, (cells * 3 // 4, cells, 3), np.uint8))
        layers.append(np.asarray(small.resize((640, 480), Image.Resampling.BICUBIC), float))
    return Image.fromarray(np.mean(layers, 0).astype(np.uint8))
