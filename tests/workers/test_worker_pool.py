"""Whatever becomes of a process, everything has its outcome, and the rest goes on."""

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from vq.errors import DataError
from vq.workers.limits import Limits
from vq.workers.protocol import Job, Message
from vq.workers.worker_pool import WorkerPool
from vq.workers.worker_process import NONSENSE, Outcome

JOB = Job("tests.workers.jobs:double")


def read(number: int | str, said: Message) -> tuple[Any, bytes]:
    """What a worker said: twice the number, and the bytes."""
    return said.fields.get("double"), said.data


def work(
    items: Sequence[int | str],
    *,
    jobs: int = 1,
    tries: int = 1,
    **limits: Any,  # noqa: ANN401
) -> list[Outcome[tuple[Any, bytes]] | None]:
    """The outcome of each item."""
    how = {"read": read, "jobs": jobs, "tries": tries, "limits": Limits(**limits)}
    with WorkerPool(JOB, **how) as crew:
        found = list(crew.work(items, request=lambda item: item, skip=lambda item: item == 0))
    assert [item for item, _ in found] == list(items)
    return [outcome for _, outcome in found]


def test_outcomes_come_in_order() -> None:
    """With JSON and bytes; what a library prints is no answer; what is skipped keeps its place."""
    found = work([1, 0, 2, 9], jobs=2)

    assert [outcome and outcome.parts for outcome in found] == [
        ((2, b"\1\1\1"),), None, ((4, b"\2\2\2"),), ((18, b"\x09" * 3),)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "status", "reason"),
    [
        pytest.param(3, "crashed", "its process was killed by SIGSEGV", id="dies"),
        pytest.param(4, "crashed", "ValueError: four is refused", id="raises"),
        pytest.param(
            6,
            "too_large",
            "its process took more than 300 MB of memory (extract.limits.memory_mb)",
            id="grows",
        ),
        pytest.param(7, "crashed", NONSENSE, id="taken-over"),
    ],
)
def test_an_end_costs_its_item_alone(number: int, status: str, reason: str) -> None:
    """Whoever reads the reason knows which knob to turn."""
    first, bad, last = work([1, number, 2], memory_mb=300, seconds=20.0, section="extract")

    assert bad is not None
    assert bad.end is not None
    assert (bad.end.status, bad.end.reason, bad.parts) == (status, reason, ())
    assert [outcome and outcome.end for outcome in (first, last)] == [None, None]


def test_what_was_said_before_the_end_is_kept() -> None:
    """A score is not lost by what was asked for beside it."""
    hung, after = work([5, 1], seconds=0.5)

    assert hung is not None
    assert hung.end is not None
    assert (hung.parts, hung.end.status) == (((None, b""),), "timed_out")
    assert hung.end.reason == "its process was not done after 0.5 s (max-seconds)"
    assert hung.seconds >= 0.5
    assert after is not None
    assert after.end is None


def test_a_death_is_believed_the_second_time(tmp_path: Path) -> None:
    """Whoever is short of memory kills anybody's process."""
    once, always = work([str(tmp_path / "once"), 3], tries=2)

    assert once is not None
    assert (once.parts, once.end) == (((0, b"\0\0\0"),), None)
    assert always is not None
    assert always.end is not None


def test_an_error_at_the_start_arrives_as_it_was() -> None:
    """It is nobody's file that is at fault."""
    job = Job("tests.workers.jobs:double", ("refuse",))
    with (
        WorkerPool[int, Any](job, read=read, limits=Limits()) as crew,
        pytest.raises(DataError, match=r"^no such table; make one$"),
    ):
        list(crew.work([1], request=lambda item: item))


def test_a_worker_that_is_killed_while_idle_is_replaced() -> None:
    """It would take the next item along."""
    with WorkerPool[int, Any](JOB, read=read, limits=Limits()) as crew:
        assert list(_numbers(crew)) == [2, 4]
        os.kill(crew.children[0].pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(child.pid) for child in crew.children], timeout=10)

        assert list(_numbers(crew)) == [2, 4]


def _numbers(crew: WorkerPool[int, Any]) -> Iterator[int]:
    for _, outcome in crew.work([1, 2], request=lambda item: item):
        assert outcome
        yield outcome.parts[0][0]


def test_a_run_that_is_forked_goes_on_in_both() -> None:
    """Each has all outcomes that were still to come; what was begun is done again in the copy."""
    read_end, write_end = os.pipe()
    with WorkerPool(JOB, limits=Limits(seconds=60.0), read=read, jobs=2) as crew:
        found = crew.work(range(1, 9, 7), request=lambda item: item)
        first = next(found)
        child = os.fork()
        rest = [(item, outcome and outcome.parts) for item, outcome in found]
        if not child:
            crew.close()
            os.write(write_end, repr(rest).encode())
            os._exit(0)
        os.close(write_end)
        os.waitpid(child, 0)

    assert first[0] == 1
    assert rest == [(8, ((16, b"\x08" * 3),))]
    assert os.read(read_end, 1000).decode() == repr(rest)
    os.close(read_end)
