"""Experts of other packages, by the entry points of the group `vq.experts`.

An entry point names a function `(name, spec) -> Expert`: from what params call it, and what they
say of it (`vq.params.Expert`), to what `vq.zoo.expert.Expert` describes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from vq.errors import ParamsError, VqError
from vq.params import Expert as Spec
from vq.zoo.expert import Expert, Kind, Tags

GROUP = "vq.experts"
FACTS = ("kind", "dim", "dtype", "version", "identity", "parameters", "gmacs", "tags")


@runtime_checkable
class Package(Protocol):
    """Name and version of an installed package."""

    @property
    def name(self) -> str:
        """As it is installed by."""

    @property
    def version(self) -> str:
        """Of it."""


@runtime_checkable
class Point(Protocol):
    """An entry point: Python's, or that of `importlib_metadata`, which takes over once loaded."""

    @property
    def name(self) -> str:
        """What params call the expert."""

    @property
    def value(self) -> str:
        """`module:function`."""

    @property
    def dist(self) -> "Package | None":
        """The package that it is from; None if unknown."""

    def load(self) -> Callable[[str, Spec], Any]:
        """Import the function."""


@dataclass(frozen=True, eq=False)
class Plugged:
    """An expert of another package: named as in params; its errors name the package."""

    name: str
    catalog: str
    kind: Kind
    dim: int
    dtype: Literal["float16", "float32"]
    version: int
    identity: str
    parameters: int
    gmacs: float
    tags: Tags
    function: Callable[[np.ndarray], Any]
    """The `describe` of the package's own expert."""
    package: str

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float[np.ndarray, "rows dim"]:
        """Ask the package.

        Raises:
            VqError: it raises whatever it does, or gives something else than promised.
        """
        blame = f"extract.experts.{self.name}, of package {self.package}"
        try:
            features = self.function(pixels)
        except Exception as error:
            raise VqError(
                f"{blame}: describe fails ({_summary(error)}); report it there"
            ) from error
        rows = len(pixels) if self.kind == "image" else 1
        shape = getattr(features, "shape", type(features).__name__)
        if not isinstance(features, np.ndarray) or shape != (rows, self.dim):
            raise VqError(
                f"{blame}: describe gives {shape}, not {(rows, self.dim)}; report it there"
            )
        return features


def discover() -> Mapping[str, tuple[Point, ...]]:
    """Entry points by name; more than one where packages disagree. Loads none of them."""
    points: dict[str, tuple[Point, ...]] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda one: (one.name, package(one))):
        points[point.name] = (*points.get(point.name, ()), point)
    return points


def package(point: Point) -> str:
    """Name and version of the package that an entry point is from."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def create(name: str, spec: Spec, points: tuple[Point, ...]) -> Expert:
    """Build the expert of an entry point.

    Raises:
        ParamsError: several packages have it, or the one that has cannot be loaded or fails.
        VqError: what the package says itself.
    """
    if len(points) > 1:
        raise ParamsError(
            f"extract.experts.{name}: {points[0].name} is offered by "
            f"{' and '.join(package(point) for point in points)}; uninstall one of them"
        )
    (point,) = points
    blame = f"extract.experts.{name}, of package {package(point)}"
    try:
        expert = point.load()(name, spec)
    except VqError:
        raise
    except Exception as error:
        raise ParamsError(
            f"{blame}: {point.value} fails ({_summary(error)}); "
            "correct it, or uninstall the package"
        ) from error
    lacking = [promise for promise in (*FACTS, "describe") if not hasattr(expert, promise)]
    if lacking:
        raise ParamsError(
            f"{blame}: {point.value} gives {type(expert).__name__}, which is no Expert: "
            f"it has no {', '.join(lacking)}; see vq.zoo.expert"
        )
    facts = {fact: getattr(expert, fact) for fact in FACTS}
    fine = {
        "kind": facts["kind"] in ("image", "clip"),
        "dtype": facts["dtype"] in ("float16", "float32"),
        "tags": isinstance(facts["tags"], Tags),
        "identity": isinstance(facts["identity"], str),
    }
    wrong = [f"{fact} is {facts[fact]!r}" for fact, right in fine.items() if not right]
    if wrong:
        raise ParamsError(f"{blame}: {point.value}: {', '.join(wrong)}; see vq.zoo.expert")
    return Plugged(
        name=name, catalog=point.name, function=expert.describe, package=package(point), **facts
    )


def _summary(error: Exception) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
