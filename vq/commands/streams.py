"""Standard streams that services and cron close, or that nobody reads any more."""

import errno
import fcntl
import os
import sys
from contextlib import suppress

NAMES = ("stdin", "stdout", "stderr")
"""By their numbers."""


def mend() -> None:
    """Reopen standard streams that are closed, on the null device.

    Otherwise the next file that is opened takes the number of a closed one, and workers, who have
    the streams of their parent, write their messages into it.

    Messages on standard error are then lost. Writing to standard output or reading standard input
    raises an OSError.
    """
    for number, name in enumerate(NAMES):
        try:
            os.fstat(number)
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
            # The wrong way round for what is needed, so that its use is an error.
            way = (os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)[number]
            opened = os.open(os.devnull, way)  # the least number that is free: this one
            os.set_inheritable(opened, True)
        if getattr(sys, name) is None:
            # Streams of the interpreter stay open as long as it runs.
            stream = open(number, "w" if number else "r", closefd=False, errors=_errors(number))  # noqa: SIM115
            setattr(sys, name, stream)


def say(text: str) -> None:
    """Write a line for people to standard error; where nobody can read it, the work goes on."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def takes_output() -> bool:
    """Whether standard output can be written at all."""
    try:
        number = sys.stdout.fileno()
    except OSError:  # it is no file of the system's, as in a notebook
        return True
    return fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY


def is_of_output(error: OSError) -> bool:
    """Whether an error may be that of a standard output that takes no more."""
    return error.filename is None and error.errno in (errno.EBADF, errno.EPIPE, errno.ENOSPC)


def drop() -> None:
    """Have all that still goes to standard output go nowhere.

    Python would stumble at its end over what is left in the buffer.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _errors(number: int) -> str:
    return "backslashreplace" if number == 2 else "surrogateescape"
