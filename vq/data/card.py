"""The card of a data set: what its numbers mean, and who may use it."""

from pathlib import Path
from typing import Literal

from pydantic import model_validator

from vq import params
from vq.errors import DataError, ParamsError
from vq.params import Section


class Scale(Section):
    """The range of mos."""

    min: float
    max: float

    @model_validator(mode="after")
    def be_a_range(self) -> "Scale":
        """The lower end is lower."""
        if self.min >= self.max:
            raise ValueError(f"min {self.min} is not below max {self.max}")
        return self


class Card(Section):
    """`card.yaml` of a data set."""

    name: str
    """Goes into the manifest, on each row."""
    title: str = ""
    opinion: Literal["human", "synthetic"]
    """Whether people gave the labels, or a metric did; every report says so."""
    scale: Scale
    better: Literal["higher", "lower"] = "higher"
    """Which end of the scale is the better one."""
    licence: str
    source: str = ""
    note: str = ""


def load(path: Path) -> Card:
    """Read the card of a data set.

    Raises:
        DataError: missing, no YAML, or a key is missing, unknown or out of range.
    """
    try:
        return params.read(path, Card)
    except ParamsError as error:
        raise DataError(f"{error}; a card has {', '.join(Card.model_fields)}") from error
