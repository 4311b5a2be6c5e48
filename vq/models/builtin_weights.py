"""The networks that `vq pretrain` made and this package ships, each with its card."""

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vq.errors import WeightsError
from vq.files import atomic

if TYPE_CHECKING:  # path and card serve those who must not load torch
    from torch import Tensor, nn

WEIGHTS = Path(__file__).parent / "weights"
"""Folder with one `.safetensors` and one `.json` for each network."""


class Card(BaseModel):
    """Facts about a network; a JSON file beside its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int = Field(ge=1)
    """Goes up with every change of the weights."""
    architecture: str
    """One of `architectures.OWN`, or a timm name: the weights fit
    `timm.create_model(architecture, features_only=True, **options)`."""
    options: dict[str, int | float | bool | str | tuple[int, ...]] = {}
    kind: Literal["image", "clip"] = "image"
    levels: tuple[int, ...]
    """Feature levels whose mean and deviation over picture or clip were used in pretraining."""
    pooling: Literal["whole", "cells"] = "whole"
    """How they were pooled: `vq.models.pooling.pool` or `pool_cells`."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """The network takes (rgb / 255 - mean) / std, at native resolution."""
    least_px: int = 1
    """Shortest side of a picture that it can see."""
    sides_px: tuple[int, ...]
    """Sides of the square pictures or clips it was trained on."""
    grid: int = Field(0, ge=0)
    """Such a square is so many tiles in each direction, spread over the frame as the patches of the
    student are, and an expert sees what it was trained on; 0: it sees `vq.zoo.frame_window`."""
    answers_join: bool = False
    """Whether what it was trained to tell is part of an expert's feature, after the levels."""
    pretext: str
    """What it was trained to tell."""
    classes: tuple[str, ...]
    """Distortions it was trained on, pristine first."""
    data: str
    """What it was trained on."""
    recipe: str
    """The command that makes it again."""
    seed: int
    minutes: float
    """Wall time of making it, with all material that was not in `--material` already."""
    settings: dict[str, float | str]
    validation: dict[str, dict[str, float]]
    """Measure by material: scenes held out, and photographs that no choice has seen."""
    licence: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the file with the weights."""


def names(folder: Path = WEIGHTS) -> tuple[str, ...]:
    """Names of the networks in a folder, sorted."""
    return tuple(sorted(file.stem for file in folder.glob("*.json")))


def path(name: str, folder: Path = WEIGHTS) -> Path:
    """File with the weights of a network.

    Raises:
        WeightsError: no network has this name; the message offers the nearest.
    """
    available = names(folder)
    if name not in available:
        near = difflib.get_close_matches(name, available) or available
        hint = f"did you mean {', '.join(near)}?" if near else f"{folder} has none"
        raise WeightsError(f"no built-in network is called {name!r}; {hint}")
    return folder / f"{name}.safetensors"


def card(name: str, folder: Path = WEIGHTS) -> Card:
    """Read the card of a network.

    Raises:
        WeightsError: no network has this name, or its card is not one.
    """
    file = path(name, folder).with_suffix(".json")
    try:
        return Card.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise WeightsError(
            f"{file}: not the card of a network ({error.errors()[0]['msg']}); "
            f"make it again with `vq pretrain {name}` or take it from git"
        ) from error


def load(name: str, folder: Path = WEIGHTS) -> "nn.Module":
    """Build a network with its weights: in evaluation mode, float32, on the CPU.

    The module takes pictures "batch 3 height width" or clips "batch 3 time height width", as
    `card(name).kind` says, normalised as the card says, and returns one feature map for each of
    its levels, "batch channels rows columns"; `card(name).levels` are those that were pooled in
    pretraining.

    Raises:
        WeightsError: no network has this name; the weights are missing, altered or do not fit.
    """
    facts = card(name, folder)
    network = build(facts.architecture, facts.options)
    weights = _weights(name, folder)
    backbone = {key: value for key, value in weights.items() if not key.startswith(_ANSWERS)}
    try:
        # load_state_dict copies into float32 whatever precision the file has.
        network.load_state_dict(backbone)
    except RuntimeError as error:
        raise WeightsError(
            f"{path(name, folder)}: does not fit {facts.architecture} ({error})"
        ) from error
    return network.eval()


def build(architecture: str, options: Mapping[str, Any] | None = None) -> "nn.Module":
    """Build a network with random weights; it returns one feature map for each of its levels."""
    from vq.models.architectures import OWN

    if architecture in OWN:
        return OWN[architecture]()
    import timm

    return timm.create_model(architecture, features_only=True, pretrained=False, **(options or {}))


def channels(network: "nn.Module") -> tuple[int, ...]:
    """Channels of each map that a network of `build` returns."""
    counts = network.channels if hasattr(network, "channels") else network.feature_info.channels()
    return tuple(counts)


def strides(network: "nn.Module", levels: Sequence[int]) -> tuple[int, ...]:
    """Pixels of a picture for one of each of some levels of a timm network."""
    return tuple(network.feature_info.reduction()[level] for level in levels)


def answers(name: str, folder: Path = WEIGHTS) -> "nn.Linear":
    """Linear map from pooled features of all `card(name).levels` to the heads of pretraining.

    Those of `distortion` are the logit of each class, the strength of each distortion, and the
    damage; those of `motion` are `vq.pretrain.motion.QUESTIONS`.

    Raises:
        WeightsError: no network has this name; the weights are missing or altered, or have none.
    """
    from torch import nn

    weights = _weights(name, folder)
    if f"{_ANSWERS}weight" not in weights:
        raise WeightsError(
            f"{path(name, folder)}: has no answers; if {name} was asked questions, take it from "
            f"git or make it again with `vq pretrain {name}`"
        )
    size, width = weights[f"{_ANSWERS}weight"].shape
    linear = nn.Linear(width, size)
    linear.load_state_dict({key: weights[_ANSWERS + key] for key in ("weight", "bias")})
    return linear.eval()


_ANSWERS = "answers."
"""Prefix of their keys in the file."""


def _weights(name: str, folder: Path) -> "dict[str, Tensor]":
    from safetensors.torch import load as parse

    facts = card(name, folder)
    file = path(name, folder)
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise WeightsError(f"{file}: missing; take it from git") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != facts.sha256:
        raise WeightsError(
            f"{file}: altered, its sha256 is {digest} and not {facts.sha256} as its card says; "
            f"take both from git or make them again with `vq pretrain {name}`"
        )
    return parse(content)


def save(network: "nn.Module", head: "nn.Linear | None", facts: Card, folder: Path) -> Card:
    """Write a network, its answers if it has any, and its card, under the name on the card.

    Filters are stored as float16, all else (biases, statistics of the normalisations) as it is.

    Returns:
        The card with the hash of the file written.
    """
    import torch
    from safetensors.torch import save as render

    state = {
        key: value.to(torch.float16) if value.ndim > 1 else value
        for key, value in network.state_dict().items()
    } | {_ANSWERS + key: value for key, value in (head.state_dict() if head else {}).items()}
    content = render({key: value.contiguous() for key, value in state.items()})
    complete = facts.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    file = folder / f"{facts.name}.safetensors"
    for target, data in (
        (file, content),
        (file.with_suffix(".json"), complete.model_dump_json(indent=2).encode() + b"\n"),
    ):
        with atomic(target) as part:
            part.write_bytes(data)
    return complete
