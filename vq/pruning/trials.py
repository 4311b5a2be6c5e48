"""Trials, each computed once: kept in files, run side by side.

    folder/KEY.json      one trial; KEY is a hash of everything that its numbers depend on

A kill loses the trials that were running. An expert more, and only its own trials are new.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from jaxtyping import Shaped
from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import track

from vq.errors import DataError, DivergedError, VqError
from vq.files import write_text
from vq.pruning.trial import Effect, Fidelity, Probe, Repeats, Trial
from vq.training.loop import determinism
from vq.training.training_data import Vectors
from vq.words import count
from vq.workers.process_pool import cores, follow

log = logging.getLogger(__name__)

ALONE_SECONDS = 15.0
"""What trials may take in this process before others are started, each of which loads torch."""


@dataclass(frozen=True, eq=False)
class Kept:
    """A trial that was computed once."""

    effect: Effect
    seconds: float
    """That it took, in one process."""


Record = Callable[[str, Trial, Kept], None]
"""Takes a trial, with the name of the file that keeps it."""


def nowhere(key: str, trial: Trial, kept: Kept) -> None:
    """Record nothing."""


class Unknown(Exception):  # noqa: N818 - no error: the answer of a plan
    """Trials that a plan would have to run."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        super().__init__(f"{count(len(trials), 'trial')} are not known")
        self.trials = trials


