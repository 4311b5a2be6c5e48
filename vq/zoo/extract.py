"""From videos to the cache: each is decoded once, for the views and all experts that lack it."""

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from vq import params
from vq.errors import ParamsError, WeightsError
from vq.features.cache import Cache
from vq.video import PIXELS
from vq.video.views import CUT
from vq.words import count, which
from vq.workers.process_pool import cores
from vq.zoo import catalog
from vq.zoo.cache_filler import CacheFiller
from vq.zoo.expert import Expert
from vq.zoo.hub_lock import FILE, HubLock
from vq.zoo.runtime import network_of
from vq.zoo.task import VIEWS, Plan, Shard, Video

log = logging.getLogger(__name__)

LEAST = 8
"""Videos in a shard, unless params want fewer: more files than that help nobody."""


def create(settings: params.Extract, *, weights: Path | None = None) -> dict[str, Expert]:
    """Build every expert.

    Args:
        settings: those of the zoo.
        weights: the folder in which weights of params lie, and the hashes of those of hubs
            (`vq.zoo.hub_lock`); None: they may lie anywhere, and hubs may send what they will.

    Raises:
        ParamsError: an expert is unknown or wrongly set, or two are the same (claim 1); or there
            is no GPU to run on; or weights lie outside of the folder.
        WeightsError: weights are missing, altered or do not fit.
    """
    if weights is not None:
        _check_places(settings, weights)
    experts = {name: create_one(name, settings, weights=weights) for name in settings.experts}
    seen: dict[tuple[str, str], str] = {}
    for name, expert in experts.items():
        twin = seen.setdefault((expert.catalog, expert.identity), name)
        if twin != name:
            raise ParamsError(
                f"extract.experts: {twin} and {name} are the same expert; "
                "two experts never give the same feature (claim 1), so remove one"
            )
    return experts


def create_one(name: str, settings: params.Extract, *, weights: Path | None = None) -> Expert:
    """Build one expert.

    Raises:
        VqError: as `create`.
    """
    expert = catalog.create(
        name,
        settings.experts[name],
        clip_frames=settings.clip_frames,
        lock=HubLock(weights / FILE if weights else None),
    )
    if network := network_of(expert):
        network.use(settings.runtime)
    return expert


def _check_places(settings: params.Extract, weights: Path) -> None:
    """Refuse a file of weights that dvc does not watch: a change of it would go unnoticed."""
    for name, expert in settings.experts.items():
        file = expert.weights.file if isinstance(expert.weights, params.WeightsFile) else None
        # As the path says, not where a link leads: dvc reads what a link leads to.
        if file and not _normal(file).is_relative_to(_normal(weights)):
            raise ParamsError(
                f"extract.experts.{name}.weights: {file} is not in the folder {weights}, which dvc "
                "watches; put the file, or a link to it, there"
            )


def _normal(path: Path) -> Path:
    return Path(os.path.normpath(path.absolute()))


def plan(
    settings: params.Extract,
    experts: Mapping[str, Expert],
    root: Path,
    *,
    weights: Path | None = None,
) -> Plan:
    """Say under which keys features and views are kept; `weights` are as for `create`."""
    keys = {
        name: catalog.key(
            expert,
            moments=settings.moments,
            clip_frames=settings.clip_frames,
            runtime=settings.runtime if network_of(expert) else "onnx",
        )
        for name, expert in experts.items()
    }
    decides = [settings.views.model_dump(), catalog.LAYOUT, PIXELS, CUT]
    return Plan(root, settings, {**keys, VIEWS: f"{VIEWS}-{catalog.short_hash(decides)}"}, weights)


