"""A parallel map in processes, any of which may die."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

LOOK_SECONDS = 1.0
BATCH = 16
"""Items for each process between two collections: what is done again when a process dies."""


def in_processes(
    work: Callable[[Item], Result], items: Sequence[Item], *, jobs: int, lost: Result
) -> Iterator[Result]:
    """Give `work(item)` for each item, in order; `lost` where the process died on it.

    Decoders are large programs fed with strangers' files: one of them may crash, and it must not
    take the other files along. When a process dies, its batch is done again, each item alone.

    `work` is a function of a module, since it travels to other processes; `jobs` is 0 for one on
    each core.
    """
    jobs = min(cores(jobs), max(len(items), 1))
    batches = [items[start : start + BATCH * jobs] for start in range(0, len(items), BATCH * jobs)]
    pool = pool_of(jobs)
    try:
        for batch in batches:
            done = 0
            try:
                for result in pool.map(work, batch):
                    done += 1
                    yield result
            except BrokenProcessPool:
                pool.shutdown()
                for item in batch[done:]:
                    yield _alone(work, item, lost)
                pool = pool_of(jobs)
    finally:
        pool.shutdown(cancel_futures=True)


def cores(jobs: int) -> int:
    """How many processes are meant: as many as asked for, or as there are cores for 0."""
    if jobs:
        return jobs
    # A container or a scheduler may allow fewer than the machine has; macOS has no such call.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _alone(work: Callable[[Item], Result], item: Item, lost: Result) -> Result:
    with pool_of(1) as pool:
        try:
            return pool.submit(work, item).result()
        except BrokenProcessPool:
            return lost


def pool_of(jobs: int) -> ProcessPoolExecutor:
    """Processes that end when this one does, even if it is killed."""
    # Not forked: a flow has threads, and their locks would be copied as they are.
    return ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=follow,
        initargs=(os.getpid(),),
    )


def follow(parent: int) -> None:
    """End this process soon after its parent, which may be gone already: the initializer of a pool.

    When a parent is killed nobody tells its workers: they wait for work for ever, each with all
    that it has in memory. Those of `vq.workers.worker_pool` need none of this: their pipe ends.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    # Not sys.exit: that would end a thread, and wait for the others.
    os._exit(1)
