"""What one video may cost. `vq.workers.worker_process` enforces time and memory."""

import math
from dataclasses import dataclass, fields


class LimitError(Exception):
    """A file asks for more than a limit allows; the text says how much, and which limit."""


@dataclass(frozen=True)
class Limits:
    """The most that one video may take; whatever wants more is given up, with a reason.

    A process holds itself to `megapixels`, `frames` and `download_mb`. `seconds` and `memory_mb`
    are held from outside, where a video is opened in a worker process (`vq.workers.worker_pool`).
    """

    seconds: float = 300.0
    """Wall time, from handing the video to a worker to its answer."""
    memory_mb: int = 2048
    """Resident memory of the worker, in units of 2**20 bytes; watched on Linux alone."""
    megapixels: float = 36.0
    """Millions of pixels of a frame; 8K has 33."""
    frames: int = 1_000_000
    """Frames of the video, counted by its packets; 4.6 hours at 60 a second."""
    download_mb: int = 4096
    """What a video that is fetched by URL may weigh, in units of 2**20 bytes."""
    section: str = ""
    """Of params.yaml, that they are from; empty for those of a command line."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "section" and not (math.isfinite(value) and value > 0):
                raise ValueError(f"{field.name} should be a number above 0, got {value}")

    def called(self, name: str) -> str:
        """How whoever set a limit knows it: `max-seconds`, or `import.limits.seconds`."""
        if self.section:
            return f"{self.section}.limits.{name}"
        return f"max-{name.replace('_', '-')}"

    def allow_picture(self, width: int, height: int) -> None:
        """Refuse frames that are too large.

        Raises:
            LimitError: they are.
        """
        if width * height > self.megapixels * 1e6:
            raise LimitError(
                f"frames of {width} x {height} pixels; the limit is {self.megapixels:g} megapixels "
                f"({self.called('megapixels')})"
            )

    def allow_frames(self, count: int) -> int:
        """The same count, if a video may have as many frames.

        Raises:
            LimitError: it may not.
        """
        if count > self.frames:
            raise LimitError(
                f"{count} frames; the limit is {self.frames} ({self.called('frames')})"
            )
        return count