def shards(videos: Sequence[Video], planned: Plan, *, jobs: int) -> list[Shard]:
    """Group the videos that lack something, in the order of their hashes.

    The last shards are smaller than `shard_videos`, so that `jobs` processes end together.

    Raises:
        VqError: the cache is damaged.
    """
    cache = Cache(planned.root)
    has = {name: cache.where(key) for name, key in planned.keys.items()}
    lacking = [
        (video, tuple(name for name in planned.keys if video.sha256 not in has[name]))
        for video in sorted({v.sha256: v for v in videos}.values(), key=lambda v: v.sha256)
    ]
    waiting = [(video, names) for video, names in lacking if names]
    grouped = []
    while waiting:
        size = max(len(waiting) // (2 * jobs), LEAST)
        size = min(size, planned.settings.shard_videos)
        grouped.append(Shard(*zip(*waiting[:size], strict=True)))
        waiting = waiting[size:]
    return grouped


def run(
    videos: Sequence[Video], planned: Plan, experts: Mapping[str, Expert], *, jobs: int
) -> dict[str, str]:
    """Compute what is missing; the features of a video depend on it alone, never on `jobs`.

    `experts` are as `create` made them; 0 `jobs` are one process on each core.

    Returns:
        Why a video has no features, by its hash.

    Raises:
        WeightsError: a network cannot be exported.
        VqError: the disk is full, or a file is gone; what was finished stays.
    """
    jobs = cores(jobs)
    todo = shards(videos, planned, jobs=jobs)
    count = sum(len(shard.videos) for shard in todo)
    log.info("%s", _counts(videos, todo, planned))
    if not todo:
        return {}
    lacking = {name for shard in todo for names in shard.missing for name in names} - {VIEWS}
    exported = export({name: experts[name] for name in lacking}, planned.settings)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("extract", total=count)
        with CacheFiller(planned, sorted(lacking), exported, jobs=jobs) as filling:
            return filling.fill(todo, report=lambda: progress.advance(bar))


def export(experts: Mapping[str, Expert], settings: params.Extract) -> dict[str, Expert]:
    """Of these experts, those that run without torch, ready to be sent to other processes.

    Each describes a black clip, and by that exports its network, once for all processes.

    Raises:
        WeightsError: a network cannot be exported.
    """
    ready = {}
    for name, expert in sorted(experts.items()):
        if settings.runtime == "onnx" and network_of(expert):
            frames = settings.clip_frames if expert.kind == "clip" else 1
            try:
                expert.describe(np.zeros((frames, 64, 64, 3), np.uint8))
            except WeightsError as error:
                raise WeightsError(
                    f"extract.experts.{name}: {error}; set extract.runtime to torch"
                ) from error
            ready[name] = expert
    return ready


def _counts(videos: Sequence[Video], todo: Sequence[Shard], planned: Plan) -> str:
    """What is cached and what is not: `396 videos x 5: 1,584 found, 396 to do (distortion)`."""
    lacking = Counter(name for shard in todo for names in shard.missing for name in names)
    number = len({video.sha256 for video in videos})
    to_do = sum(lacking.values())
    cached = number * len(planned.keys) - to_do
    names = ", ".join(
        name if lacking[name] == number else f"{name} {lacking[name]:,}"
        for name in planned.keys
        if lacking[name]
    )
    each = f"{count(len(planned.keys) - 1, 'expert')} + views"
    what = which(number, "video", "videos")
    summary = f"{number:,} {what} x ({each}): {cached:,} found, {to_do:,} to do"
    return f"{summary} ({names})" if names else summary


def index(
    videos: Sequence[Video], planned: Plan, experts: Mapping[str, Expert], failed: Mapping[str, str]
) -> dict[str, object]:
    """Content of features.json, except the path of the cache; no choice of shards changes it.

    Raises:
        VqError: the cache is damaged.
    """
    cache = Cache(planned.root)
    shas = {video.sha256 for video in videos}
    has = {key: cache.where(key).keys() & shas for key in planned.keys.values()}
    pairs = sorted((sha, key) for key, cached in has.items() for sha in cached)
    return {
        "experts": {
            name: {
                "key": planned.keys[name],
                "kind": expert.kind,
                "dim": expert.dim,
                "fusion": planned.settings.experts[name].fusion,
                "tags": asdict(expert.tags),
                "parameters": expert.parameters,
                # Of a video: one row for each moment, whether of frames or of clips.
                "gmacs": round(expert.gmacs * planned.settings.moments, 6),
            }
            for name, expert in experts.items()
        },
        "views": {"key": planned.keys[VIEWS], **planned.settings.views.model_dump()},
        "videos": len(set.intersection(*has.values())),
        "failed": dict(failed),
        "digest": catalog.full_hash(pairs),
    }
