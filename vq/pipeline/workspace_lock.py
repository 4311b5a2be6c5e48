"""One process at a time in a workspace.

`dvc repro` locks the files of a stage while it runs, but lets `vq STAGE` from another terminal, or
a flow, write to the same places. Whoever runs a stage holds this lock too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vq.workers import lock


def workspace_of(path: Path) -> Path | None:
    """The nearest folder above a path that has `.dvc` in it; none outside a workspace."""
    # Not the file itself: with a cache that links, an out leads out of the workspace.
    start = (path if path.is_dir() else path.parent).resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".dvc").is_dir()), None)


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the workspace that a path lies in; outside a workspace there is nothing to hold.

    The lock does not nest: who holds it runs a stage by
    `vq.pipeline.command_line.dispatch(..., held=True)`.

    Raises:
        BusyError: another process holds it; the message names the process.
    """
    root = workspace_of(path)
    if root is None:
        yield
        return
    folder = root / ".dvc" / "tmp"
    folder.mkdir(exist_ok=True)

    def busy(number: str) -> str:
        return f"{root}: process {number} is running a stage here; wait for it, or end it"

    with lock.hold(folder / "vq.lock", folder / "vq.pid", busy=busy):
        yield
