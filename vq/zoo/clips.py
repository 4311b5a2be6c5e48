"""Clip experts that are networks: video models of torchvision."""

from functools import partial
from typing import Any

import torch
from torch import nn
from torchvision import models

from vq.errors import ParamsError
from vq.models.onnx_export import WithNormalization
from vq.params import Expert as Spec
from vq.params import WeightsFile
from vq.zoo import cost, hub, weights
from vq.zoo.expert import Tags
from vq.zoo.hub_lock import HubLock
from vq.zoo.images import identity, outcome
from vq.zoo.onnx_expert import Clip
from vq.zoo.runtime import Network

HEADS = ("fc", "head", "classifier")
"""What torchvision calls the classifier of a video model."""


def create_clip(name: str, spec: Spec, clip_frames: int, lock: HubLock) -> Clip:
    """Build a video model without classifier, with weights as params say.

    Args:
        name: what params call it.
        spec: what they say of it.
        clip_frames: of the clips that it will see, for their cost; it takes any number.
        lock: the hash that a file of the hub must have.

    Raises:
        ParamsError: `model` or `weights` is missing, or torchvision has no such model.
        WeightsError: the weights cannot be had or do not fit.
    """
    source = weights.source(name, spec)
    network = build(name, spec)
    default_weights: Any = models.get_model_weights(spec.model).DEFAULT
    tags = {
        "family": str(spec.model).split("_")[0],
        "pretext": "unknown",
        "data": "unknown",
        "licence": "unknown",
    }
    if isinstance(source, WeightsFile):
        network = weights.load(network, weights.read(source), origin=str(source.file))
    elif source == "hub":
        download = partial(_download, network, default_weights, lock)
        network = weights.from_hub(download, what=f"extract.experts.{name}: {spec.model}")
        tags |= {"pretext": "action recognition", "data": "Kinetics-400", "licence": "BSD-3-Clause"}
    else:
        tags |= {"pretext": "none: random weights", "data": "none", "licence": "Apache-2.0"}
    transforms = default_weights.transforms()
    mean, std = spec.mean or tuple(transforms.mean), spec.std or tuple(transforms.std)
    if spec.side_px == "native":
        raise ParamsError(
            f"extract.experts.{name}.side_px: networks of clips see squares; give a number or none"
        )
    side_px = spec.side_px or transforms.crop_size[0]
    least = int(default_weights.meta.get("min_temporal_size", 1))
    network = network.eval()
    shape = (1, 3, max(least, clip_frames), side_px, side_px)
    dim, gmacs = outcome(name, spec, network, shape)
    preprocessing = {
        "model": spec.model,
        "options": spec.options,
        "mean": mean,
        "std": std,
        "side_px": side_px,
        "least": least,
    }
    return Clip(
        name=name,
        catalog="torchvision_clip",
        dim=dim,
        identity=identity(network, preprocessing),
        tags=Tags(**(tags | dict(spec.tags))),
        parameters=cost.parameters(network),
        gmacs=gmacs,
        network=Network(WithNormalization(network, mean, std)),
        side_px=side_px,
        least_frames=least,
    )


def _download(network: nn.Module, pretrained: models.WeightsEnum, lock: HubLock) -> nn.Module:
    file = lock.check(hub.of_url(pretrained.url))
    # Never a pickle that runs code, whatever the server sends.
    state = torch.load(file.path, map_location="cpu", weights_only=True)
    return weights.load(network, state, origin=file.address)


def build(name: str, spec: Spec) -> nn.Module:
    """Build a video model without classifier, its weights by chance.

    Raises:
        ParamsError: torchvision has no such model, or it refuses `options`.
    """
    available = models.list_models(module=models.video)
    if spec.model not in available:
        raise ParamsError(
            f"extract.experts.{name}: torchvision has no video model {spec.model!r}; "
            f"did you mean one of {', '.join(available)}?"
        )
    options: dict[str, Any] = dict(spec.options)
    try:
        with weights.chance(name):
            network: nn.Module = models.get_model(spec.model, weights=None, **options)
    except (TypeError, ValueError) as error:
        raise ParamsError(
            f"extract.experts.{name}: torchvision cannot build {spec.model} ({error}); "
            "check `options`"
        ) from error
    for head in HEADS:
        if hasattr(network, head):
            setattr(network, head, nn.Identity())
    return network
