"""Scoring from Python: `vq.load`."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from vq.inference.modes import Mode, ModeRequest
from vq.inference.row import Row
from vq.inference.video_input import Video, as_file, name_of
from vq.scoring.scoring_pool import ScoringPool
from vq.workers.limits import Limits
from vq.workers.worker_process import call_after_fork


@runtime_checkable
class Scorer(Protocol):
    """What gives a row for a video; threads may share it."""

    def score(self, video: Video, *, mode: Mode = "exact", budget_ms: float | None = None) -> Row:
        """Score one video: see `vq.inference.runtime.Model.score`."""


class Isolated:
    """A student in a process of its own, which a bad file may hang, fill or kill; we live on.

    Close it, or use it in a `with`; calls from several threads take turns. In a process that was
    forked it has another process of its own.
    """

    def __init__(
        self, folder: Path, *, threads: int, limits: Limits | None, causes: bool = False
    ) -> None:
        self._pool = ScoringPool(folder, threads=threads, limits=limits, causes=causes)
        self._turn = threading.Lock()
        call_after_fork(self)
        try:
            self.model = self._pool.greeting.model
            """Name and hash of the student, as rows have it."""
        except BaseException:
            self.close()
            raise

    def after_fork(self) -> None:
        """Take turns with nobody: a thread that had its turn is in the parent."""
        self._turn = threading.Lock()

    def __enter__(self) -> "Isolated":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def score(
        self,
        video: Video,
        *,
        mode: Mode = "exact",
        budget_ms: float | None = None,
        threshold: float | None = None,
        error: float = 0.01,
    ) -> Row:
        """Score one video as `Model.score` does; what becomes of its process is a reason, too.

        Raises:
            ParamsError: as there.
        """
        closely = ModeRequest(mode, budget_ms, threshold, error)
        with as_file(video) as path, self._turn:
            (answer,) = self._pool.score([str(path)], closely=closely)
        return replace(answer.row, video=name_of(video))

    def close(self) -> None:
        """End the process."""
        self._pool.close()
