"""Files that are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Write to the path given; it takes the place of `path` only if all went well.

    The folder is made if need be. After an error, whatever was at `path` before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Same folder, since a rename is atomic only inside a file system; same suffix, since writers
    # choose their format by it.
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
