"""Worker processes that score videos, any of which may die: an answer for every video, in order.

This and all that it imports is light (no numpy, no decoder, no network), as `vq.workers` is.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vq.errors import WeightsError
from vq.inference.modes import EXACT, ModeRequest, check_decision
from vq.inference.row import Row, from_mapping
from vq.scoring.formats import About
from vq.scoring.names import is_url
from vq.workers.limits import Limits
from vq.workers.protocol import Job, Message
from vq.workers.worker_pool import WorkerPool
from vq.workers.worker_process import Failure, Outcome, call_after_fork


@dataclass(frozen=True)
class Greeting:
    """What a worker says of its model once it is loaded."""

    model: str
    scale: str
    levels: int
    opinion: str
    modes: list[str]
    """Beside `exact`."""
    values: list[float]
    """What each quality level is worth, worst first."""
    least: float
    """Ends of the scale."""
    most: float
    better: str
    """Which direction is better: higher or lower."""
    coverage: float | None
    """Share of ratings that the interval of an exact score is to hold; None without interval."""
    reference: str | None = None
    """The collection of which percentiles are; None for a model without."""
    least_error: float | None = None
    """Least error at which a short look can decide; None for a model that cannot."""

    def about(
        self,
        *,
        feature: bool = False,
        causes: bool = False,
        decision: bool = False,
        side: bool = False,
    ) -> About:
        """What the forms of rows have to know.

        Rows have second feature and causes if wanted, the `decision` of a policy, and the `side` of
        a threshold.
        """
        return About(
            levels=self.levels,
            scale=self.scale,
            feature=feature,
            causes=causes,
            decision=decision,
            side=side,
        )


@dataclass(frozen=True)
class Extras:
    """What an answer should hold beside the row."""

    timeline: bool = False
    plan: bool = False
    probe: bool = False


@dataclass(frozen=True)
class Answer:
    """What scoring one video gave."""

    row: Row
    timeline: dict[str, Any] | None = None
    """As `vq.scoring.timeline.Timeline.as_mapping`; None if none was asked for or can be had."""
    plan: dict[str, Any] | None = None
    """The fields of `vq.scoring.decode_summary.Decoding`; None if it was not asked for, or has no
    score."""
    probe: dict[str, Any] | None = None
    """What the packets say of the file (`vq.scoring.packet_probe`), if it was asked for."""
    lost: str = ""
    """Why what was asked for beside the row of a score is not there; empty if it is."""


Part = Row | Mapping[str, Any]
"""Of an answer: the row comes first."""


class ScoringPool:
    """Scores videos in worker processes under limits; ends them when it is closed."""

    def __init__(
        self,
        folder: Path,
        *,
        jobs: int = 1,
        threads: int = 1,
        limits: Limits | None = None,
        feature: bool = False,
        causes: bool = False,
    ) -> None:
        """Start the first worker.

        More processes start when there is work for them. Threads are those of the network, in each.
        Rows have the second `feature` and `causes` only if they are wanted.
        """
        limits = limits or Limits()
        self._greeting: Greeting | None = None
        self._scratch: Path | None = None
        self._workers = WorkerPool[str | Row, Part](
            Job("vq.scoring.worker:prepare", (folder, threads, limits, feature, causes)),
            limits=limits,
            read=_read,
            jobs=jobs,
            greet=self._check_greeting,
        )
        call_after_fork(self)

    def after_fork(self) -> None:
        """Leave what was fetched to whoever fetched it."""
        self._scratch = None

    def __enter__(self) -> "ScoringPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def greeting(self) -> Greeting:
        """What the model says of itself; waits until the first worker has loaded it.

        Raises:
            VqError: it cannot be loaded.
        """
        while self._greeting is None:
            self._workers.listen()
        return self._greeting

    @property
    def pids(self) -> list[int]:
        """Numbers of the worker processes."""
        return [child.pid for child in self._workers.children]

    def check(self, closely: ModeRequest) -> None:
        """Can the model do what is asked for? Waits until the first worker has loaded it.

        Raises:
            ParamsError: it cannot.
            VqError: it cannot be loaded.
        """
        greeting = self.greeting
        closely.check(greeting.modes, greeting.model)
        if closely.threshold is not None:
            check_decision(
                closely.threshold,
                closely.error,
                model=greeting.model,
                scale=(greeting.least, greeting.most),
                calibrated=greeting.least_error is not None,
            )

    def score(
        self,
        videos: Iterable[str | Row],
        *,
        closely: ModeRequest = EXACT,
        timeline: bool = False,
        plan: bool = False,
        probe: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Answer]:
        """Give an answer for each video, in order; a row is its own answer.

        Videos are paths, or URLs that fsspec knows: each is fetched when its turn comes. Answers
        have a timeline, tell what of the file was decoded (`plan`), or what its packets say of it
        (`probe`), if that is asked for. Once `stopped`, which is called several times a second,
        says so, no more answers come.

        Raises:
            ParamsError: the model has no such mode, or cannot decide at such a threshold.
            VqError: the model cannot be loaded, or is no longer the one it was.
        """
        if closely != EXACT:
            self.check(closely)
        how = {"closely": asdict(closely), "extras": asdict(Extras(timeline, plan, probe))}
        outcomes = self._workers.work(
            videos,
            request=lambda video: {"video": video, "scratch": self._scratch_of(video), **how},
            skip=lambda video: isinstance(video, Row),
            stopped=stopped,
        )
        for video, outcome in outcomes:
            if isinstance(video, Row):
                yield Answer(video)
            elif outcome:
                if outcome.end:
                    self._sweep()
                yield _put_together(video, outcome)

    def pictures(self, videos: Iterable[str]) -> Iterator[str]:
        """The frame in the middle of each video, as a data URI; empty where there is none.

        Raises:
            VqError: the model cannot be loaded.
        """
        for fields in self._only("picture", videos):
            yield str(fields.get("picture", ""))

    def probes(self, videos: Iterable[str]) -> Iterator[dict[str, Any] | None]:
        """What the packets of each video say of it, without a score; None where nothing.

        Raises:
            VqError: the model cannot be loaded.
        """
        for fields in self._only("probe", videos):
            yield fields.get("probe")

    def _only(self, what: str, videos: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        outcomes = self._workers.work(
            videos,
            request=lambda video: {
                "video": video,
                "scratch": self._scratch_of(video),
                "only": what,
            },
        )
        for _, outcome in outcomes:
            parts = outcome.parts if outcome else ()
            yield next((part for part in parts if isinstance(part, Mapping)), {})

    def close(self) -> None:
        """End all workers, whatever they are at."""
        self._workers.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _scratch_of(self, video: str | Row) -> str:
        """The folder that a video is fetched into; none if it is a file here."""
        if isinstance(video, Row) or not is_url(video):
            return ""
        self._scratch = self._scratch or Path(tempfile.mkdtemp(prefix="vq-"))
        return str(self._scratch)

    def _sweep(self) -> None:
        """Take away what workers that were ended had fetched."""
        if self._scratch is not None:
            alive = set(map(str, self.pids))
            for path in self._scratch.iterdir():
                if path.name not in alive:
                    path.unlink(missing_ok=True)

    def _check_greeting(self, fields: dict[str, Any]) -> None:
        greeting = Greeting(**fields)
        self._greeting = self._greeting or greeting
        if greeting != self._greeting:
            raise WeightsError(
                f"the model changed from {self._greeting.model} to {greeting.model} while it was "
                "at work; score again"
            )


def _read(video: str | Row, message: Message) -> Part:
    """Parse a part of the answer for a video.

    Raises:
        Exception: the message has another form.
    """
    if "row" in message.fields:
        return from_mapping({**message.fields["row"], "video": video})
    return message.fields


def _put_together(video: str, outcome: Outcome[Part]) -> Answer:
    """The answer for a video, whatever became of its worker."""
    end, (row, *rest) = outcome.end, outcome.parts or (None,)
    if not isinstance(row, Row):
        end = end or Failure("crashed", "its process said nothing of it")
        return Answer(Row(video, end.status, end.reason, seconds=outcome.seconds))
    extras: dict[str, Any] = {}
    for part in rest:
        extras.update(part if isinstance(part, Mapping) else {})
    # A score that is there already is not lost by what was asked for beside it.
    wanted = {name: extras.get(name) for name in ("timeline", "plan", "probe")}
    return Answer(row, **wanted, lost=end.reason if end else "")
