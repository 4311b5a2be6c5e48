"""Ctrl-C and a polite kill as something to ask for, instead of an exception anywhere."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether somebody wants us to stop."""

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
    """Have SIGINT and SIGTERM ask to stop; whoever presses Ctrl-C again gets his way at once."""
    stop = Stop()

    def note(number: int, _: FrameType | None) -> None:
        if stop.signal:
            raise KeyboardInterrupt
        stop.signal = number

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
