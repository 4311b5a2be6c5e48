"""The one shape in which decoded video travels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vq.video.shapes import Float64, UInt8


@dataclass(frozen=True, eq=False)
class Frames:
    """Decoded frames and the moments at which they are shown."""

    pixels: UInt8[np.ndarray, "time height width 3"]
    """RGB, 0 to 255, upright, as decoded: no resizing, no normalisation."""
    seconds: Float64[np.ndarray, " time"]
    """Presentation time of each frame, from the start of the stream."""

    def __post_init__(self) -> None:
        if len(self.pixels) != len(self.seconds):
            raise ValueError(
                f"every frame needs a time: got {len(self.pixels)} frames "
                f"and {len(self.seconds)} times"
            )

    def __len__(self) -> int:
        return len(self.pixels)

    def __iter__(self) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        return iter(self.pixels)
