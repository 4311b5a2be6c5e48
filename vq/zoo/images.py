"""Image experts that are networks of timm, and those that this project pretrained."""

import hashlib
import json
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import timm
from torch import nn

from vq.errors import ParamsError
from vq.models import builtin_weights, pooling
from vq.models.onnx_export import WithNormalization
from vq.models.pooling import Levels, Pooled
from vq.params import Expert as Spec
from vq.params import WeightsFile
from vq.zoo import cost, hub, weights
from vq.zoo.expert import Tags
from vq.zoo.frame_window import WINDOW
from vq.zoo.hub_lock import HubLock
from vq.zoo.onnx_expert import LEAST_PX, Fragments, Native, NativeClip, Square
from vq.zoo.runtime import Network


def create_timm(name: str, spec: Spec, lock: HubLock) -> Square | Native:
    """Build a timm model without classifier, with weights as params say.

    It sees the centre square of each frame, or with `side_px: native` the frame as it is.

    Raises:
        ParamsError: `model` or `weights` is missing, timm has no such model, or it has no such
            `layer` or takes no pictures of `side_px`.
        WeightsError: the weights cannot be had or do not fit.
    """
    source = weights.source(name, spec)
    network = build(name, spec, hub_lock=lock if source == "hub" else None)
    cfg = network.pretrained_cfg
    if isinstance(source, WeightsFile):
        state, origin = weights.read(source), str(source.file)
        network = weights.load(network, state, origin=origin, convert=_converter(network))
    mean, std = spec.mean or tuple(cfg["mean"]), spec.std or tuple(cfg["std"])
    side_px = spec.side_px or cfg["input_size"][-1]
    network = at_layer(name, spec, network).eval()
    size = WINDOW if side_px == "native" else (side_px, side_px)
    dim, gmacs = outcome(name, spec, network, (1, 3, *size))
    preprocessing = {
        "model": spec.model,
        "options": spec.options,
        "mean": mean,
        "std": std,
        "side_px": side_px,
    }
    if spec.layer != "pooled":  # or else as before there was a choice: what is cached stays valid
        preprocessing["layer"] = sorted([spec.layer] if isinstance(spec.layer, int) else spec.layer)
    common: dict[str, Any] = {
        "name": name,
        "catalog": "timm",
        "dim": dim,
        "identity": identity(network, preprocessing),
        "tags": _tags(spec, cfg),
        "parameters": cost.parameters(network),
        "gmacs": gmacs,
    }
    pixels = WithNormalization(network, mean, std)
    if side_px == "native":
        return Native(**common, network=Network(pixels, free=(1, 2)), least_px=LEAST_PX)
    return Square(**common, network=Network(pixels), side_px=side_px)


def create_builtin(name: str, spec: Spec, clip_frames: int) -> Native | NativeClip | Fragments:
    """Build a network that ships with the package: mean and spread of its feature maps.

    What it was trained to tell comes after them, if its card says so. Several levels are pooled:
    quality shows in shallow maps more than in the last one.

    Raises:
        WeightsError: its weights are missing or altered.
    """
    entry = spec.catalog or name
    card = builtin_weights.card(entry)
    network = builtin_weights.load(entry)
    channels = builtin_weights.channels(network)
    side = card.sides_px[0]
    size = (side, side) if card.grid else WINDOW
    strides = builtin_weights.strides(network, card.levels) if card.pooling == "cells" else None
    answers = builtin_weights.answers(entry) if card.answers_join else None
    pooled = WithNormalization(Pooled(network, card.levels, strides, answers), card.mean, card.std)
    common: dict[str, Any] = {
        "name": name,
        "catalog": entry,
        "dim": pooling.width([channels[level] for level in card.levels], strides)
        + (answers.out_features if answers else 0),
        "identity": identity(
            network,
            {"mean": card.mean, "std": card.std, "levels": card.levels}
            | ({"least_px": card.least_px} if card.least_px > 1 else {})
            | ({"pooling": card.pooling} if card.pooling != "whole" else {})
            | ({"grid": card.grid} if card.grid else {})
            | ({"answers": weights.digest(answers)} if answers else {}),
        ),
        "tags": Tags(_family(card.architecture), card.pretext, card.data, card.licence),
        "parameters": cost.parameters(network),
    }
    if card.kind == "clip":
        gmacs = cost.gmacs(network, 1, 3, clip_frames, *size)
        return NativeClip(**common, gmacs=gmacs, network=Network(pooled, free=(2, 3)))
    gmacs = cost.gmacs(network, 1, 3, *size)
    if card.grid:
        patch_px = side // card.grid
        return Fragments(
            **common, gmacs=gmacs, network=Network(pooled), grid=card.grid, patch_px=patch_px
        )
    graph = Network(pooled, free=(1, 2))
    return Native(**common, gmacs=gmacs, network=graph, least_px=card.least_px)


