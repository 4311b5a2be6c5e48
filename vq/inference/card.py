"""What a student bundle says of itself: `card.json`.

Read without pydantic, which takes a third of the time in which scoring starts.
"""

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn, TypeGuard, cast

from vq.errors import DataError, WeightsError
from vq.inference.modes import MODES, Mode
from vq.inference.reference import Reference
from vq.inference.sure import LEVELS, Distance, StageCalibration, Sureness, ThresholdLevels
from vq.metrics import category_rating
from vq.metrics.score_map import ScoreMap

_NOTHING = object()
FORMATS = (1, 2, 3)
"""Layouts of the bundle that are known; another number needs another version of vq."""
MAPPED_FORMAT = 4
"""That of a bundle with a map: a version of vq from before there were maps would leave it out."""


@dataclass(frozen=True)
class Scale:
    """The numbers between which every score lies."""

    min: float
    max: float


@dataclass(frozen=True)
class Views:
    """How a video is cut up for the network, as in `vq.video.views.ViewSpec`."""

    moments: int
    grid: int
    patch_px: int
    """Even."""
    slack: float = 0.0
    """From 0 to 1; format 1 had none."""


@dataclass(frozen=True)
class Interval:
    """How far a score may be from what people would say."""

    coverage: float
    """Share of videos whose rating the interval is to hold; between 0 and 1."""
    half_widths: tuple[float, float]
    """Around the lowest and the highest score of the scale; for scores between, on a straight line.

    Found on validation (`vq.metrics.conformal`). Before format 3 both are the same.
    """


@dataclass(frozen=True)
class ModeCalibration:
    """Calibration of a mode other than exact; all of it from validation."""

    slope: float
    intercept: float
    """score = intercept + slope x what the network says: the line that comes nearest to exact."""
    interval: Interval | None
    """Around the corrected score."""
    exact_srcc: float
    """Agreement with the exact scores."""
    srcc: float
    """Agreement with the ratings."""


@dataclass(frozen=True)
class OtherScale:
    """The scale of an earlier model, on which a student gives its scores."""

    model: str
    """Name and version of the model whose scale it is, such as `vq-student 3`."""
    releases: int
    """Since that model; each has a map of its own to the one before it, with an error of its own.
    """
    map: ScoreMap
    """From the student's own scores to this scale."""


@dataclass(frozen=True)
class Card:
    """A bundle's promises: what goes in, what comes out, and what it learnt from."""

    format: int
    name: str
    backbone: str
    views: Views
    values: tuple[float, ...]
    """What each quality level is worth, on the scale; two at least."""
    scale: Scale
    opinion: str
    """Whose opinion the labels were: `human`, or `synthetic`, a metric's and simulated raters'."""
    better: str
    """Which direction is better: `higher` or `lower`."""
    dataset: str
    seed: int
    hashes: dict[str, Any]
    validation: dict[str, Any]
    licences: tuple[Any, ...]
    interval: Interval | None
    """None where validation had too few videos to promise anything."""
    modes: dict[str, ModeCalibration]
    """By mode, without the exact one; none in the card of a student that has only that."""
    onnx_sha256: str
    """64 hexadecimal digits."""
    scores_as: OtherScale | None = None
    """None: scores are on the student's own scale."""
    sure: Sureness | None = None
    """When a short look is enough for a decision; none in cards of earlier versions."""
    reference: Reference | None = None
    """The collection for percentiles; none in cards of earlier versions."""

    def corrected(self, score: float, mode: Mode) -> float:
        """The score of a mode, corrected towards that of an exact look, within the scale."""
        if mode != "exact":
            calibration = self.modes[mode]
            score = calibration.intercept + calibration.slope * score
            score = min(max(score, self.scale.min), self.scale.max)
        return self.scores_as.map(score) if self.scores_as else score

    def around(self, score: float, mode: Mode = "exact") -> tuple[float, float] | tuple[None, None]:
        """The interval of a score, within the scale.

        It is to hold what people say of the video, which no map changes: a score on the scale of
        another model has the interval of the student's own one, longer where it lies outside.
        """
        interval = self.interval if mode == "exact" else self.modes[mode].interval
        if interval is None:
            return None, None
        own = self.scores_as.map.inverse(score) if self.scores_as else score
        low, high = interval.half_widths
        half = low + (high - low) * (own - self.scale.min) / (self.scale.max - self.scale.min)
        ends = min(own - half, score), max(own + half, score)
        return max(ends[0], self.scale.min), min(ends[1], self.scale.max)

    def label(self, score: float) -> str:
        """The word for a score, on the scale that scores are given on."""
        return category_rating.label(score, (self.scale.min, self.scale.max), self.better)

    def percentile(self, score: float) -> float | None:
        """Share of the reference collection that is worse, in percent; None without a reference."""
        if self.reference is None:
            return None
        own = self.scores_as.map.inverse(score) if self.scores_as else score
        return self.reference.percentile(own, self.better)

    @property
    def network_id(self) -> str:
        """Name and the start of the network's hash."""
        return f"{self.name}-{self.onnx_sha256[:12]}"

    @property
    def model_id(self) -> str:
        """That of the network, and of the map if there is one: two models never share it."""
        if self.scores_as is None:
            return self.network_id
        digest = hashlib.sha256(repr(self.scores_as).encode()).hexdigest()
        return f"{self.network_id}+{digest[:6]}"

    @property
    def meaning(self) -> str:
        """What a score says, such as "1 to 5, higher is better, on the scale of vq-student 3"."""
        scale = f"{self.scale.min:g} to {self.scale.max:g}, {self.better} is better"
        return f"{scale}, on the scale of {self.scores_as.model}" if self.scores_as else scale


