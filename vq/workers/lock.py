"""One process at a time."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vq.errors import BusyError


@contextmanager
def hold(lock: Path, holder: Path, *, busy: Callable[[str], str]) -> Iterator[None]:
    """Hold a lock, which goes with the process, however it ends. It does not nest.

    Args:
        lock: a file.
        holder: a file that has the number of the process that holds the lock.
        busy: from that number, or `unknown`, to what the error says.

    Raises:
        BusyError: another process holds it.
    """
    # Stages need the `train` extra, which brings filelock; `vq score` has to do without.
    from filelock import FileLock, Timeout

    held = FileLock(lock)
    try:
        held.acquire(blocking=False)
    except Timeout as error:
        raise BusyError(busy(_number(holder))) from error
    try:
        # Not in the lock itself: some versions of filelock empty it when they fail to get it.
        holder.write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        holder.unlink(missing_ok=True)
        held.release()


def _number(holder: Path) -> str:
    try:
        return holder.read_text(encoding="ascii") or "unknown"
    except FileNotFoundError:  # it has just ended, or not yet written its number
        return "unknown"
