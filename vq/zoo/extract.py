"""From videos to the cache: each is decoded once, for the views and all experts that lack it."""

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from vq import params
from vq.data.workers import cores
from vq.errors import ParamsError, VideoError, VqError, WeightsError
from vq.video import PIXELS, sample, views
from vq.video.decode import Decoded, in_groups
from vq.video.probe import sha256
from vq.video.views import ViewSpec
from vq.zoo import catalog, workers
from vq.zoo.cache import Cache
from vq.zoo.expert import Expert
from vq.zoo.runtime import network_of

log = logging.getLogger(__name__)

HALF = float(np.finfo(np.float16).max)
VIEWS = "views"
LEAST = 8
"""Videos in a shard, unless params want fewer: more files than that help nobody."""


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

    @property
    def views(self) -> ViewSpec:
        """How views are cut."""
        return ViewSpec(**self.settings.views.model_dump())


@dataclass(frozen=True)
class Shard:
    """Videos that go into the cache together."""

    videos: tuple[Video, ...]
    missing: tuple[tuple[str, ...], ...]
    """What each of them lacks: names of experts, `VIEWS`."""


def create(settings: params.Extract) -> dict[str, Expert]:
    """Build every expert.

    Raises:
        ParamsError: an expert is unknown or wrongly set, or two are the same (claim 1); or there
            is no GPU to run on.
        WeightsError: weights are missing, altered or do not fit.
    """
    experts = {name: _create(name, settings) for name in settings.experts}
    seen: dict[tuple[str, str], str] = {}
    for name, expert in experts.items():
        twin = seen.setdefault((expert.catalog, expert.identity), name)
        if twin != name:
            raise ParamsError(
                f"extract.experts: {twin} and {name} are the same expert; "
                "two experts never give the same feature (claim 1), so remove one"
            )
    return experts


def _create(name: str, settings: params.Extract) -> Expert:
    expert = catalog.create(name, settings.experts[name], clip_frames=settings.clip_frames)
    if network := network_of(expert):
        network.use(settings.runtime)
    return expert


def plan(settings: params.Extract, experts: Mapping[str, Expert], root: Path) -> Plan:
    """Say under which keys features and views are kept."""
    keys = {
        name: catalog.key(
            expert,
            moments=settings.moments,
            clip_frames=settings.clip_frames,
            runtime=settings.runtime if network_of(expert) else "onnx",
        )
        for name, expert in experts.items()
    }
    decides = [settings.views.model_dump(), catalog.LAYOUT, PIXELS]
    return Plan(root, settings, {**keys, VIEWS: f"{VIEWS}-{catalog.short_hash(decides)}"})


def shards(videos: Sequence[Video], planned: Plan, *, jobs: int) -> list[Shard]:
    """Group the videos that lack something, in the order of their hashes.

    The last shards are smaller than `shard_videos`, so that `jobs` processes end together.

    Raises:
        VqError: the cache is damaged.
    """
    cache = Cache(planned.root)
    has = {name: cache.has(key) for name, key in planned.keys.items()}
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

    Args:
        videos: all that should be in the cache afterwards.
        planned: keys and cache.
        experts: as `create` made them.
        jobs: processes; 0 for one on each core.

    Returns:
        Why a video has no features, by its hash.

    Raises:
        WeightsError: a network cannot be exported.
        VqError: the disk is full, a file is gone, or a process died; what was finished stays.
    """
    jobs = cores(jobs)
    todo = shards(videos, planned, jobs=jobs)
    count = sum(len(shard.videos) for shard in todo)
    log.info("%s", _counts(videos, todo, planned))
    lacking = {name for shard in todo for names in shard.missing for name in names} - {VIEWS}
    exported = export({name: experts[name] for name in lacking}, planned.settings)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("extract", total=count)
        failed, lost = workers.run(
            todo,
            partial(_prepare, planned, sorted(lacking), exported),
            jobs=jobs,
            report=lambda _: progress.advance(bar),
        )
    if lost:
        raise VqError(_obituary(lost))
    return {sha: reason for part in failed for sha, reason in part.items()}


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


def describe(
    video: Video, missing: Sequence[str], experts: Mapping[str, Expert], planned: Plan
) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Decode a video once and say all that is missing of it.

    Returns:
        For each expert "time dim", one row for each frame or clip; the views under `VIEWS`.

    Raises:
        VideoError: the file has changed, or does not decode; or a feature is not finite.
        VqError: the file cannot be read.
    """
    _check(video)
    wanted = [name for name in missing if name != VIEWS]
    if not wanted:
        return {VIEWS: views.look(video.path, planned.views).views}
    kinds = [experts[name].kind for name in wanted] + [VIEWS] * (VIEWS in missing)

    def places(frame_count: int) -> list[tuple[str, list[int]]]:
        return glimpses(sorted(set(kinds)), frame_count, planned)

    def look(place: int, decoded: Decoded) -> dict[str, np.ndarray]:
        kind, numbers = places(decoded.frame_count)[place]
        if kind == VIEWS:
            return {VIEWS: planned.views.view(*(decoded.pixels[n] for n in numbers))[None]}
        pixels = decoded.frames(numbers).pixels
        return {
            name: experts[name].describe(pixels) for name in wanted if experts[name].kind == kind
        }

    # Frame by frame and clip by clip, as they are decoded: a few frames of 4K are a gigabyte.
    seen = in_groups(video.path, lambda count: [numbers for _, numbers in places(count)], look)
    found = {
        name: np.concatenate([part[name] for part in seen if name in part]) for name in missing
    }
    return {
        name: rows if name == VIEWS else _kept(experts[name], rows, video.path)
        for name, rows in found.items()
    }


