"""Changes of a picture that leave its grade as it is: more contents out of few photographs."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from vq.synthetic.pixels import LUMA, to_bytes

GAMMA = 0.2
"""Standard deviation of the logarithm of the exponent."""
SATURATION = (0.2, 1.3)
"""From nearly grey to vivid."""


@dataclass(frozen=True, eq=False)
class Augmentation:
    """One change, to be applied to all versions of a film alike: what they differ in stays."""

    transpose: bool
    flip: bool
    """Upside down."""
    mirror: bool
    mix: Float32[np.ndarray, "3 3"]
    """From the colours of a pixel to its new ones."""
    tone: UInt8[np.ndarray, " levels"]

    def __call__(
        self, picture: UInt8[np.ndarray, "side side 3"]
    ) -> UInt8[np.ndarray, "side side 3"]:
        """Change a picture."""
        mixed = to_bytes(picture @ self.mix)
        toned = self.tone[mixed[:: -1 if self.flip else 1, :: -1 if self.mirror else 1]]
        return toned.swapaxes(0, 1) if self.transpose else toned


def draw(rng: np.random.Generator) -> Augmentation:
    """Draw one of the eight ways to turn a square, a saturation and a tone curve."""
    transpose, flip, mirror = (bool(side) for side in rng.random(3) < 0.5)
    saturation = np.float32(rng.uniform(*SATURATION))
    mix = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * LUMA[:, None]
    light = (np.arange(256) / 255) ** np.exp(GAMMA * rng.standard_normal())
    return Augmentation(transpose, flip, mirror, mix, np.rint(255 * light).astype(np.uint8))