def parse(content: object) -> Card:
    """The card that a JSON object describes; what a later version adds is left out.

    Raises:
        ValueError: a key is missing or its value is none that a card can have.
    """
    top = _Object(content)
    if top.get("format") not in (*FORMATS, MAPPED_FORMAT):
        raise ValueError(
            f"format {top.get('format')!r} is not known here, only those up to {MAPPED_FORMAT} "
            "are; use the version of vq that wrote it"
        )
    scale, views = top.part("scale"), top.part("views")
    card = Card(
        format=top.whole("format"),
        name=top.text("name"),
        backbone=top.text("backbone"),
        views=Views(
            moments=views.whole("moments"),
            grid=views.whole("grid"),
            patch_px=views.whole("patch_px", multiple_of=2),
            slack=views.number("slack", 0.0),
        ),
        values=top.numbers("values", least=2),
        scale=Scale(scale.number("min"), scale.number("max")),
        opinion=top.one_of("opinion", "human", "synthetic"),
        better=top.one_of("better", "higher", "lower", default="higher"),
        dataset=top.text("dataset"),
        seed=top.whole("seed", least=0),
        hashes=top.part("hashes", {}).content,
        validation=top.part("validation", {}).content,
        licences=tuple(top.items("licences", [])),
        interval=None if top.get("interval") is None else _interval(top.part("interval")),
        modes={
            name: _calibration(_Object(entry, f"modes.{name}."))
            for name, entry in top.part("modes", {}).content.items()
            if name in MODES
        },
        onnx_sha256=top.text("onnx_sha256", r"[0-9a-f]{64}"),
        scores_as=None if top.get("scores_as") is None else _other_scale(top.part("scores_as")),
        sure=None if top.get("sure") is None else _sureness(top.part("sure")),
        reference=None if top.get("reference") is None else _reference(top.part("reference")),
    )
    if not 0 <= card.views.slack <= 1:
        raise ValueError(f"views.slack should be from 0 to 1, got {card.views.slack:g}")
    if outside := [v for v in card.values if not card.scale.min <= v <= card.scale.max]:
        # An expectation over the levels could leave the scale.
        raise ValueError(f"level values {outside} are outside the scale")
    if card.scores_as and card.scores_as.map.ends != (card.scale.min, card.scale.max):
        raise ValueError("scores_as.map should reach from end to end of the scale")
    return card


def dumps(card: Card) -> str:
    """The card as the text of `card.json`."""
    return json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n"


