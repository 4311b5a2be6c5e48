"""Image experts that are networks: timm models, and the one that this project pretrained."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import timm
import torch
from torch import nn

from vq.errors import ParamsError
from vq.params import Expert as Spec
from vq.params import WeightsFile
from vq.zoo import builtin, cost, weights
from vq.zoo.expert import Tags
from vq.zoo.export import Seen
from vq.zoo.network import Native, Square
from vq.zoo.pooling import Pooled
from vq.zoo.runtime import Network
from vq.zoo.window import COLUMNS, ROWS, TILE_PX


def create_timm(name: str, spec: Spec) -> Square:
    """Build a timm model without classifier, with weights as params say.

    Raises:
        ParamsError: `model` or `weights` is missing, or timm has no such model.
        WeightsError: the weights cannot be had or do not fit.
    """
    given = weights.source(name, spec)
    network = _build(name, spec, pretrained=given == "hub")
    tags = {
        "family": _family(spec.model or ""),
        "pretext": "unknown",
        "data": "unknown",
        "licence": "unknown",
    }
    if isinstance(given, WeightsFile):
        network = weights.load(network, weights.read(given), origin=str(given.file))
    elif given == "random":
        tags |= {"pretext": "none: random weights", "data": "none", "licence": "Apache-2.0"}
    known = network.pretrained_cfg
    if given == "hub":
        tags |= {
            "pretext": f"timm {known.get('tag') or ''}".strip(),
            "data": known.get("tag") or "unknown",
            "licence": known.get("license") or "unknown",
        }
    mean, std = spec.mean or tuple(known["mean"]), spec.std or tuple(known["std"])
    side_px = spec.side_px or known["input_size"][-1]
    network = network.eval()
    probe = torch.zeros(1, 3, side_px, side_px)
    with torch.inference_mode():
        dim = int(network(probe).shape[1])
    preprocessing = {
        "model": spec.model,
        "options": spec.options,
        "mean": mean,
        "std": std,
        "side_px": side_px,
    }
    return Square(
        name=name,
        catalog="timm",
        dim=dim,
        identity=identity(network, preprocessing),
        tags=Tags(**(tags | dict(spec.tags))),
        parameters=cost.parameters(network),
        gmacs=cost.gmacs(network, *probe.shape),
        network=Network(Seen(network, mean, std)),
        side_px=side_px,
    )


def create_distortion(name: str, spec: Spec) -> Native:
    """Build the network that ships with the package: mean and spread of its feature maps.

    Quality shows in shallow maps more than in the last one: several levels are pooled.

    Raises:
        WeightsError: its weights are missing or altered.
    """
    card = builtin.card("distortion")
    network = builtin.load("distortion").eval()
    channels = network.feature_info.channels()
    return Native(
        name=name,
        catalog="distortion",
        dim=2 * sum(channels[level] for level in card.levels),
        identity=identity(network, {"mean": card.mean, "std": card.std, "levels": card.levels}),
        tags=Tags(_family(card.architecture), card.pretext, card.data, card.licence),
        parameters=cost.parameters(network),
        gmacs=cost.gmacs(network, 1, 3, ROWS * TILE_PX, COLUMNS * TILE_PX),
        network=Network(Seen(Pooled(network, card.levels), card.mean, card.std), free=(1, 2)),
    )


def identity(network: nn.Module, preprocessing: Mapping[str, Any]) -> str:
    """Hash of what a network has learnt, and how pixels get into it."""
    text = json.dumps(preprocessing, sort_keys=True)
    return hashlib.sha256(f"{weights.digest(network)} {text}".encode()).hexdigest()


def _build(name: str, spec: Spec, *, pretrained: bool) -> nn.Module:
    if spec.model is None:
        raise ParamsError(f"extract.experts.{name}: `model` is missing; see timm.list_models()")
    if not timm.is_model(spec.model):
        near = timm.list_models(f"*{spec.model.split('_')[0].split('.')[0]}*")[:4]
        hint = f"did you mean {', '.join(near)}?" if near else "see timm.list_models()"
        raise ParamsError(f"extract.experts.{name}: timm has no model {spec.model!r}; {hint}")

    def build() -> nn.Module:
        options: dict[str, Any] = dict(spec.options)
        return timm.create_model(spec.model, pretrained=pretrained, num_classes=0, **options)

    if pretrained:
        return weights.from_hub(build, what=f"extract.experts.{name}: {spec.model}")
    try:
        with weights.chance(name):
            return build()
    except (TypeError, ValueError) as error:
        raise ParamsError(
            f"extract.experts.{name}: {spec.model} refuses `options` ({error})"
        ) from error


def _family(model: str) -> str:
    return model.split(".")[0].split("_")[0]
