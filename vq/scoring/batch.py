"""Score whatever some inputs name into one file, as often as it takes."""

import hashlib
import heapq
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from vq.errors import DataError
from vq.inference.modes import EXACT, ModeRequest
from vq.inference.row import Row
from vq.policy.policy import Policy
from vq.scoring import formats, outputs, remote
from vq.scoring.decisions import Decider
from vq.scoring.discover import discover
from vq.scoring.formats import FORMS
from vq.scoring.journal import Journal
from vq.scoring.locate import locate
from vq.scoring.names import is_url
from vq.scoring.scoring_pool import ScoringPool
from vq.scoring.shards import Elsewhere, Shards
from vq.workers.limits import Limits

log = logging.getLogger(__name__)

SHOWN = 10
"""Rows that an outcome names: the worst, and the failed."""
PROGRESS_SECONDS = 60.0
"""Time between two messages about the progress."""


@dataclass(frozen=True)
class Batch:
    """What a file of rows holds, and what the run that wrote it did."""

    output: str
    model: str
    """Name and hash of the student."""
    counts: Mapping[str, int]
    """Rows of the file by status."""
    new: int
    """Videos that this run scored, or tried to; the others had a score already."""
    seconds: float
    """Wall time of this run."""
    core_seconds: float
    """Seconds of this run's rows, summed: each row is the work of one core."""
    worst: Sequence[Row]
    """The lowest quality first."""
    failed: Sequence[Row]
    """Some of those without a score."""
    decisions: Mapping[str, int] = field(default_factory=dict)
    """Rows of the file by what the policy says; empty without a policy."""
    objections: Sequence[Row] = ()
    """Some of those that do not pass; what fails first."""

    @property
    def rate(self) -> float:
        """Videos a second of this run."""
        return self.new / self.seconds if self.seconds else 0.0

    @property
    def core_hours(self) -> float:
        """What 1,000 videos like those of this run take."""
        return self.core_seconds / self.new * 1000 / 3600 if self.new else 0.0


def score(
    inputs: Sequence[str],
    output: str,
    *,
    model: str,
    closely: ModeRequest = EXACT,
    feature: bool = False,
    policy: Policy | None = None,
    causes: bool = False,
    jobs: int = 1,
    limits: Limits | None = None,
    scratch: Path,
    elsewhere: Elsewhere | None = None,
) -> Batch:
    """Write a row for every video; those that have a score already are left as they are.

    Each row is on disk as soon as it is there: whatever ends a run, the next one with the same
    output goes on. What failed before is tried again.

    Inputs are as for `vq.scoring.discover`, the model as for `vq.scoring.locate`. The output ends
    in .parquet, .jsonl, .json or .csv; a URL comes to be at the end of the run. The folder
    `scratch` keeps rows until they are all there, those for a URL and those of other machines:
    `elsewhere` has them score, and they see videos and folder under the same path. Rows have the
    second `feature` and `causes` only if they are wanted. A `policy` decides on every row of these
    videos, also on those of earlier runs; one that asks for causes has them in the rows.

    Raises:
        DataError: inputs, output or policy cannot be used, or the output has scores of another
            model.
        VqError: `elsewhere` does not come to an end; what it did is kept for the next run.
        BusyError: another run writes the output.
        WeightsError: there is no such model.
    """
    start = time.monotonic()
    limits = limits or Limits()
    form = _form(output)
    file = Path(output)
    if is_url(output):
        scratch.mkdir(parents=True, exist_ok=True)
        file = scratch / f"{hashlib.sha256(output.encode()).hexdigest()[:16]}.{form}"
        if not file.exists():  # else a run ended before it was there
            remote.download(output, file)
    folder = locate(model)
    causes = causes or (policy is not None and policy.needs_causes)
    with (
        ScoringPool(folder, jobs=jobs, limits=limits, feature=feature, causes=causes) as pool,
        Journal(file, form) as journal,
    ):
        decider = None if policy is None else Decider(policy, pool.greeting)
        items = discover(inputs, say=log.info)
        outputs.check([file], inputs, items, is_ours=None)
        names = [item if isinstance(item, str) else item.video for item in items]
        scored = journal.resume(pool.greeting.model, closely, feature=feature, causes=causes)
        left = [item for item, name in zip(items, names, strict=True) if name not in scored]
        log.info("%d of %d videos have a score already", len(items) - len(left), len(items))
        greeting = pool.greeting
        if decider is not None:
            wanted = scored.intersection(names)
            for row in decider.decide_all(
                [row for row in journal.rows() if row.video in wanted], pool.probes
            ):
                journal.add(row)
        rows: Iterator[Row] = (answer.row for answer in pool.score(left, closely=closely))
        if elsewhere is not None:
            closely.check(greeting.modes, greeting.model)
            kept = scratch / "shards"
            how = Shards.of(
                folder,
                kept,
                output=output,
                closely=closely,
                limits=limits,
                feature=feature,
                causes=causes,
            )
            rows = _gathered(left, how, elsewhere)
            if decider is not None:
                rows = decider.decide_all(rows, pool.probes)
        elif decider is not None:
            answers = pool.score(left, closely=closely, probe=decider.policy.needs_probe)
            rows = (decider.decide(answer.row, answer.probe) for answer in answers)
        core_seconds = 0.0
        for row in _with_progress(rows, total=len(left)):
            journal.add(row)
            core_seconds += row.seconds
        about = greeting.about(feature=feature, causes=causes, decision=policy is not None)
        journal.finish(names, about)
    outcome = Batch(
        output,
        greeting.model,
        Counter(row.status for row in formats.read(file, form)),
        len(left),
        time.monotonic() - start,
        core_seconds,
        _worst(formats.read(file, form), better=greeting.better),
        list(islice((row for row in formats.read(file, form) if row.status != "ok"), SHOWN)),
        Counter(row.decision for row in formats.read(file, form) if row.decision),
        _objections(formats.read(file, form)),
    )
    if is_url(output):
        remote.upload(file, output)
        file.unlink()
    return outcome


def _form(output: str) -> str:
    form = output.rpartition(".")[2].lower()
    if form not in FORMS or FORMS[form].read is None:
        raise DataError(f"{output}: should end in .parquet, .jsonl, .json or .csv")
    FORMS[form].check()
    return form


def _worst(rows: Iterable[Row], *, better: str) -> list[Row]:
    sign = 1 if better == "higher" else -1
    scored = ((sign * row.score, row.video, row) for row in rows if row.score is not None)
    return [row for *_, row in heapq.nsmallest(SHOWN, scored, key=lambda entry: entry[:2])]


def _objections(rows: Iterable[Row]) -> list[Row]:
    order = ("fail", "review")
    against = ((order.index(row.decision), row.video, row) for row in rows if row.decision in order)
    return [row for *_, row in heapq.nsmallest(SHOWN, against, key=lambda entry: entry[:2])]


def _gathered(items: Sequence[str | Row], shards: Shards, elsewhere: Elsewhere) -> Iterator[Row]:
    """A row for each item; a row is its own."""
    yield from (item for item in items if isinstance(item, Row))
    yield from shards.gather([item for item in items if isinstance(item, str)], elsewhere)
    shards.forget()  # whoever asks for more has kept all of them


def _with_progress(rows: Iterable[Row], *, total: int) -> Iterator[Row]:
    """The same rows; the log shows the progress now and then."""
    last = time.monotonic()
    for number, row in enumerate(rows, 1):
        yield row
        if time.monotonic() - last > PROGRESS_SECONDS:
            last = time.monotonic()
            log.info("%d of %d videos", number, total)
