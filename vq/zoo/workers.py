"""Tasks spread over processes; a process that dies costs the task it was at, and no other."""

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

from vq.errors import VqError

Task = TypeVar("Task")
Result = TypeVar("Result")
Report = Callable[[Any], None]
Work = Callable[[Task, Report], Result]

SPAWN = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang


@dataclass(frozen=True)
class Lost(Generic[Task]):
    """A task whose process died."""

    task: Task
    exit_code: int
    """Minus the number of the signal, if one ended it."""
    last_report: Any
    """What it said last; None if nothing."""


@dataclass
class _Worker(Generic[Task]):
    process: Any
    pipe: Connection
    task: Task
    last_report: Any = None


def run(
    tasks: Sequence[Task],
    prepare: Callable[[], Work[Task, Result]],
    *,
    jobs: int,
    report: Report,
) -> tuple[list[Result], list[Lost[Task]]]:
    """Work on each task, in `jobs` processes; in this one if that is enough.

    Args:
        tasks: what to work on; sent to the processes, as what they say is sent back.
        prepare: makes the function that works on a task; called once in each process.
        jobs: how many processes at most.
        report: called here with whatever the work reports.

    Returns:
        What came of the tasks, in no particular order, and those that were lost.

    Raises:
        VqError: the work raised one; all else is stopped.
    """
    if min(jobs, len(tasks)) <= 1:
        work = prepare() if tasks else None
        return [work(task, report) for task in tasks if work], []
    waiting, results, lost = deque(tasks), [], []
    workers = [_start(prepare, waiting.popleft()) for _ in range(min(jobs, len(tasks)))]
    try:
        while workers:
            for pipe in wait([worker.pipe for worker in workers]):
                worker = next(worker for worker in workers if worker.pipe is pipe)
                kind, content = _receive(worker)
                if kind == "report":
                    worker.last_report = content
                    report(content)
                elif kind == "error":
                    raise VqError(content)
                else:
                    workers.remove(worker)
                    if kind == "done":
                        results.append(content)
                    else:
                        lost.append(Lost(worker.task, content, worker.last_report))
                    if waiting:
                        workers.append(_next(worker, kind, prepare, waiting.popleft()))
                    elif kind == "done":
                        worker.pipe.close()
                        worker.process.join()
    finally:
        for worker in workers:
            worker.process.terminate()
            worker.process.join()
    return results, lost


def _start(prepare: Callable[[], Work[Task, Result]], task: Task) -> _Worker[Task]:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_main, args=(theirs, prepare), daemon=True)
    process.start()
    theirs.close()
    ours.send(task)
    return _Worker(process, ours, task)


def _next(
    worker: _Worker[Task], kind: str, prepare: Callable[[], Work[Task, Result]], task: Task
) -> _Worker[Task]:
    if kind == "died":
        return _start(prepare, task)
    try:
        worker.pipe.send(task)
    except OSError:  # it died between two tasks
        worker.process.join()
        return _start(prepare, task)
    return _Worker(worker.process, worker.pipe, task)


def _receive(worker: _Worker[Task]) -> tuple[str, Any]:
    try:
        message: tuple[str, Any] = worker.pipe.recv()
    except (EOFError, ConnectionResetError):
        worker.process.join()
        return "died", worker.process.exitcode
    return message


def _main(pipe: Connection, prepare: Callable[[], Work[Any, Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    try:
        work = prepare()
        while True:
            task = pipe.recv()
            pipe.send(("done", work(task, lambda content: pipe.send(("report", content)))))
    except VqError as error:
        pipe.send(("error", str(error)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent has no more tasks, or is no more
