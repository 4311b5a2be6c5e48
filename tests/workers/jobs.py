"""What the worker processes of tests do."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from vq.errors import DataError
from vq.workers.protocol import Handler, Message


def double(greeting: str = "hello") -> Handler:
    """Twice a number, as JSON and as bytes; see `_double` for those that end badly."""
    if greeting == "refuse":
        raise DataError("no such table; make one")
    return Handler(_double, {"said": greeting})


def _double(number: int | str) -> Iterator[Message]:
    if number == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 4:
        raise ValueError("four is refused")
    if number == 5:
        yield Message({"begun": 5})
        time.sleep(60)
    if number == 6:
        _ = bytearray(400 << 20)
        time.sleep(60)
    if number == 7:
        os.write(_replies(), b"{'no JSON'}\n")
        time.sleep(60)
    if isinstance(number, str):  # a file: dies once, and leaves it there
        once = Path(number)
        if not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        number = 0
    sys.stdout.write("a library talks\n")
    yield Message({"double": 2 * number}, bytes([number]) * 3)


def _replies() -> int:
    """The pipe to the caller, which standard output no longer is."""
    open_files = {int(path.name): path for path in Path("/proc/self/fd").iterdir()}
    pipes = [n for n, path in open_files.items() if path.is_fifo()]
    return next(number for number in pipes if number > 2)