class Trials:
    """The trials on repeated splits of the same videos."""

    def __init__(
        self,
        repeats: Repeats,
        folder: Path,
        *,
        seed: int,
        jobs: int = 1,
        plan: bool = False,
        fidelity: Fidelity = Probe(),  # noqa: B008 - it holds nothing
        alone_seconds: float = ALONE_SECONDS,
    ) -> None:
        """Hash what all trials depend on.

        All repeats share one mapping of features, and have the sight that the fidelity wants.
        `jobs` are processes side by side (0: one on each core), which are started once probes
        took `alone_seconds` in this one; no number depends on either. A `plan` runs and writes
        nothing: `run` raises `Unknown` where a trial is not kept.
        """
        self.fidelity = fidelity
        self.repeats, self.folder, self.seed, self.jobs, self.plan = (
            repeats,
            folder,
            seed,
            jobs,
            plan,
        )
        # A full trial may take an hour: processes are cheap beside it.
        self._alone_seconds = alone_seconds if isinstance(fidelity, Probe) else 0.0
        self.used: dict[Trial, Kept] = {}
        """Trials that were asked for and had been computed before."""
        self.record: Record = nowhere
        """Takes each trial that `run` was asked for, as soon as its numbers are there."""
        self._experts = {n: _digest(f.numpy()) for n, f in repeats[0].features.items()}
        self._labels = [
            _digest(*(t.numpy() for t in (one.target, one.mos, one.values, one.dataset)))
            + _digest(one.train.numpy(), one.validation.numpy())
            for one in repeats
        ]
        sights = [one.sight for one in repeats]
        self._sights = [
            _digest(sight.features.numpy()) if isinstance(sight, Vectors) else ""
            for sight in sights
        ]

    @property
    def overlap(self) -> float:
        """Validation over training videos of a repeat, mean: see `greedy.confidence`."""
        # Videos of other data sets train, but the primary's alone are dealt anew to either side.
        trained = [int((one.dataset[one.labelled()] == 0).sum()) for one in self.repeats]
        shares = [len(one.validation) / n for one, n in zip(self.repeats, trained, strict=True)]
        return float(np.mean(shares))

    def run(self, wanted: Sequence[Trial], what: str) -> list[Effect]:
        """The effect of each trial: what is kept is read, the rest is computed and kept.

        Each is wanted once; `what` they are for is a word for log and progress bar.

        Raises:
            VqError: a process died; what was finished is kept.
            DivergedError: a training came to no finite number.
            Unknown: this is a plan, and some are not kept.
        """
        results = {trial: self.kept(trial) for trial in wanted}
        todo = [trial for trial, kept in results.items() if kept is None]
        self.used |= {trial: kept for trial, kept in results.items() if kept is not None}
        if self.plan and todo:
            raise Unknown(todo)
        log.info("%s: %s", what, tally(len(wanted), len(todo)))
        for trial, kept in results.items():
            if kept is not None:
                self.record(self._path(trial).stem, trial, kept)
        for trial, kept in self._compute(todo, what):
            self.record(self._path(trial).stem, trial, kept)
            results[trial] = kept
        return [kept.effect for kept in results.values() if kept is not None]

    def kept(self, trial: Trial) -> Kept | None:
        """A trial that was computed before.

        Raises:
            DataError: its file is damaged.
        """
        path = self._path(trial)
        try:
            record = json.loads(path.read_bytes())
            numbers = [
                np.array([np.nan if v is None else v for v in record[name]], np.float64)
                for name in ("teacher", "student")
            ]
            return Kept(Effect(*numbers), float(record["seconds"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: no trial can be read ({error}); delete this file") from error

    def measure(self, trial: Trial) -> Kept:
        """Compute a trial here and now, and keep it nowhere."""
        return _measure(*self._call(trial))

    def _compute(self, todo: Sequence[Trial], what: str) -> Iterator[tuple[Trial, Kept]]:
        done = 0
        try:
            for number, kept in _shown(self._each(todo), what, len(todo)):
                self._keep(todo[number], kept)
                done += 1
                yield todo[number], kept
        except BrokenProcessPool as error:
            raise VqError(
                f"{what}: a worker process died, perhaps for lack of memory; {done} of {len(todo)} "
                f"trials are done and kept in {self.folder}. Run again: it resumes; with fewer "
                "--jobs if memory was short"
            ) from error

    def _each(self, todo: Sequence[Trial]) -> Iterator[tuple[int, Kept]]:
        """Number and outcome of each trial, as they end."""
        jobs, number = min(cores(self.jobs), max(len(todo), 1)), 0
        while number < len(todo) and (jobs == 1 or self._alone_seconds > 0):
            kept = self.measure(todo[number])
            self._alone_seconds -= kept.seconds
            yield number, kept
            number += 1
        if number < len(todo):
            rest = range(number, len(todo))
            workers = Parallel(
                jobs,
                backend="loky",
                return_as="generator_unordered",
                initializer=follow,
                initargs=(os.getpid(),),
            )
            yield from workers(delayed(_numbered)(n, *self._call(todo[n])) for n in rest)

    def _keep(self, trial: Trial, kept: Kept) -> None:
        numbers = {
            name: [None if np.isnan(v) else float(v) for v in getattr(kept.effect, name)]
            for name in ("teacher", "student")
        }
        # The names are for people: the key knows experts by what they say.
        record = {
            "fidelity": self.fidelity.name,
            "experts": trial.experts,
            **numbers,
            "seconds": round(kept.seconds, 3),
        }
        write_text(self._path(trial), json.dumps(record) + "\n")

    def _path(self, trial: Trial) -> Path:
        depends = {
            **self.fidelity.depends,
            "fidelity": self.fidelity.name,
            "seed": self.seed,
            "labels": self._labels,
            "sights": self._sights if trial.student else None,
            "experts": [self._experts[name] for name in self._order(trial)],
        }
        if not trial.student:
            depends["student"] = None
        text = json.dumps(depends, sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"

    def _order(self, trial: Trial) -> list[str]:
        """One order for one set, since the order of sums moves the last digits."""
        return sorted(trial.experts, key=lambda name: (self._experts[name], name))

    def _call(self, trial: Trial) -> tuple[Fidelity, Trial, Repeats, int]:
        """What travels to another process: nothing of experts that are not in the trial."""
        ordered = Trial(tuple(self._order(trial)), trial.student)
        features = {name: self.repeats[0].features[name] for name in ordered.experts}
        repeats = [replace(data, features=features) for data in self.repeats]
        return self.fidelity.of(ordered.experts), ordered, repeats, self.seed


def tally(wanted: int, todo: int) -> str:
    """How many trials there are, in words."""
    return f"{count(wanted, 'trial')}: {wanted - todo} from earlier runs, {todo} to do"


def _shown(
    results: Iterator[tuple[int, Kept]], what: str, total: int
) -> Iterator[tuple[int, Kept]]:
    console = Console(stderr=True)
    return iter(
        track(
            results, what, total, console=console, transient=True, disable=not console.is_terminal
        )
    )


def _numbered(
    number: int, fidelity: Fidelity, trial: Trial, repeats: Repeats, seed: int
) -> tuple[int, Kept]:
    return number, _measure(fidelity, trial, repeats, seed)


def _measure(fidelity: Fidelity, trial: Trial, repeats: Repeats, seed: int) -> Kept:
    determinism(threads=1)
    start = perf_counter()
    try:
        effect = fidelity.effect(trial, repeats, seed=seed)
    except DivergedError as error:
        # Its own advice is for the knobs of training, and trials have none.
        who = " + ".join(trial.experts) or "the undistilled student"
        raise DivergedError(
            f"the trial of {who} diverged: its loss is not finite; look at these features with "
            "`vq zoo check`, or take them out of extract.experts"
        ) from error
    return Kept(effect, perf_counter() - start)


def _digest(*arrays: Shaped[np.ndarray, "..."]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