def glimpses(kinds: Sequence[str], frame_count: int, planned: Plan) -> list[tuple[str, list[int]]]:
    """What is looked at together: a frame, a clip, a view's pair; in the order of their ends."""
    settings, moments = planned.settings, planned.settings.moments
    numbers = {
        "image": sample.moments(frame_count, moments=moments)[:, None].tolist(),
        "clip": sample.clips(frame_count, moments=moments, frames=settings.clip_frames).tolist(),
        VIEWS: [list(pair) for pair in planned.views.pairs(frame_count)],
    }
    return sorted(
        ((kind, together) for kind in kinds for together in numbers[kind]),
        key=lambda glimpse: max(glimpse[1]),
    )


def _check(video: Video) -> None:
    """Features under the hash of another file would be found, and believed, for ever."""
    try:
        digest = sha256(video.path)
    except OSError as error:
        # No fault of the file's: a share that was away for a minute must not cost its videos.
        raise VqError(
            f"{video.path}: cannot be read ({error.strerror}); put it back, "
            "or run `vq import` again"
        ) from error
    if digest != video.sha256:
        raise VideoError(video.path, "has changed since the import; run `vq import` again")


def _kept(
    expert: Expert, rows: Float[np.ndarray, "time dim"], path: Path
) -> Float[np.ndarray, "time dim"]:
    """Rows as they go into the cache."""
    if not np.isfinite(rows).all():
        raise VideoError(path, f"{expert.name} says something that is not a finite number")
    # Half precision ends at 65504: beyond it a feature says no more than that it is large.
    return (rows.clip(-HALF, HALF) if expert.dtype == "float16" else rows).astype(expert.dtype)


def _counts(videos: Sequence[Video], todo: Sequence[Shard], planned: Plan) -> str:
    """How much is there and what is not: `396 videos x 5: 1,584 found, 396 to do (distortion)`."""
    lacking = Counter(name for shard in todo for names in shard.missing for name in names)
    count = len({video.sha256 for video in videos})
    to_do = sum(lacking.values())
    found = count * len(planned.keys) - to_do
    names = ", ".join(
        name if lacking[name] == count else f"{name} {lacking[name]:,}"
        for name in planned.keys
        if lacking[name]
    )
    experts = len(planned.keys) - 1
    said = f"{count:,} videos x ({experts} experts + views): {found:,} found, {to_do:,} to do"
    return f"{said} ({names})" if names else said


def _prepare(
    planned: Plan, names: Sequence[str], exported: Mapping[str, Expert]
) -> workers.Work[Shard, dict[str, str]]:
    """Build what was not sent: experts that are no networks, or run torch themselves."""
    experts = {
        name: exported[name] if name in exported else _create(name, planned.settings)
        for name in names
    }
    return partial(_work, planned, experts)


def _work(
    planned: Plan, experts: Mapping[str, Expert], shard: Shard, report: workers.Report
) -> dict[str, str]:
    """Fill one shard for each key; return why a video failed, by its hash."""
    found: dict[str, dict[str, np.ndarray]] = {}
    failed: dict[str, str] = {}
    with one_thread():
        for video, missing in zip(shard.videos, shard.missing, strict=True):
            try:
                for name, array in describe(video, missing, experts, planned).items():
                    found.setdefault(name, {})[video.sha256] = array
            except VideoError as error:
                log.warning("%s", error)
                failed[video.sha256] = error.reason
            report(str(video.path))
    for name in planned.keys:
        if name in found:
            Cache(planned.root).write(planned.keys[name], found[name])
    return failed


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch, if it is loaded, use one thread: the order of sums depends on their number."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _obituary(lost: Sequence[workers.Lost[Shard]]) -> str:
    lines = [
        f"a process died (exit code {gone.exit_code}) after {gone.last_report or 'its start'}; "
        f"of its {len(gone.task.videos)} videos, from {gone.task.videos[0].path} "
        f"to {gone.task.videos[-1].path}, nothing is kept"
        for gone in lost
    ]
    return (
        "; ".join(lines) + ". All other videos are in the cache: run again, with fewer --jobs "
        "if memory ran out; a video that kills it each time has to leave the label file"
    )


def index(
    videos: Sequence[Video], planned: Plan, experts: Mapping[str, Expert], failed: Mapping[str, str]
) -> dict[str, object]:
    """What features.json says, but for where the cache is; the same whatever made the shards.

    Raises:
        VqError: the cache is damaged.
    """
    cache = Cache(planned.root)
    shas = {video.sha256 for video in videos}
    has = {key: cache.has(key) & shas for key in planned.keys.values()}
    pairs = sorted((sha, key) for key, there in has.items() for sha in there)
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
