"""Worker processes side by side, any of which may die: an answer for every video, in order.

This and all that it imports is light (no numpy, no decoder, no network): workers alone open the
files of strangers, and the supervisor costs a few megabytes.
"""

import select
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from vq.errors import WeightsError
from vq.score.limits import Limits
from vq.score.modes import EXACT, Closely
from vq.score.process import LOOK_SECONDS, Answer, Extras, Greeting, Worker
from vq.score.rows import Row

AHEAD = 64
"""Videos for each worker that may be done before an earlier one that takes long."""


class Crew:
    """Scores videos in worker processes under limits; ends them when it is closed."""

    def __init__(
        self, folder: Path, *, jobs: int = 1, threads: int = 1, limits: Limits | None = None
    ) -> None:
        """Start the first worker.

        Args:
            folder: a student bundle.
            jobs: processes side by side; more than one start when there is work for them.
            threads: of the network, in each process.
            limits: what one video may cost.
        """
        self._start = partial(Worker, folder, threads=threads, limits=limits or Limits())
        self._jobs = jobs
        self._workers = [self._start()]
        self._greeting: Greeting | None = None

    def __enter__(self) -> "Crew":
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
            self._listen()
        return self._greeting

    @property
    def pids(self) -> list[int]:
        """Numbers of the worker processes."""
        return [worker.pid for worker in self._workers]

    def score(
        self,
        videos: Iterable[str | Row],
        *,
        closely: Closely = EXACT,
        timeline: bool = False,
        plan: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Answer]:
        """Give an answer for each video, in order; a row is its own answer.

        Args:
            videos: paths.
            closely: how they are looked at.
            timeline: whether each answer is to have one.
            plan: whether each answer is to tell what of the file was decoded.
            stopped: asked several times a second; once it says so, no more answers come.

        Raises:
            ParamsError: the model has no such mode.
            VqError: the model cannot be loaded, or is no longer the one it was.
        """
        if closely != EXACT:
            closely.check(self.greeting.modes, self.greeting.model)
        queue = _Queue(videos, ahead=AHEAD * self._jobs)
        places: dict[Worker, int] = {}
        extras = Extras(timeline=timeline, plan=plan)
        try:
            while not stopped():
                self._hand_out(queue, places, closely=closely, extras=extras)
                answers = queue.ready()
                yield from answers
                if queue.over:
                    return
                if answers:
                    continue  # there may be room for more videos now
                for worker, answer in self._listen():
                    queue.put(places.pop(worker), answer)
        finally:
            # Whoever is still at a video works for nobody any more.
            for worker in places:
                worker.stop()

    def close(self) -> None:
        """End all workers, whatever they are at."""
        while self._workers:
            self._workers.pop().stop()

    def _hand_out(
        self, queue: "_Queue", places: dict[Worker, int], *, closely: Closely, extras: Extras
    ) -> None:
        self._workers = [worker for worker in self._workers if not worker.gone]
        for worker in self._workers:
            if worker.idle and (found := queue.take()):
                places[worker], video = found
                worker.give(video, closely=closely, extras=extras)
        starting = sum(worker.greeting is None for worker in self._workers)
        while len(self._workers) < self._jobs and queue.waits(more_than=starting):
            self._workers.append(self._start())
            starting += 1

    def _listen(self) -> list[tuple[Worker, Answer]]:
        """Wait a moment for answers, and end workers that are over a limit."""
        poll = select.poll()
        for worker in self._workers:
            poll.register(worker, select.POLLIN)
        heard = {number for number, _ in poll.poll(LOOK_SECONDS * 1000)}
        answers = []
        for worker in self._workers:
            answer = worker.hear() if worker.fileno() in heard else worker.check()
            if worker.greeting is not None:
                self._recognise(worker.greeting)
            if answer is not None:
                answers.append((worker, answer))
        return answers

    def _recognise(self, greeting: Greeting) -> None:
        self._greeting = self._greeting or greeting
        if greeting != self._greeting:
            raise WeightsError(
                f"the model changed from {self._greeting.model} to {greeting.model} while it was "
                "at work; score again"
            )


class _Queue:
    """Videos that wait for a worker, and answers that wait for their turn."""

    def __init__(self, videos: Iterable[str | Row], *, ahead: int) -> None:
        self._videos = enumerate(videos)
        self._waiting: list[tuple[int, str]] = []
        self._answers: dict[int, Answer] = {}
        self._ahead = ahead
        self._turn = 0
        self._taken = 0
        self._all = False

    @property
    def over(self) -> bool:
        """Whether every answer was given."""
        return self._all and self._turn == self._taken

    def waits(self, *, more_than: int) -> bool:
        """Whether more than so many videos wait for a worker."""
        while len(self._waiting) <= more_than and self._draw():
            pass
        return len(self._waiting) > more_than

    def take(self) -> tuple[int, str] | None:
        """The next video and its place; None if none is left, or too many answers wait."""
        return self._waiting.pop(0) if self.waits(more_than=0) else None

    def put(self, place: int, answer: Answer) -> None:
        """Take the answer of a video."""
        self._answers[place] = answer

    def ready(self) -> list[Answer]:
        """The answers whose turn it is."""
        answers = []
        while self._turn in self._answers:
            answers.append(self._answers.pop(self._turn))
            self._turn += 1
        return answers

    def _draw(self) -> bool:
        """Look at one more input."""
        if self._all or self._taken - self._turn >= self._ahead:
            return False
        place, video = next(self._videos, (None, None))
        if place is None or video is None:
            self._all = True
            return False
        self._taken += 1
        if isinstance(video, Row):
            self._answers[place] = Answer(video)
        else:
            self._waiting.append((place, video))
        return True
