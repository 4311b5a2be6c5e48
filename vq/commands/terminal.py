"""Whoever sits at the terminal: a bar beside the rows, and Ctrl-C as a flag to poll."""

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class Stop:
    """A flag: whether a signal to stop came."""

    signal = 0
    """The signal that came; 0 while none did."""

    def __call__(self) -> bool:
        """Whether to stop."""
        return bool(self.signal)

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal ended."""
        return 128 + self.signal


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Turn SIGINT and SIGTERM into a request to stop; a second one raises KeyboardInterrupt."""
    stop = Stop()

    def handle(number: int, _: FrameType | None) -> None:
        if stop.signal:
            raise KeyboardInterrupt
        stop.signal = number

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def shown(items: Iterable[T], *, total: int, streaming: bool) -> Iterator[T]:
    """The same items; a terminal also gets a bar with rate and time left.

    Where rows are `streaming` to the terminal they are progress enough, and a bar would run through
    them.
    """
    crossed = streaming and sys.stdout.isatty()
    if not sys.stderr.isatty() or total < 2 or crossed:
        return iter(items)
    return _bar(items, total)


def _bar(items: Iterable[T], total: int) -> Iterator[T]:
    # Only a terminal needs rich; rows travel without it.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    columns = (BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn(), "left")
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        for item in items:
            progress.advance(task)
            yield item
