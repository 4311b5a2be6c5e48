"""MATLAB files (`.mat`), as far as label files need them."""

from pathlib import Path

import numpy as np

from vq.data.tables import LARGEST_BYTES, shorten
from vq.errors import DataError
from vq.importers.mat_file import load
from vq.workers.process_pool import in_processes

HDF5 = b"\x89HDF\r\n\x1a\n"


class Variables:
    """What a MATLAB file holds, structs as dicts."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            DataError: unreadable, or of the new kind that SciPy does not read.
        """
        self.path = path
        _check(path)
        # SciPy's reader is C: fuzzing found broken files of which it dies.
        lost: dict[str, object] | str = "kills what reads it"
        (variables,) = in_processes(load, [path], jobs=1, lost=lost)
        if isinstance(variables, str):
            raise DataError(f"{path}: is no MATLAB file ({shorten(variables)}); get it again")
        self._variables: object = variables

    def find(self, *names: str) -> object:
        """A variable, or by several names a field of a struct of structs.

        Raises:
            DataError: there is none.
        """
        value = self._variables
        for name in names:
            fields = value if isinstance(value, dict) else {}
            if name not in fields:
                others = [field for field in fields if not field.startswith("__")]
                raise DataError(
                    f"{self.path}: has no {'.'.join(names)}, only {', '.join(others) or 'values'}; "
                    "is it the right file?"
                )
            value = fields[name]
        return value

    def texts(self, *names: str) -> list[str]:
        """A cell array of texts.

        Raises:
            DataError: it is something else.
        """
        cells = np.atleast_1d(np.asarray(self.find(*names), dtype=object)).ravel()
        if wrong := [value for value in cells if not isinstance(value, str)]:
            raise DataError(
                f"{self.path}: {'.'.join(names)} has {shorten(repr(wrong[0]))} where a text should "
                "be; is it the right file?"
            )
        return [str(value).strip() for value in cells]

    def numbers(self, *names: str) -> list[float | None]:
        """An array of numbers; None for NaN.

        Raises:
            DataError: it is something else.
        """
        try:
            array = np.atleast_1d(np.asarray(self.find(*names), dtype=np.float64)).ravel()
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{self.path}: {'.'.join(names)} holds no numbers; is it the right file?"
            ) from error
        return [float(value) if np.isfinite(value) else None for value in array]


def _check(path: Path) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if size > LARGEST_BYTES:
        raise DataError(f"{path}: has {size >> 20} MiB; label files do not")
    # The header of version 7.3 is text, and HDF5 begins behind it.
    if HDF5 in head:
        raise DataError(
            f"{path}: is of MATLAB's version 7.3; load it in MATLAB or Octave, save it with -v7"
        )
