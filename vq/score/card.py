"""What a student bundle says of itself: `card.json`."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vq.errors import DataError, WeightsError


class Entry(BaseModel):
    """A part of the card: cannot be changed; what a later version adds is kept out of the way."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Scale(Entry):
    """The numbers between which every score lies."""

    min: float
    max: float


class Views(Entry):
    """How a video is cut up for the network, as in `vq.video.views.ViewSpec`."""

    moments: Annotated[int, Field(gt=0)]
    grid: Annotated[int, Field(gt=0)]
    patch_px: Annotated[int, Field(gt=0, multiple_of=2)]


class Interval(Entry):
    """How far a score may be from what people would say."""

    coverage: Annotated[float, Field(gt=0, lt=1)]
    """Share of videos whose rating the interval is to hold."""
    half_width: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """On the scale; found on validation (split conformal)."""


class Card(Entry):
    """A bundle's promises: what goes in, what comes out, and what it learnt from."""

    format: Literal[1]
    """Layout of the bundle; another number needs another version of vq."""
    name: str
    backbone: str
    views: Views
    values: Annotated[tuple[float, ...], Field(min_length=2)]
    """What each quality level is worth, on the scale."""
    scale: Scale
    opinion: Literal["human", "synthetic"]
    """Whose opinion the labels were: people's, or a metric's and simulated raters'."""
    better: Literal["higher", "lower"] = "higher"
    dataset: str
    seed: int
    hashes: dict[str, Any] = {}
    validation: dict[str, Any] = {}
    licences: tuple[Any, ...] = ()
    interval: Interval | None = None
    """None where validation had too few videos to promise anything."""
    onnx_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    def around(self, score: float) -> tuple[float, float] | tuple[None, None]:
        """The interval of a score, within the scale."""
        if self.interval is None:
            return None, None
        half = self.interval.half_width
        return max(score - half, self.scale.min), min(score + half, self.scale.max)

    @model_validator(mode="after")
    def keep_levels_on_the_scale(self) -> "Card":
        """An expectation over the levels can then not leave the scale."""
        outside = [v for v in self.values if not self.scale.min <= v <= self.scale.max]
        if outside:
            raise ValueError(f"level values {outside} are outside the scale")
        return self

    @property
    def model_id(self) -> str:
        """Name and the start of the network's hash: two models never share it."""
        return f"{self.name}-{self.onnx_sha256[:12]}"

    @property
    def meaning(self) -> str:
        """What a score says, such as "1 to 5, higher is better"."""
        return f"{self.scale.min:g} to {self.scale.max:g}, {self.better} is better"


def load(folder: Path) -> tuple[Card, bytes]:
    """The card of a bundle and its ONNX network, which is the one that the card names.

    Raises:
        WeightsError: the folder or one of its files is missing, or the network is another one.
        DataError: the card cannot be understood.
    """
    path = folder / "card.json"
    card = _parse(path, _read(path))
    network = _read(folder / "student.onnx")
    if (found := hashlib.sha256(network).hexdigest()) != card.onnx_sha256:
        raise WeightsError(
            f"{folder / 'student.onnx'}: sha256 is {found[:12]}..., {path} says "
            f"{card.onnx_sha256[:12]}...: altered or half copied; fetch the bundle again"
        )
    return card, network


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise WeightsError(
            f"{path}: no such file, so this is no student; run `dvc repro` or give --model"
        ) from error


def _parse(path: Path, text: bytes) -> Card:
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if key == "format" and first["type"] == "literal_error":
            raise DataError(
                f"{path}: format {first['input']!r} is not known here (1 is); "
                "use the version of vq that wrote it"
            ) from error
        raise DataError(
            f"{path}: {key + ': ' if key else ''}{first['msg']}; `dvc repro` writes a new one"
        ) from error
