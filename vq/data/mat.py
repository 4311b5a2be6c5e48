"""Read a MATLAB file with SciPy; a module of its own, since it is imported in a fresh process."""

from pathlib import Path


def load(path: Path) -> dict[str, object] | str:
    """The variables of a file, structs as dicts, cells as arrays; a text says what went wrong."""
    from scipy.io import loadmat

    try:
        found: dict[str, object] = loadmat(path, simplify_cells=True)
    except Exception as error:  # noqa: BLE001
        # SciPy raises whatever broke inside: fuzzing found an UnboundLocalError, among others.
        return str(error) or type(error).__name__
    return found
