"""Tasks in processes: one that dies costs its task, one that raises stops all."""

import os
import signal
from collections.abc import Callable

import pytest

from vq.errors import VqError
from vq.zoo import workers


def prepare() -> Callable[[int, workers.Report], int]:
    """Make the work of these tests; at the top of a module, since it is sent to processes."""
    return work


def work(task: int, report: workers.Report) -> int:
    """Square a number; 13 kills the process, 99 is refused."""
    report(f"at {task}")
    if task == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if task == 99:
        raise VqError("99: too large; take less")
    return task * task


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_done_and_reports(jobs: int) -> None:
    """In this process or in others."""
    said: list[str] = []

    results, lost = workers.run([1, 2, 3], prepare, jobs=jobs, report=said.append)

    assert sorted(results) == [1, 4, 9]
    assert lost == []
    assert sorted(said) == ["at 1", "at 2", "at 3"]


def test_a_process_that_dies_costs_its_task_alone() -> None:
    """The lost task is named, with the signal and what was said last; the others are done."""
    results, lost = workers.run([13, 1, 2, 3], prepare, jobs=2, report=lambda _: None)

    assert sorted(results) == [1, 4, 9]
    assert lost == [workers.Lost(13, -signal.SIGKILL, "at 13")]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_ours_arrives_with_its_text(jobs: int) -> None:
    """Nobody has to read a traceback of another process."""
    with pytest.raises(VqError, match=r"^99: too large; take less$"):
        workers.run([1, 99, 2], prepare, jobs=jobs, report=lambda _: None)


def test_no_tasks_need_no_work() -> None:
    """Nothing is prepared, for it may take long."""
    assert workers.run([], lambda: pytest.fail("prepared"), jobs=4, report=print) == ([], [])
