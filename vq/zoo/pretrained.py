"""Ready-made experts: pretrained networks of timm and torchvision, one a line of pretrained.csv.

Licences are those of the weights, as timm states them; torchvision states its own for all. Data
sets have terms of their own. What an expert comes to (dim, parameters, and GMACs of a video of
eight moments, in clips of four frames) was counted by `vq.zoo.cost`; a test counts it again.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from vq.zoo.expert import Input, Kind, Tags

TABLE = Path(__file__).with_suffix(".csv")
NORMS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "kinetics": ((0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)),
    "pytorchvideo": ((0.45, 0.45, 0.45), (0.225, 0.225, 0.225)),
}
"""Mean and spread that networks were trained with, by the `norm` of the table."""


@dataclass(frozen=True)
class PretrainedModel:
    """A network with weights that its library knows."""

    kind: Kind
    model: str
    """What timm or torchvision calls it; timm's names say which weights."""
    tags: Tags
    input: Input
    dim: int
    parameters: int
    gmacs: float
    """Multiply-accumulates of a video, in 1e9."""


def read(path: Path = TABLE) -> Mapping[str, PretrainedModel]:
    """Read the table, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return MappingProxyType({row["name"]: _row(row) for row in csv.DictReader(file)})


def _row(row: Mapping[str, str]) -> PretrainedModel:
    mean, std = NORMS[row["norm"]]
    return PretrainedModel(
        kind="clip" if row["kind"] == "clip" else "image",
        model=row["model"],
        tags=Tags(row["family"], row["pretext"], row["data"], row["licence"]),
        input=Input(int(row["side_px"]), mean, std, int(row["frames"] or 1)),
        dim=int(row["dim"]),
        parameters=int(row["parameters"]),
        gmacs=float(row["gmacs"]),
    )
