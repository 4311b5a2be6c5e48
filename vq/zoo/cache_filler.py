"""Worker processes that fill the cache: a video may hang, fill or kill one, the others go on."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from vq.errors import VqError
from vq.features.cache import Cache
from vq.workers.pool import WorkerPool
from vq.workers.protocol import Job, Message
from vq.zoo.expert import Expert
from vq.zoo.task import Plan, Shard, Video

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Item:
    """A video of a shard."""

    video: Video
    missing: tuple[str, ...]
    shard: Shard


@dataclass(frozen=True, eq=False)
class _Told:
    """What a worker said of a video: features and views, or why there are none."""

    found: Mapping[str, np.ndarray]
    failed: str = ""
    stop: str = ""
    """Why no other video can be worked on either."""


class CacheFiller:
    """Processes that describe videos, and the cache that they fill; close it after use."""

    def __init__(
        self, planned: Plan, names: Sequence[str], exported: Mapping[str, Expert], *, jobs: int
    ) -> None:
        """Start the first process.

        Args:
            planned: keys, cache and limits.
            names: experts that something lacks.
            exported: those of them that are sent; each process makes the others.
            jobs: processes side by side.
        """
        self._planned = planned
        job = Job("vq.zoo.extract_features:prepare", (planned, tuple(names), dict(exported)))
        # Twice: whoever is short of memory kills anybody's process.
        self._crew = WorkerPool[_Item, _Told](
            job, read=_read, jobs=jobs, tries=2, limits=planned.limits
        )

    def __enter__(self) -> "CacheFiller":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fill(
        self, todo: Iterable[Shard], *, report: Callable[[], None] = lambda: None
    ) -> dict[str, str]:
        """Write each shard as soon as all its videos are done.

        Args:
            todo: what to do, in this order.
            report: called after each video.

        Returns:
            Why a video has no features, by its hash.

        Raises:
            VqError: a file is gone, or the disk is full; what was written stays.
        """
        items = (
            _Item(*pair, shard)
            for shard in todo
            for pair in zip(shard.videos, shard.missing, strict=True)
        )
        failed: dict[str, str] = {}
        found: dict[str, dict[str, np.ndarray]] = {}
        done = 0
        for item, outcome in self._crew.work(
            items, request=lambda item: (item.video, item.missing)
        ):
            told = outcome.told[0] if outcome and outcome.told else _Told({})
            reason = outcome.end.reason if outcome and outcome.end else told.failed
            if told.stop:
                raise VqError(told.stop)
            if reason:
                log.warning("%s: %s", item.video.path, reason)
                failed[item.video.sha256] = reason
            else:
                for name, array in told.found.items():
                    found.setdefault(name, {})[item.video.sha256] = array
            report()
            done += 1
            if done == len(item.shard.videos):
                self._write(found)
                found, done = {}, 0
        return failed

    def close(self) -> None:
        """End the processes."""
        self._crew.close()

    def _write(self, found: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        cache = Cache(self._planned.root)
        for name, key in self._planned.keys.items():
            if name in found:
                cache.write(key, found[name])


def _read(item: _Item, said: Message) -> _Told:
    if "failed" in said.told or "stop" in said.told:
        return _Told({}, str(said.told.get("failed", "")), str(said.told.get("stop", "")))
    try:
        found = load(said.data)
    except SafetensorError as error:
        raise ValueError(item.video.path) from error
    finite = all(np.isfinite(array).all() for array in found.values())
    if found.keys() != set(item.missing) or not finite:
        raise ValueError(item.video.path)
    return _Told(found)
