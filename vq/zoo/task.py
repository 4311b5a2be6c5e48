"""What is extracted: videos, in shards, under a plan that each process gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vq import params
from vq.video.views import ViewSpec
from vq.workers.limits import Limits

VIEWS = "views"
"""What the student sees of a video, beside what experts say of it."""


@dataclass(frozen=True)
class Video:
    """A file, and the hash of its bytes by which the cache knows it."""

    sha256: str
    path: Path


@dataclass(frozen=True)
class Plan:
    """All that a process needs to know to work on a shard."""

    root: Path
    settings: params.Extract
    keys: Mapping[str, str]
    """Where the features of each expert are kept, and the views, under `VIEWS`."""
    weights: Path | None = None
    """The folder of weights, where it matters."""

    @property
    def views(self) -> ViewSpec:
        """How views are cut."""
        return ViewSpec(**self.settings.views.model_dump())

    @property
    def limits(self) -> Limits:
        """What one video may cost."""
        return Limits(**self.settings.limits.model_dump(), section="extract")


@dataclass(frozen=True)
class Shard:
    """Videos that go into the cache together."""

    videos: tuple[Video, ...]
    missing: tuple[tuple[str, ...], ...]
    """What each of them lacks: names of experts, `VIEWS`."""
