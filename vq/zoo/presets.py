"""Experts with weights inside packages, one an entry of packaged.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import yaml

from vq.params import Expert as Spec
from vq.params import WeightsPackage

FILE = Path(__file__).with_name("packaged.yaml")


@dataclass(frozen=True)
class Preset:
    """A network, and what it comes to."""

    spec: Spec
    """What params.yaml would say of it."""
    dim: int
    parameters: int
    gmacs: float
    """Multiply-accumulates of a video at eight moments, in 1e9."""

    @property
    def package(self) -> str:
        """Registry, name and version."""
        weights = self.spec.weights
        return f"{weights.package} {weights.version}" if isinstance(weights, WeightsPackage) else ""


def read(path: Path = FILE) -> Mapping[str, Preset]:
    """Read the file, in its order."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            name: Preset(**entry.pop("comes_to"), spec=Spec.model_validate(entry))
            for name, entry in entries.items()
        }
    )
