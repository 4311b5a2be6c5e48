"""One worker process, seen from outside: it may hang, grow or die, and whoever waits for it lives.

Memory is watched (the resident part, in /proc) rather than limited by the kernel. RLIMIT_AS counts
addresses: a worker that resides in 95 MB has reserved 290 MB, with each thread more, so that a
limit would say nothing. RLIMIT_DATA is closer, but an allocation that fails inside a decoder may
cost a frame instead of the video: a score could depend on the limit without a word. The price is
that memory can grow beyond the limit between two looks.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

from vq import errors
from vq.errors import VqError
from vq.score.forms import About
from vq.score.limits import Limits
from vq.score.modes import Closely
from vq.score.rows import Row, Status, from_mapping

START_SECONDS = 120
"""A worker that has not loaded its model by then never will."""
LOOK_SECONDS = 0.05
"""How often memory is looked at: a worker that goes wild fills some 0.1 GB in that time."""
MOST_BYTES = 1 << 26
"""No answer is longer; a worker that says more was taken over."""
NONSENSE = "answered with nonsense"
STATM = "/proc/{}/statm"
"""Memory of a process, in pages: all of it, then the resident part."""


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

    @property
    def about(self) -> About:
        """What the forms of rows have to know."""
        return About(levels=self.levels, scale=self.scale)


@dataclass(frozen=True)
class Extras:
    """What is to be told of a video beside its row."""

    timeline: bool = False
    plan: bool = False


@dataclass(frozen=True)
class Answer:
    """What scoring one video gave."""

    row: Row
    timeline: dict[str, Any] | None = None
    """As `vq.score.timeline.Timeline.as_mapping`; None if none was asked for or can be had."""
    plan: dict[str, Any] | None = None
    """The fields of `vq.score.decoding.Decoding`; None if it was not asked for, or has no score."""
    lost: str = ""
    """Why what was asked for beside the row of a score is not there; empty if it is."""


class Worker:
    """A process that scores one video at a time."""

    def __init__(self, folder: Path, *, threads: int, limits: Limits) -> None:
        self.limits = limits
        self.greeting: Greeting | None = None
        """None until the model is loaded."""
        self.video: str | None = None
        """What it works on."""
        self.gone = False
        """Whether it has ended."""
        settings = {"folder": str(folder), "threads": threads, "limits": asdict(limits)}
        # It finds modules where we do, and with -P nowhere else.
        paths = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "vq.score.worker", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            # A group of its own: Ctrl-C is meant for us, who then end it.
            process_group=0,
            bufsize=0,
        )
        self._requests = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        self._since = time.monotonic()
        self._said = bytearray()
        self._row: Row | None = None
        """Of the video that it works on, once it is known and more is to come."""

    def fileno(self) -> int:
        """Of the pipe on which it answers."""
        return self._answers.fileno()

    @property
    def idle(self) -> bool:
        """Whether it waits for a video."""
        if self.greeting is None or self.video is not None or self.gone:
            return False
        # Killed while it had nothing to do, it would take the next video along.
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def give(self, video: str, *, closely: Closely, extras: Extras) -> None:
        """Have it score a video."""
        self.video = video
        self._since = time.monotonic()
        request = {"video": video, "closely": asdict(closely), "extras": asdict(extras)}
        with suppress(BrokenPipeError):  # it died meanwhile, and `hear` finds out
            self._requests.write(_line(request))

    def hear(self) -> Answer | None:
        """What it has to say, once its pipe can be read; None if that is no answer yet.

        Raises:
            VqError: it could not load the model.
        """
        data = os.read(self.fileno(), 1 << 20)
        if not data:
            return self._died()
        self._said += data
        if len(self._said) > MOST_BYTES:
            return self._lost("crashed", NONSENSE)
        *lines, rest = bytes(self._said).split(b"\n")
        self._said = bytearray(rest)
        for line in lines:
            answer = self._take(line)
            if answer is not None or self.gone:
                return answer
        return None

    def _take(self, line: bytes) -> Answer | None:
        if self.greeting is None:
            self.greeting = _greeting(line)
            return None
        if self.video is None:  # it was asked nothing: it was taken over
            self.stop()
            return None
        return self._understood(line)

    def check(self) -> Answer | None:
        """End it if it takes too much time or memory; then this is its answer.

        Raises:
            VqError: it does not come to load the model.
        """
        seconds = time.monotonic() - self._since
        if self.greeting is None and seconds > START_SECONDS:
            raise VqError(f"the model is not loaded after {START_SECONDS} s; try again")
        if self.greeting is None or self.video is None:
            return None
        if seconds > self.limits.seconds:
            return self._late()
        if _resident_mb(self.pid) > self.limits.memory_mb:
            reason = f"took more than {self.limits.memory_mb} MB of memory (max-memory-mb)"
            return self._lost("too_large", reason)
        return None

    def stop(self) -> None:
        """End it, whatever it is at."""
        self.gone = True
        self._process.kill()
        self._process.wait()
        self._requests.close()
        self._answers.close()

    def _understood(self, said: bytes) -> Answer | None:
        """The row, or what was asked for beside it, which comes second."""
        try:
            told = json.loads(said)
            row = self._row or from_mapping({**told["row"], "video": self.video})
            more = self._row is None and bool(told.get("more"))
            last, lost = told.get("last"), str(told.get("lost") or "")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return self._lost("crashed", NONSENSE)
        self._row = row if more else None
        if more:
            return None
        self.video = None
        if last:
            self.stop()
        return Answer(row, told.get("timeline"), told.get("plan"), lost)

    def _died(self) -> Answer | None:
        code = self._process.wait()
        self.gone = True
        if self.greeting is None:
            raise VqError(f"a worker could not start: it {_end(code)}")
        if self.video is None:
            self.stop()
            return None
        # On a busy machine its own alarm may come before we look.
        return self._late() if code == -signal.SIGALRM else self._lost("crashed", _end(code))

    def _late(self) -> Answer:
        reason = f"was not done after {self.limits.seconds:g} s (max-seconds)"
        return self._lost("timed_out", reason)

    def _lost(self, status: Status, reason: str) -> Answer:
        seconds = round(time.monotonic() - self._since, 4)
        row = Row(self.video or "", status, f"its process {reason}", seconds=seconds)
        # A score that is there already is not lost by what was asked for beside it.
        answer = Answer(self._row, lost=row.reason) if self._row else Answer(row)
        self.video = self._row = None
        self.stop()
        return answer


def _line(request: dict[str, Any]) -> bytes:
    return json.dumps(request).encode() + b"\n"


def _greeting(said: bytes) -> Greeting:
    told = json.loads(said)
    if "error" in told:
        raise getattr(errors, told["kind"])(told["error"])
    return Greeting(**told)


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
