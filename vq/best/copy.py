"""One of the videos that are compared, as the file tells it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from vq.best.clock import Clock
from vq.inference.row import Row
from vq.video.fingerprint import Fingerprint
from vq.video.probe import Probe

MOST_FRAMES = 32_000
"""Of a video, that copies are compared in: 17 minutes at 30 a second. They go into one message of a
worker, whatever their shape."""


@dataclass(frozen=True, eq=False)
class Copy:
    """A video that has a score."""

    row: Row
    probe: Probe
    bits: int
    """Of the packets of the video stream, and nothing else of the file."""
    bytes: int
    """Of the file."""
    fingerprint: Fingerprint
    thumbnails: Path
    """A file with the brightness of the first `MOST_FRAMES` frames, small (`vq.video.probe`)."""
    clock: Clock
    """When these are shown."""
    seconds: float
    """Time of which there are thumbnails."""

    @property
    def video(self) -> str:
        """Its path, as it was named."""
        return self.row.video

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as displayed."""
        return self.probe.width, self.probe.height

    @property
    def pixels(self) -> int:
        """Of a frame."""
        return self.probe.width * self.probe.height

    @property
    def kbps(self) -> float:
        """Thousands of bits a second, of the video stream."""
        return self.bits / max(self.probe.duration_s, 1e-3) / 1000

    def frames(self) -> UInt8[np.ndarray, "frames height width"]:
        """The small pictures; they stay in the file until they are looked at."""
        return np.load(self.thumbnails, mmap_mode="r")