def identity(network: nn.Module, preprocessing: Mapping[str, Any]) -> str:
    """Hash of what a network has learnt, and how pixels get into it."""
    text = json.dumps(preprocessing, sort_keys=True)
    return hashlib.sha256(f"{weights.digest(network)} {text}".encode()).hexdigest()


def build(name: str, spec: Spec, *, hub_lock: HubLock | None) -> nn.Module:
    """Build a timm model without classifier, its weights from the hub or, without lock, by chance.

    Raises:
        ParamsError: timm has no such model, or it refuses `options`.
        WeightsError: the hub is out of reach, or sends other weights than it first did.
    """
    if spec.model is None:
        raise ParamsError(f"extract.experts.{name}: `model` is missing; see timm.list_models()")
    if not timm.is_model(spec.model):
        near = timm.list_models(f"*{spec.model.split('_')[0].split('.')[0]}*")[:4]
        hint = f"did you mean {', '.join(near)}?" if near else "see timm.list_models()"
        raise ParamsError(f"extract.experts.{name}: timm has no model {spec.model!r}; {hint}")
    cfg = timm.get_pretrained_cfg(spec.model)
    options: dict[str, Any] = dict(spec.options)
    if cfg and cfg.fixed_input_size and spec.side_px == "native":
        raise ParamsError(
            f"extract.experts.{name}.side_px: {spec.model} sees pictures of one size alone; give a "
            f"number, or none for {cfg.input_size[-1]}"
        )
    if cfg and cfg.fixed_input_size and spec.side_px not in (None, cfg.input_size[-1]):
        # Its position embeddings are made for one size, to which timm scales those of the weights.
        options = {"img_size": spec.side_px} | options

    create = partial(timm.create_model, spec.model, num_classes=0, **options)

    def download(lock: HubLock) -> nn.Module:
        overlay = hub.timm_overlay(cfg, lock.check(hub.of_timm(cfg)))
        return create(pretrained=True, pretrained_cfg_overlay=overlay)

    try:
        if hub_lock is not None:
            what = f"extract.experts.{name}: {spec.model}"
            return weights.from_hub(partial(download, hub_lock), what=what)
        with weights.chance(name):
            return create(pretrained=False)
    except (TypeError, ValueError, AssertionError) as error:
        text = ", ".join(f"{key}={value}" for key, value in options.items()) or "no options"
        raise ParamsError(
            f"extract.experts.{name}: timm cannot build {spec.model} with {text} ({error}); "
            "check `options` and `side_px`"
        ) from error


def at_layer(name: str, spec: Spec, network: nn.Module) -> nn.Module:
    """Cut a timm network at the `layer` of params.

    Raises:
        ParamsError: it has no such feature level.
    """
    if spec.layer == "pooled":
        return network
    levels = (spec.layer,) if isinstance(spec.layer, int) else spec.layer
    if not hasattr(network, "forward_intermediates"):
        raise ParamsError(
            f"extract.experts.{name}: {spec.model} has no feature levels; leave out `layer`"
        )
    level_count = len(network.feature_info)
    if max(levels) >= level_count or len(set(levels)) < len(levels):
        raise ParamsError(
            f"extract.experts.{name}: `layer` is {spec.layer}, but the feature levels of "
            f"{spec.model} are 0 to {level_count - 1}, each at most once"
        )
    return Levels(network, sorted(levels))


def outcome(name: str, spec: Spec, network: nn.Module, shape: tuple[int, ...]) -> tuple[int, float]:
    """Numbers in a feature, and the GMACs of a row.

    Raises:
        ParamsError: the network takes no pictures of this size.
    """
    try:
        return cost.outcome(network, *shape)
    except (AssertionError, RuntimeError, ValueError, IndexError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ParamsError(
            f"extract.experts.{name}: {spec.model} takes no pictures of "
            f"{shape[-1]} x {shape[-2]} px ({reason}); leave out `side_px`, or choose another"
        ) from error


def _converter(network: nn.Module) -> weights.Convert | None:
    """What timm makes of other people's checkpoints of a family: names, position embeddings."""
    filter_fn = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    return partial(filter_fn, model=network) if filter_fn else None


def _tags(spec: Spec, cfg: Mapping[str, Any]) -> Tags:
    tags = {
        "family": _family(spec.model or ""),
        "pretext": "unknown",
        "data": "unknown",
        "licence": "unknown",
    }
    if spec.weights == "random":
        tags |= {"pretext": "none: random weights", "data": "none", "licence": "Apache-2.0"}
    elif spec.weights == "hub":
        tags |= {
            "pretext": f"timm {cfg.get('tag') or ''}".strip(),
            "data": cfg.get("tag") or "unknown",
            "licence": cfg.get("license") or "unknown",
        }
    return Tags(**(tags | dict(spec.tags)))


def _family(model: str) -> str:
    return model.removeprefix("tf_").split(".")[0].split("_")[0]
