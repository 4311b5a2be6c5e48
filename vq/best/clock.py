"""Which frame of a copy is shown when."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

UNEVEN = 0.5
"""Frames by which a frame may come earlier or later than at a constant rate."""


@dataclass(frozen=True, eq=False)
class Clock:
    """Frames and their times, in seconds since the first."""

    fps: float
    """On average; above 0."""
    times: Float[np.ndarray, " frames"] | None = None
    """When each frame begins; None at a constant rate."""

    @classmethod
    def of(cls, fps: float, times: Float[np.ndarray, " frames"]) -> "Clock":
        """The clock of a copy; times that are as good as even are left out."""
        even = np.arange(len(times)) / fps
        return cls(fps, times if np.abs(times - even).max() * fps > UNEVEN else None)

    def times_of(self, numbers: Int[np.ndarray, " moments"]) -> Float[np.ndarray, " moments"]:
        """When frames begin."""
        return numbers / self.fps if self.times is None else self.times[numbers]

    def numbers_at(self, times: Float[np.ndarray, " moments"]) -> Int[np.ndarray, " moments"]:
        """The frame that begins nearest to each time; below 0 or beyond the last one outside.

        A frame that is held for long is shown until shortly before the next one.
        """
        if self.times is None:
            return np.rint(times * self.fps).astype(int)
        steps = np.diff(self.times)
        usual = np.median(steps)
        early = np.concatenate([[usual], np.minimum(steps, usual)]) / 2
        begins = np.append(self.times - early, self.times[-1] + usual / 2)
        return np.searchsorted(begins, times, side="right") - 1

    def seconds(self, frames: int) -> float:
        """For how long that many frames are shown."""
        if self.times is None:
            return frames / self.fps
        return float(self.times[frames - 1]) + 1 / self.fps

    def begin_of(self, times: Float[np.ndarray, " moments"]) -> Float[np.ndarray, " moments"]:
        """When the frame began that is shown at each time."""
        if self.times is None:
            return np.floor(times * self.fps) / self.fps
        return self.times[np.maximum(np.searchsorted(self.times, times, side="right") - 1, 0)]
