"""What all pretraining has in common: material, a network, its loss, its measures."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import Tensor, nn

from vq.models.builtin_weights import Card
from vq.pretrain.amount import Role
from vq.pretrain.loop import Settings, fit, threads
from vq.pretrain.pixels import MEAN, STD

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """How one network is made from nothing but this project's code."""

    name: str
    version: int
    amount: Any
    """Default `amount.Amount`, or what the recipe made of it."""
    settings: Any
    """Default `Settings`, or what the recipe made of it."""
    facts: Mapping[str, Any]
    """What else the card says: architecture, options, levels, sides, pretext, classes, data."""
    material: Callable[[int, Role, Any, Path], Sequence[Any]]
    """From the seed of the recipe, a role, the amount, and a folder to keep the pixels in."""
    build: Callable[[], nn.Module]
    """The network in training, with random weights."""
    batches: Callable[[Sequence[Any], Any, np.random.Generator], Iterator[Any]]
    """Endless, from material and settings."""
    loss: Callable[[nn.Module, Any], Tensor]
    """Of one batch."""
    measure: Callable[[nn.Module, nn.Module, Sequence[Any]], Mapping[str, float]]
    """How well the network does, beside an untrained one, on material that it has not seen."""
    ship: Callable[[nn.Module], tuple[nn.Module, nn.Linear | None]]
    """The backbone of the network in training, and the map from its feature to its answers."""
    roles: tuple[Role, ...] = (Role.HELD_OUT, Role.PHOTOGRAPH)
    """What it is measured on in the end; photographs never train, and no choice is made by them."""
    described: Callable[[Any], Mapping[str, Any]] = lambda amount: {}
    """Facts that depend on the amount."""
    pretrained: bool = False
    """Whether it starts from what others trained, which is then what it is measured against; else
    that is a network with random weights."""


def make(
    recipe: Recipe,
    *,
    seed: int,
    amount: Any,  # noqa: ANN401 (the recipe's own)
    settings: Any,  # noqa: ANN401
    folder: Path | None = None,
) -> tuple[nn.Module, Card]:
    """Make the material, train on most of it, measure on the rest.

    Material is kept in `folder` for later runs with the same settings; without one it is deleted in
    the end.

    Returns:
        The network in training, in evaluation mode, and its card; `builtin_weights.save` sets the
        hash on the card.
    """
    began = time.monotonic()
    with TemporaryDirectory(prefix="vq-pretrain-") as temporary:
        place = folder or Path(temporary)
        train = recipe.material(seed, Role.TRAIN, amount, place)
        log.info("%d scenes to train on after %.0f s", len(train), time.monotonic() - began)

        def trained(chosen: Settings) -> nn.Module:
            return fit(
                recipe.build,
                recipe.loss,
                lambda rng: recipe.batches(train, chosen, rng),
                chosen,
                seed=seed,
            )

        network = trained(settings)
        # Steps of length 0: random weights, but normalisations that have seen the material.
        brief = replace(settings, steps=50, learning_rate=0.0)
        untrained = recipe.build().eval() if recipe.pretrained else trained(brief)
        validation = {}
        for role in recipe.roles:
            unseen = recipe.material(seed, role, amount, place)
            with threads(settings.threads):
                validation[role.words] = dict(recipe.measure(network, untrained, unseen))
            log.info("%s: %s", role.words, validation[role.words])
    card = Card(
        **{**recipe.facts, **recipe.described(amount)},
        name=recipe.name,
        version=recipe.version,
        mean=MEAN,
        std=STD,
        recipe=f"vq pretrain {recipe.name} --seed {seed}",
        seed=seed,
        minutes=round((time.monotonic() - began) / 60, 1),
        settings={**asdict(amount), **asdict(settings)},
        validation=validation,
        licence="Apache-2.0",
        sha256="0" * 64,
    )
    return network, card
