"""One worker process, seen from its parent, which survives if the worker hangs, grows or dies.

Memory is watched (the resident part, in /proc) rather than limited by the kernel. RLIMIT_AS counts
addresses: a worker that resides in 95 MB has reserved 290 MB, with each thread more, so that a
limit would say nothing. RLIMIT_DATA is closer, but an allocation that fails inside a decoder may
cost a frame instead of the video: a score could depend on the limit without a word. The price is
that memory can grow beyond the limit between two looks.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Generic, Literal, Protocol, TypeVar, cast, runtime_checkable
from weakref import WeakSet

from vq import errors
from vq.errors import VqError
from vq.workers.limits import Limits
from vq.workers.protocol import Job, Message

Item = TypeVar("Item")
Part = TypeVar("Part")

START_SECONDS = 120
"""A worker that is not ready by then never will be."""
LOOK_SECONDS = 0.05
"""How often memory is looked at: a worker that goes wild fills some 0.1 GB in that time."""
MOST_BYTES = 1 << 27
"""No part of an answer is longer; a worker that says more was taken over."""
NONSENSE = "its process answered with nonsense"
STATM = "/proc/{}/statm"
"""Memory of a process, in pages: all of it, then the resident part."""


@runtime_checkable
class OfOneProcess(Protocol):
    """Holds what belongs to the process that made it."""

    def after_fork(self) -> None:
        """Let go of it, in a copy of the process, which has no other thread yet."""


_registered: WeakSet[OfOneProcess] = WeakSet()


def call_after_fork(thing: OfOneProcess) -> None:
    """Call its `after_fork` in every process that is forked from this one."""
    _registered.add(thing)


def _let_go() -> None:
    for thing in list(_registered):
        thing.after_fork()


os.register_at_fork(after_in_child=_let_go)


@dataclass(frozen=True)
class Failure:
    """How work on something ended before it was done."""

    status: Literal["crashed", "timed_out", "too_large"]
    reason: str
    died: bool = False
    """Its process died by itself: nothing tells whether by what it worked on."""


@dataclass(frozen=True)
class Outcome(Generic[Part]):
    """What came of working on something."""

    parts: tuple[Part, ...]
    """The parts of the answer, as they were read."""
    end: Failure | None
    """Why there are no more parts; None if there are none."""
    seconds: float


class WorkerProcess(Generic[Item, Part]):
    """A process that works on one thing at a time."""

    def __init__(self, job: Job, *, limits: Limits, read: Callable[[Item, Message], Part]) -> None:
        """Start it.

        `read` makes what we can use of a part of an answer; it may raise what unexpected JSON does.
        """
        self.greeting: dict[str, Any] | None = None
        """None until it is ready."""
        self.item: Item | None = None
        """What it works on."""
        self.gone = False
        """Whether it has ended, or is another process's since this one was forked."""
        self.forgotten = False
        """Whether this process was forked: the worker is its parent's."""
        self._limits, self._read = limits, read
        # It finds modules where we do, and with -P nowhere else.
        paths = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "vq.workers.main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if _has_stderr() else subprocess.DEVNULL,
            # Sums are not its work: the threads that numpy starts for them would wait, spinning.
            env={"OPENBLAS_NUM_THREADS": "1", **os.environ, "PYTHONPATH": paths},
            # A group of its own: Ctrl-C is meant for us, who then end it.
            process_group=0,
            bufsize=0,
        )
        self._requests = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        self._since = time.monotonic()
        self._inbox = bytearray()
        self._parts: list[Part] = []
        call_after_fork(self)
        self._send((job, limits.seconds))

    def after_fork(self) -> None:
        """Leave the worker to whoever started it.

        Two processes that read its answers would each get parts of them; and as long as a copy of
        its pipe is open here, it would not learn that its own parent is gone.
        """
        self.gone = self.forgotten = True
        self._close()
        self._process.returncode = 0  # it is no child of this process: nothing is waited for

    def fileno(self) -> int:
        """Of the pipe on which it answers."""
        return self._answers.fileno()

    @property
    def idle(self) -> bool:
        """Whether it waits for work."""
        if self.greeting is None or self.item is not None or self.gone:
            return False
        # Killed while it had nothing to do, it would take the next thing along.
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def assign(self, item: Item, request: object) -> None:
        """Have it work on `item`; `request` is what is sent to it."""
        self.item, self._parts = item, []
        self._since = time.monotonic()
        self._send(request)

    def receive(self) -> Outcome[Part] | None:
        """Read from its pipe, and return the outcome; None if it is still at work.

        Raises:
            VqError: it could not make ready.
        """
        data = os.read(self.fileno(), 1 << 20)
        if not data:
            return self._died()
        self._inbox += data
        try:
            for head, content in self._messages():
                if self.greeting is None:
                    self.greeting = _greeting(head)
                elif self.item is None:  # there was no request: a file took it over
                    self.stop()
                    return None
                elif head.get("done"):
                    return self._done(str(head["fault"]))
                else:
                    self._parts.append(self._read(self.item, Message(head["told"], content)))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return self._lost(Failure("crashed", NONSENSE))
        return None

    def check(self) -> Outcome[Part] | None:
        """End it if it takes too much time or memory; then return the outcome.

        Raises:
            VqError: it does not come to be ready.
        """
        seconds = time.monotonic() - self._since
        if self.greeting is None and seconds > START_SECONDS:
            raise VqError(f"a worker process is not ready after {START_SECONDS} s; try again")
        if self.greeting is None or self.item is None:
            return None
        if seconds > self._limits.seconds:
            return self._late()
        if _resident_mb(self.pid) > self._limits.memory_mb:
            most, name = f"{self._limits.memory_mb} MB", self._limits.called("memory_mb")
            reason = f"its process took more than {most} of memory ({name})"
            return self._lost(Failure("too_large", reason))
        return None

    def stop(self) -> None:
        """End it, whatever it is at."""
        self.gone = True
        if self.forgotten:
            return
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        self._requests.close()
        self._answers.close()

    def _send(self, message: object) -> None:
        left = memoryview(pickle.dumps(message))
        with suppress(BrokenPipeError):  # it died meanwhile, and `receive` finds out
            while left:
                left = left[self._requests.write(left) :]

    def _messages(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Complete messages: a line of JSON, and as many bytes as it announces.

        Raises:
            ValueError: it is nothing of that kind.
        """
        while (line := self._inbox.find(b"\n")) >= 0:
            head = json.loads(bytes(self._inbox[:line]))
            begin, size = line + 1, int(head.get("bytes", 0))
            if not 0 <= size <= MOST_BYTES:
                raise ValueError(size)
            if len(self._inbox) < begin + size:
                return
            content = bytes(self._inbox[begin : begin + size])
            del self._inbox[: begin + size]
            yield head, content
        if len(self._inbox) > MOST_BYTES:
            raise ValueError(len(self._inbox))

    def _done(self, fault: str) -> Outcome[Part]:
        if fault:  # it ends by itself after that
            return self._lost(Failure("crashed", fault))
        self.item = None
        return Outcome(tuple(self._parts), None, self._seconds())

    def _died(self) -> Outcome[Part] | None:
        code = self._process.wait()
        self.gone = True
        if self.greeting is None:
            self.stop()
            raise VqError(f"a worker could not start: it {_end(code)}")
        if self.item is None:
            self.stop()
            return None
        if code == -signal.SIGALRM:  # on a busy machine its own alarm may come before we look
            return self._late()
        return self._lost(Failure("crashed", f"its process {_end(code)}", died=True))

    def _late(self) -> Outcome[Part]:
        most, name = f"{self._limits.seconds:g} s", self._limits.called("seconds")
        return self._lost(Failure("timed_out", f"its process was not done after {most} ({name})"))

    def _lost(self, end: Failure) -> Outcome[Part]:
        outcome = Outcome(tuple(self._parts), end, self._seconds())
        self.item = None
        self.stop()
        return outcome

    def _seconds(self) -> float:
        return round(time.monotonic() - self._since, 4)


def _has_stderr() -> bool:
    """Whether number 2 is standard error; where that was closed, it may be a file of ours."""
    try:
        os.fstat(2)
    except OSError:
        return False
    return sys.__stderr__ is not None


def _greeting(head: dict[str, Any]) -> dict[str, Any]:
    if "error" in head:
        raise getattr(errors, head["kind"])(head["error"])
    return dict(head["greeting"])


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(STATM.format(pid)).read_bytes().split()[1])
    except (OSError, IndexError):
        return 0.0  # it has just ended, or this is no Linux
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def _end(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name
    killed = f"was killed by {name}"
    return f"{killed}; the machine may be out of memory" if name == "SIGKILL" else killed
