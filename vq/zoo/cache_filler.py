"""Worker processes that fill the cache; a video that hangs or kills one does not stop the rest."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from vq.errors import VqError
from vq.features.cache import Cache
from vq.workers.protocol import Job, Message
from vq.workers.worker_pool import WorkerPool
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
class _VideoResult:
    """The outcome of one video: its features and views, or why there are none."""

    arrays: Mapping[str, np.ndarray]
    failed: str = ""
    stop: str = ""
    """Why extraction has to stop for all videos."""


class CacheFiller:
    """Worker processes that extract features, and the cache they fill; close it after use."""

    def __init__(
        self, planned: Plan, names: Sequence[str], exported: Mapping[str, Expert], *, jobs: int
    ) -> None:
        """Start the first process.

        Of the experts that something lacks, `exported` are sent; each process makes the others.
        """
        self._planned = planned
        job = Job("vq.zoo.extract_features:prepare", (planned, tuple(names), dict(exported)))
        # Two tries: a machine that is short of memory may kill any of its processes.
        self._pool = WorkerPool[_Item, _VideoResult](
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

        `report` is called after each video.

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
        arrays: dict[str, dict[str, np.ndarray]] = {}
        done = 0
        for item, outcome in self._pool.work(
            items, request=lambda item: (item.video, item.missing)
        ):
            result = outcome.parts[0] if outcome and outcome.parts else _VideoResult({})
            reason = outcome.end.reason if outcome and outcome.end else result.failed
            if result.stop:
                raise VqError(result.stop)
            if reason:
                log.warning("%s: %s", item.video.path, reason)
                failed[item.video.sha256] = reason
            else:
                for name, array in result.arrays.items():
                    arrays.setdefault(name, {})[item.video.sha256] = array
            report()
            done += 1
            if done == len(item.shard.videos):
                self._write(arrays)
                arrays, done = {}, 0
        return failed

    def close(self) -> None:
        """End the processes."""
        self._pool.close()

    def _write(self, arrays: Mapping[str, Mapping[str, np.ndarray]]) -> None:
        cache = Cache(self._planned.root)
        for name, key in self._planned.keys.items():
            if name in arrays:
                cache.write(key, arrays[name])


def _read(item: _Item, message: Message) -> _VideoResult:
    if "failed" in message.fields or "stop" in message.fields:
        return _VideoResult(
            {}, str(message.fields.get("failed", "")), str(message.fields.get("stop", ""))
        )
    try:
        arrays = load(message.data)
    except SafetensorError as error:
        raise ValueError(item.video.path) from error
    finite = all(np.isfinite(array).all() for array in arrays.values())
    if arrays.keys() != set(item.missing) or not finite:
        raise ValueError(item.video.path)
    return _VideoResult(arrays)
