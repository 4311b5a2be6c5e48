"""Parts of a stage, or of a list to score, that any machine can do before the rest runs here.

A part fills what is shared and known by its content: a shard of videos the feature cache or a file
of rows, a trial the folder of trials. The stage then finds everything there, and writes what it
always writes; so does scoring. So a part that is lost and done again, or done twice, changes no
result, and neither does who does it.
"""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from vq.data import manifest
from vq.errors import VqError
from vq.features.cache import Cache
from vq.params import Params
from vq.params import load as load_params
from vq.pipeline.run_stages import files_of
from vq.scoring.scoring_pool import ScoringPool
from vq.scoring.shards import Shard, Shards
from vq.words import count
from vq.workers.handshake import PATIENCE_SECONDS, Handshake, offered
from vq.zoo import extract
from vq.zoo.cache_filler import CacheFiller
from vq.zoo.expert import Expert
from vq.zoo.runtime import network_of
from vq.zoo.task import VIEWS, Plan, Video

Work = Callable[[Any], object]
Files = Mapping[str, Path]


@dataclass(frozen=True)
class Job:
    """What the parts of some work have in common; travels to other machines."""

    handshake: Handshake
    make: Callable[[], Work] = field(compare=False)
    """Makes what works on a part; called once in each process."""


@dataclass(frozen=True)
class Part:
    """A part of the work; travels to other machines."""

    name: str
    job: Job
    content: Any

    def do(self) -> None:
        """Do it here.

        Raises:
            VqError: this machine does not see the workspace, runs another version of vq, or fails.
        """
        _work(self.job)(self.content)


@contextmanager
def rounds(root: Path, stage: str, *, jobs: int) -> Iterator[Iterator[list[Part]]]:
    """Say what a stage lacks, in rounds: all parts of one are done before the next is asked for.

    Nothing comes of a stage that cannot be spread. The caller holds the workspace.

    All machines see the workspace under the same path; so many processes do the parts, on all of
    them.

    Raises:
        VqError: the stage itself would end in an error.
    """
    if stage not in STAGES:
        yield iter(())
        return
    params = load_params(root / "params.yaml")
    with (
        offered(root / ".dvc" / "tmp" / "vq.handshake") as handshake,
        STAGES[stage](files_of(root, stage), params, handshake, jobs) as batches,
    ):
        yield batches


@contextmanager
def scores(shards: Shards, todo: Sequence[Shard], *, jobs: int) -> Iterator[Iterator[list[Part]]]:
    """One round: shards of a list; `jobs` makes no difference to them."""
    # Not the handshake of the workspace: scoring runs beside training.
    with offered(shards.folder / "vq.handshake") as handshake:
        job = Job(handshake, partial(_score, shards))
        yield iter(
            [[Part(f"{count(len(s.videos), 'video')}, {s.videos[0]}", job, s) for s in todo]]
        )


def _score(shards: Shards) -> Work:
    # For all shards that this process gets; its worker ends with it.
    pool = ScoringPool(
        shards.student, limits=shards.limits, feature=shards.feature, causes=shards.causes
    )
    return lambda shard: shards.score(shard, pool)


@lru_cache(maxsize=1)
def _work(job: Job) -> Work:
    job.handshake.check()
    return job.make()


@contextmanager
def _shards(
    files: Files, params: Params, handshake: Handshake, jobs: int
) -> Iterator[Iterator[list[Part]]]:
    """One round: the videos that lack features or views, a shard each."""
    settings, cache = params.extract, files["cache"]
    table = manifest.read(files["accepted"])
    videos = [
        Video(sha, files["videos"] / video)
        for sha, video in zip(table["sha256"], table["video"], strict=True)
    ]
    graphs = cache.with_name(f"{cache.name}.graphs")
    with Cache(cache).hold():
        shutil.rmtree(graphs, ignore_errors=True)  # of a run that was killed
        experts = extract.create(settings, weights=files["weights"])
        planned = extract.plan(settings, experts, cache, weights=files["weights"])
        todo = extract.shards(videos, planned, jobs=jobs)
        names = sorted({n for shard in todo for lacks in shard.missing for n in lacks})
        names = [name for name in names if name != VIEWS]
        exported = extract.export({name: experts[name] for name in names}, settings)
        for name, expert in exported.items():
            if network := network_of(expert):
                network.publish(graphs / name)
        job = Job(handshake, partial(_fill, planned, names, exported))
        parts = [
            Part(f"{count(len(s.videos), 'video')}, {s.videos[0].path.name}", job, s) for s in todo
        ]
        try:
            yield iter([parts] if parts else [])
        finally:
            shutil.rmtree(graphs, ignore_errors=True)


def _fill(planned: Plan, names: Sequence[str], exported: Mapping[str, Expert]) -> Work:
    # Why a video fails is for the stage to say, which looks at those once more.
    filling = CacheFiller(planned, names, exported, jobs=1)
    return lambda shard: filling.fill([shard])


@contextmanager
def _trials(
    files: Files, params: Params, handshake: Handshake, jobs: int
) -> Iterator[Iterator[list[Part]]]:
    """Rounds of trials, each chosen by what the ones before it said."""
    yield _trial_rounds(files, params, Job(handshake, partial(_trial_worker, files, params)))


def _trial_rounds(files: Files, params: Params, job: Job) -> Iterator[list[Part]]:
    from vq.pruning.dry_run import missing, name

    trials, choose = _planned_trials(files, params)
    while todo := missing(choose):
        yield [Part(name(trial), job, trial) for trial in todo]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while lacking := [trial for trial in todo if trials.kept(trial) is None]:
            if time.monotonic() > deadline:
                raise VqError(
                    f"{len(lacking)} of {count(len(todo), 'trial')} done elsewhere are not in "
                    f"{files['trials']}: do all machines see the same features, under this path?"
                )
            time.sleep(0.2)


def _planned_trials(files: Files, params: Params) -> tuple[Any, Callable[[], object]]:
    """The trials, as a plan, and pruning on them: it ends with the trials that it lacks."""
    from vq.features import store
    from vq.pruning.select import select

    trials, features = _load_trials(files, params, plan=True)
    costs = {n: float(entry["gmacs"]) for n, entry in store.experts(files["features"]).items()}

    def choose() -> object:
        # The stage says all this once more, and then for good.
        with _quiet("vq.pruning"):
            return select(trials, features, costs, params=params.prune)

    return trials, choose


def _trial_worker(files: Files, params: Params) -> Work:
    trials, _ = _load_trials(files, params, plan=False)
    return lambda trial: trials.run([trial], "a trial")


def _load_trials(files: Files, params: Params, *, plan: bool) -> tuple[Any, Any]:
    # Whoever extracts needs no torch.
    from vq.stages.prune import trials_of
    from vq.training.loop import determinism

    determinism(threads=1)
    return trials_of(
        **{name: files[name] for name in ("accepted", "card", "splits", "features", "trials")},
        params=params.prune,
        extract=params.extract,
        seed=params.seed,
        jobs=1,
        dry_run=plan,
    )


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


STAGES: Mapping[str, Callable[..., Any]] = {"extract": _shards, "prune": _trials}
"""What finds the parts of a stage."""
