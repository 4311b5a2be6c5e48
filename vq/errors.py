"""What can go wrong that a caller may want to catch.

VqError           base: one sentence that says what, which and what now
├── ParamsError   `params.yaml` breaks its schema
├── DataError     a table, a label file or a card breaks its promise
├── VideoError    a file cannot be read as video
├── WeightsError  weights are missing, altered or do not fit
├── DivergedError training diverged: the loss is not finite
└── BusyError     another process holds the workspace or the cache
"""

from pathlib import Path


class VqError(Exception):
    """Base of every error we raise on purpose; the command line shows its text alone."""


class ParamsError(VqError):
    """`params.yaml` breaks its schema."""


class DataError(VqError):
    """A table, a label file or a card breaks its promise."""


class VideoError(VqError):
    """A file cannot be read as video."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type["VideoError"], tuple[Path, str]]:
        """It may come from another process."""
        return type(self), (self.path, self.reason)


class WeightsError(VqError):
    """Weights are missing, altered or do not fit."""


class DivergedError(VqError):
    """Training diverged: the loss is not finite."""


class BusyError(VqError):
    """Another process holds the workspace or the cache."""
