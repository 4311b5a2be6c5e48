"""Where videos wait for a worker process: so many at work, so many waiting, and no more."""

import asyncio
import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from vq.errors import VqError, WeightsError
from vq.inference.modes import ModeRequest
from vq.scoring.scoring_pool import Answer, Extras, ScoringPool
from vq.workers.limits import Limits

PATIENCE_SECONDS = 60
"""The longest time after which a client is asked to come again."""

STOPPING = "the service is about to stop; send the video again in a moment"


class FullError(Exception):
    """There is no room for one more video."""

    def __init__(self, retry_seconds: int) -> None:
        super().__init__(f"too many videos at a time; try again in {retry_seconds} s")
        self.retry_seconds = retry_seconds


class ScoringQueue:
    """Scores videos in worker processes, one process for each that is at work.

    Called from one event loop; each worker is waited for in a thread. A worker serves one video
    after the other until one of them costs it its life.
    """

    def __init__(
        self,
        folder: Path,
        *,
        jobs: int,
        waiting: int,
        threads: int,
        limits: Limits,
        causes: bool = False,
    ) -> None:
        """Start the first worker, and wait until it has loaded the model.

        Further workers start when there is work. So many `waiting` videos may be uploaded or wait
        beside those of the jobs; threads are those of the network, in each process. Rows have
        `causes` only if they are wanted.

        Raises:
            VqError: the model cannot be loaded.
        """
        self._folder, self._threads, self._limits = folder, threads, limits
        self._causes = causes
        self.jobs = jobs
        self.places = jobs + waiting
        """Most videos at a time: uploaded, waiting or at work."""
        self.inside = 0
        self.at_work = 0
        self.fault = ""
        """Why the latest video could not be given to a worker; empty while all is well."""
        self._trying = False
        self._usual_seconds = 1.0
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._pools = [self._new_pool()]
        self._free = list(self._pools)
        self._executor = ThreadPoolExecutor(jobs, thread_name_prefix="vq-desk")
        try:
            self.greeting = self._free[0].greeting
            """What the model says of itself."""
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> list[int]:
        """Numbers of the worker processes."""
        return [pid for pool in self._pools for pid in pool.pids]

    @contextmanager
    def place(self) -> Iterator[None]:
        """Room for one video, from before its upload to its answer.

        Raises:
            FullError: there is none.
        """
        if self.inside >= self.places:
            wait = self._usual_seconds * self.places / self.jobs
            raise FullError(min(max(1, math.ceil(wait)), PATIENCE_SECONDS))
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    async def score(self, video: Path, closely: ModeRequest, extras: Extras) -> Answer:
        """Score one video as soon as a worker is free; being cancelled ends the work.

        The mode was already checked by `ModeRequest.check`.

        Raises:
            VqError: no worker can be started, or the model is no longer the one it was.
        """
        unwanted = threading.Event()
        try:
            answer = await asyncio.get_running_loop().run_in_executor(
                self._executor, self._score, video, closely, extras, unwanted
            )
        except VqError as error:
            self.fault = str(error)
            raise
        finally:
            unwanted.set()
        if answer is None:
            raise VqError(STOPPING)
        self.fault = ""
        self._usual_seconds += 0.2 * (answer.row.seconds - self._usual_seconds)
        return answer

    async def well(self) -> bool:
        """Whether videos can be scored; after a fault a fresh worker is started to find out.

        A balancer that sends no videos to a service that is not well would else never learn that
        it is again.
        """
        if self.fault and not self._trying:
            self._trying = True
            try:
                await asyncio.to_thread(self._try)
                self.fault = ""
            except (VqError, OSError) as error:
                self.fault = str(error)
            finally:
                self._trying = False
        return not self.fault

    def close(self) -> None:
        """End all workers, whatever they are at."""
        self._closed.set()
        self._executor.shutdown(cancel_futures=True)
        while self._pools:
            self._pools.pop().close()

    def _score(
        self, video: Path, closely: ModeRequest, extras: Extras, unwanted: threading.Event
    ) -> Answer | None:
        pool = self._take()

        def stopped() -> bool:
            return unwanted.is_set() or self._closed.is_set()

        finished = False
        try:
            for answer in pool.score(
                [str(video)],
                closely=closely,
                timeline=extras.timeline,
                plan=extras.plan,
                stopped=stopped,
            ):
                self._check_greeting(pool)
                finished = True
                return answer
            return None
        finally:
            self._give_back(pool, usable=finished)

    def _try(self) -> None:
        """Start a worker, and keep it, if it is one of ours; a few are kept at most."""
        pool = self._new_pool()
        try:
            self._check_greeting(pool)
        except BaseException:
            pool.close()
            raise
        with self._lock:
            wanted = len(self._pools) < self.jobs
            if wanted:
                self._pools.append(pool)
                self._free.append(pool)
        if not wanted:
            pool.close()

    def _check_greeting(self, pool: ScoringPool) -> None:
        if pool.greeting != self.greeting:
            raise WeightsError(
                f"the model changed from {self.greeting.model} to {pool.greeting.model} while it "
                "was at work; start the service again"
            )

    def _take(self) -> ScoringPool:
        with self._lock:
            if self._free:
                pool = self._free.pop()  # the one that worked last: its memory is warm
            else:
                pool = self._new_pool()
                self._pools.append(pool)
            self.at_work += 1
            return pool

    def _give_back(self, pool: ScoringPool, *, usable: bool) -> None:
        with self._lock:
            self.at_work -= 1
            if usable:
                self._free.append(pool)
                return
            if pool in self._pools:
                self._pools.remove(pool)
        # Its worker is still at a video that nobody waits for, or cannot work at all.
        pool.close()

    def _new_pool(self) -> ScoringPool:
        return ScoringPool(
            self._folder, threads=self._threads, limits=self._limits, causes=self._causes
        )
