"""Which further columns of its labels a data set has, and what they are for."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import model_validator

from vq import params
from vq.data.manifest import DTYPES
from vq.errors import DataError, ParamsError
from vq.params import Rate, Section


class Ladders(Section):
    """Columns that tell which versions of a film have an order that needs no label."""

    film: str
    """Tells films of one content apart."""
    ladder: str
    """Tells the ladders of a film apart: one damage at rising strengths."""
    strength: str
    """Numbers from 0; 0 is the version without damage."""
    apart: Rate
    """Least difference in strength of a pair."""


class Columns(Section):
    """`columns.yaml` of a data set; all of it may be left out."""

    slices: tuple[str, ...] = ()
    """Reported apart, before those of `evaluate.slices`; the first one tells kinds of videos."""
    order: Ladders | None = None
    """None: the order of versions is not measured."""
    keep: tuple[str, ...] = ()
    """Carried along in the manifest for anything else."""

    @model_validator(mode="before")
    @classmethod
    def accept_an_empty_file(cls, values: Any) -> Any:  # noqa: ANN401 - whatever YAML may hold
        """Nothing is named, then."""
        return {} if values is None else values

    @property
    def carried(self) -> tuple[str, ...]:
        """All that the manifest takes from `labels.csv` for these, each once."""
        ladders = (self.order.film, self.order.ladder, self.order.strength) if self.order else ()
        used = [name for name in (*self.slices, *ladders) if name not in DTYPES]
        return tuple(dict.fromkeys([*used, *self.keep]))

    def sliced_by(self, others: Iterable[str]) -> tuple[str, ...]:
        """All columns that are reported apart, each once: those of the data set, then `others`."""
        return tuple(dict.fromkeys([*self.slices, *others]))


def load(path: Path) -> Columns:
    """Read the columns of a data set.

    Raises:
        DataError: missing, no YAML, or a key is unknown or out of range.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file; make one, which may be empty (`touch {path}`)")
    try:
        return params.read(path, Columns)
    except ParamsError as error:
        raise DataError(
            f"{error}; a file of columns has {', '.join(Columns.model_fields)}"
        ) from error
