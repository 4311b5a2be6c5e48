"""The card of a data set: what its numbers mean, and who may use it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

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


class Ratings(Section):
    """What the numbers of one data set mean, and who may use it."""

    opinion: Literal["human", "synthetic"]
    """Whether people gave the labels, or a metric did; every report says so."""
    scale: Scale
    better: Literal["higher", "lower"] = "higher"
    """Which end of the scale is the better one."""
    licence: str
    source: str = ""
    """Where to get it."""
    videos: int | None = None
    """How many there are in the whole set."""
    contents: str = ""
    """What a content is, and how it is known."""
    defects: str = ""
    note: str = ""


class Card(Ratings):
    """`card.yaml` of a data set, or of a collection of them.

    What it says of ratings it says of the *primary* set, on whose scale scores are told.
    """

    name: str
    """Of the primary; goes into the manifest, on each row that names no other."""
    title: str = ""
    datasets: dict[str, Ratings] = Field(default_factory=dict)
    """The other sets of a collection, by the name that `labels.csv` gives them."""

    @model_validator(mode="after")
    def have_distinct_names(self) -> "Card":
        """The primary is described once, and every set has a name."""
        if wrong := {"", self.name} & set(self.datasets):
            raise ValueError(f"datasets describes the *other* sets, none can be {min(wrong)!r}")
        return self

    @property
    def sets(self) -> dict[str, Ratings]:
        """Every set by name, the primary first."""
        return {self.name: self, **self.datasets}


def load(path: Path) -> Card:
    """Read the card of a data set.

    Raises:
        DataError: missing, no YAML, or a key is missing, unknown or out of range.
    """
    try:
        return params.read(path, Card)
    except ParamsError as error:
        raise DataError(f"{error}; a card has {', '.join(Card.model_fields)}") from error
