"""Files in the form that browsers play, made in the background by a process under limits."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event, Lock, Thread

from vq.errors import VqError
from vq.rating.forms import Playable
from vq.rating.store import StoredClip
from vq.scoring.names import from_text
from vq.workers.limits import Limits
from vq.workers.protocol import Job, Message
from vq.workers.worker_pool import WorkerPool
from vq.workers.worker_process import Outcome

log = logging.getLogger(__name__)
Request = tuple[str, str, str]
"""A file, the form to bring it into, and where to; the latter are empty to look at it alone."""


def look_at(paths: Sequence[Path], *, jobs: int, limits: Limits) -> Iterator[Playable]:
    """Look at files in order; whatever one does to whoever opens it becomes its problem."""
    if not paths:
        return
    with _pool(jobs, limits) as pool:
        for _, outcome in pool.work([(str(path), "", "") for path in paths], request=tuple):
            if outcome:
                yield _result(outcome)


class Preparation:
    """Brings clips into the form that browsers play, those first that somebody waits for."""

    def __init__(
        self, folder: Path, clips: Iterable[StoredClip], *, refuse: Callable[[int, str], object],
        limits: Limits,
    ) -> None:  # fmt: skip
        """Prepare what `folder` does not have yet.

        `refuse` gets the number of a clip that cannot be converted, and why.
        """
        self._folder, self._refuse, self._limits = folder, refuse, limits
        self._clips = {clip.number: clip for clip in clips}
        self._lock = Lock()
        self._waiting = [
            number
            for number, clip in self._clips.items()
            if clip.form != "as it is" and not clip.problem and not self._target(clip).exists()
        ]
        self._at_work: set[int] = set()
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="preparation", daemon=True)
        self.fault = ""
        """Why nothing more can be prepared."""

    def start(self) -> None:
        """Begin."""
        if self._waiting:
            self._folder.mkdir(exist_ok=True)
            self._thread.start()

    def stop(self) -> None:
        """Leave what is not done."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def waiting(self) -> int:
        """How many clips are not ready."""
        with self._lock:
            return len(self._waiting) + len(self._at_work)

    def file(self, clip: StoredClip) -> Path | None:
        """The file to send; None if it is not ready, and it comes next."""
        if clip.form == "as it is":
            return Path(from_text(clip.path))
        with self._lock:
            if clip.number in self._waiting:
                self._waiting.remove(clip.number)
                self._waiting.insert(0, clip.number)
            if clip.number in self._waiting or clip.number in self._at_work:
                return None
        return self._target(clip)

    def _run(self) -> None:
        try:
            with _pool(1, self._limits) as pool:
                work = pool.work(self._requests(), request=tuple, stopped=self._stopped.is_set)
                for request, outcome in work:
                    number = int(Path(request[2]).stem)
                    if outcome and (problem := _result(outcome).problem):
                        self._refuse(number, problem)
                        log.warning("%s: %s", request[0], problem)
                    with self._lock:
                        self._at_work.discard(number)
        except VqError as error:
            self.fault = str(error)
            log.error("clips are not prepared any more: %s", error)

    def _requests(self) -> Iterator[Request]:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                clip = self._clips[self._waiting.pop(0)]
                self._at_work.add(clip.number)
            yield from_text(clip.path), clip.form, str(self._target(clip))

    def _target(self, clip: StoredClip) -> Path:
        return self._folder / f"{clip.number}.{clip.media_type.removeprefix('video/')}"


def _pool(jobs: int, limits: Limits) -> WorkerPool[Request, Playable]:
    return WorkerPool(
        Job("vq.rating.playable:prepare", (limits,)),
        read=_read,
        jobs=jobs,
        tries=2,
        limits=limits,
    )


def _read(_: Request, message: Message) -> Playable:
    return Playable(**message.fields)


def _result(outcome: Outcome[Playable]) -> Playable:
    if outcome.end:
        return Playable(problem=f"{outcome.end.reason}; encode it again")
    return outcome.parts[0]
