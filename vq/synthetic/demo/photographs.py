"""Natural contents without a download: the photographs of scikit-image and scikit-learn."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from vq.errors import DataError
from vq.synthetic.demo.textures import Picture
from vq.synthetic.pixels import to_bytes

GREY = (1.0, 1.0, 1.0)
PHOTOGRAPHS: Mapping[str, tuple[str, str, tuple[float, float, float]]] = MappingProxyType(
    {
        "astronaut": ("skimage", "data/astronaut.png", GREY),
        "brick": ("skimage", "data/brick.png", (1.15, 0.92, 0.82)),
        "camera": ("skimage", "data/camera.png", GREY),
        "chelsea": ("skimage", "data/chelsea.png", GREY),
        "china": ("sklearn", "datasets/images/china.jpg", GREY),
        "coffee": ("skimage", "data/coffee.png", GREY),
        "coins": ("skimage", "data/coins.png", (1.08, 1.0, 0.86)),
        "flower": ("sklearn", "datasets/images/flower.jpg", GREY),
        "grass": ("skimage", "data/grass.png", (0.88, 1.08, 0.66)),
        "gravel": ("skimage", "data/gravel.png", (1.05, 1.0, 0.92)),
        "hubble": ("skimage", "data/hubble_deep_field.jpg", GREY),
        "ihc": ("skimage", "data/ihc.png", GREY),
        "moon": ("skimage", "data/moon.png", GREY),
        "motorcycle": ("skimage", "data/motorcycle_left.png", GREY),
        "retina": ("skimage", "data/retina.jpg", GREY),
        "rocket": ("skimage", "data/rocket.jpg", GREY),
    }
)
"""Package, file and tint of each photograph; a tint gives a grey one the colour of its subject."""


def photograph(name: str) -> Picture:
    """Open a photograph of `PHOTOGRAPHS`.

    Raises:
        DataError: the package that ships it is missing, or no longer ships it.
    """
    package, file, tint = PHOTOGRAPHS[name]
    # Not `skimage.data`, which may ask the network; the files are beside it.
    spec = find_spec(package)
    path = Path((spec and spec.origin) or package).parent / file
    if not path.is_file():
        raise DataError(f"{package} has no {file}; install the versions of requirements.lock")
    with Image.open(path) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    return to_bytes(pixels * np.array(tint, np.float32))
