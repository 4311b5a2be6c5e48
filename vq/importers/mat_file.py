"""Read a MATLAB file with SciPy; a module of its own, since it is imported in a fresh process.

The process is limited, and is to be used for nothing else: four bytes that say that a table has a
billion rows make SciPy take 23 GB.
"""

import pickle
import resource
from pathlib import Path

MEMORY_BYTES = 1 << 30
"""Fifty times what the largest label file takes."""
CPU_SECONDS = 30
MOST_BYTES = 1 << 26
"""Limit of what `load` returns: a small file can unpack to more than there is memory for."""


def load(path: Path) -> dict[str, object] | str:
    """The variables of a file, structs as dicts, cells as arrays; a text says what went wrong."""
    from scipy.io import loadmat

    for limit, most in ((resource.RLIMIT_DATA, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS)):
        resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))
    try:
        variables: dict[str, object] = loadmat(path, simplify_cells=True)
        size = len(pickle.dumps(variables))
    except Exception as error:  # noqa: BLE001
        # SciPy raises whatever broke inside: fuzzing found an UnboundLocalError, among others.
        return str(error) or type(error).__name__
    if size > MOST_BYTES:
        return f"it unpacks to {size >> 20} MiB; label files do not"
    return variables