def load(folder: Path) -> tuple[Card, bytes]:
    """The card of a bundle and its ONNX network, which is the one that the card names.

    Raises:
        WeightsError: the folder or one of its files is missing, or the network is another one.
        DataError: the card cannot be understood.
    """
    path = folder / "card.json"
    card = _parse(path, _read(path))
    network = _read(folder / "student.onnx")
    if (digest := hashlib.sha256(network).hexdigest()) != card.onnx_sha256:
        raise WeightsError(
            f"{folder / 'student.onnx'}: sha256 is {digest[:12]}..., {path} says "
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
        return parse(json.loads(text))
    except ValueError as error:
        raise DataError(f"{path}: {error}; `dvc repro` writes a new one") from error


def _interval(part: "_Object") -> Interval:
    coverage = part.number("coverage")
    if part.get("half_widths") is None:  # before format 3
        halves = (part.number("half_width"),) * 2
    else:
        low, high, *_ = part.numbers("half_widths", least=2)
        halves = (low, high)
    if not 0 < coverage < 1 or min(halves) < 0:
        raise ValueError(f"{part.at}coverage should be a share and no half width below 0")
    return Interval(coverage, halves)


def _other_scale(part: "_Object") -> OtherScale:
    points = part.part("map").items("points")
    pairs = [
        _Object({"points": point}, f"{part.at}map.").numbers("points", least=2) for point in points
    ]
    return OtherScale(
        model=part.text("model"),
        releases=part.whole("releases"),
        map=ScoreMap(tuple((score, mapped) for score, mapped, *_ in pairs)),
    )


def _sureness(part: "_Object") -> Sureness:
    stages = [_Object(one, f"{part.at}stages.") for one in part.items("stages")]
    rows = [_Object(one, f"{part.at}thresholds.") for one in part.items("thresholds", [])]
    thresholds = tuple(
        ThresholdLevels(row.number("threshold"), row.numbers("levels", least=len(LEVELS)))
        for row in rows
    )
    if any(one.threshold > next_one.threshold for one, next_one in pairwise(thresholds)):
        raise ValueError(f"{part.at}thresholds should go from low to high")
    if any(not 0 <= level <= 1 for one in thresholds for level in one.levels):
        raise ValueError(f"{part.at}thresholds.levels should be from 0 to 1")
    return Sureness(
        videos=part.whole("videos"),
        contents=part.whole("contents"),
        stages=tuple(_stage(one) for one in stages),
        thresholds=thresholds,
    )


def _stage(part: "_Object") -> StageCalibration:
    single, several = (_distance(part.part(kind)) for kind in ("single", "several"))
    return StageCalibration(part.text("stage"), single, several)


def _distance(part: "_Object") -> Distance:
    return Distance(
        videos=part.whole("videos"),
        slope=part.number("slope"),
        intercept=part.number("intercept"),
        below=part.numbers("below", least=0),
        above=part.numbers("above", least=0),
    )


def _reference(part: "_Object") -> Reference:
    return Reference(
        name=part.text("name"),
        videos=part.whole("videos"),
        quantiles=part.numbers("quantiles", least=2),
    )


def _calibration(part: "_Object") -> ModeCalibration:
    return ModeCalibration(
        slope=part.number("slope"),
        intercept=part.number("intercept"),
        interval=None if part.get("interval") is None else _interval(part.part("interval")),
        exact_srcc=part.number("exact_srcc"),
        srcc=part.number("srcc"),
    )


class _Object:
    """An object of the JSON, whose values are read by key and checked by type."""

    def __init__(self, content: object, at: str = "") -> None:
        if not isinstance(content, dict):
            raise ValueError(f"{at.rstrip('.') or 'it'} should be an object, got {content!r:.50}")
        self.content: dict[str, Any] = content
        self.at = at

    def get(self, key: str) -> object:
        return self.content.get(key)

    def part(self, key: str, default: object = _NOTHING) -> "_Object":
        return _Object(self._value(key, default), f"{self.at}{key}.")

    def items(self, key: str, default: object = _NOTHING) -> list[Any]:
        value = self._value(key, default)
        return [*value] if isinstance(value, list | tuple) else self._refuse(key, "a list")

    def numbers(self, key: str, *, least: int) -> tuple[float, ...]:
        values = self.items(key)
        if len(values) < least or not all(map(_is_number, values)):
            self._refuse(key, f"a list of {least} numbers or more")
        return tuple(map(float, values))

    def number(self, key: str, default: object = _NOTHING) -> float:
        value = self._value(key, default)
        return float(value) if _is_number(value) else self._refuse(key, "a number")

    def whole(self, key: str, *, least: int = 1, multiple_of: int = 1) -> int:
        value = self._value(key)
        if not _is_number(value) or value != int(value) or value < least or value % multiple_of:
            kind = f"multiple of {multiple_of}" if multiple_of > 1 else "whole number"
            self._refuse(key, f"a {kind}, {least} or more")
        return int(value)

    def text(self, key: str, pattern: str = ".*") -> str:
        value = self._value(key)
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.DOTALL):
            self._refuse(key, "a text" if pattern == ".*" else f"like {pattern}")
        return value

    def one_of(self, key: str, *choices: str, default: object = _NOTHING) -> str:
        value = self._value(key, default)
        return value if value in choices else self._refuse(key, " or ".join(choices))

    def _value(self, key: str, default: object = _NOTHING) -> Any:  # noqa: ANN401 - JSON
        value = self.content.get(key, default)
        if value is _NOTHING:
            raise ValueError(f"{self.at}{key} is missing")
        return value

    def _refuse(self, key: str, wanted: str) -> NoReturn:
        raise ValueError(f"{self.at}{key} should be {wanted}, got {self.content.get(key)!r:.50}")


def _is_number(value: object) -> TypeGuard[int | float]:
    # A bool is an int to Python.
    return type(value) in (int, float) and math.isfinite(cast(float, value))
