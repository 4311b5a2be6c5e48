"""`vq pretrain NAME`: make a network of the zoo from nothing but this project's code."""

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from vq.errors import ParamsError

RECIPES = ("quality", "distortion", "motion")
"""Modules of this package, one a network."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", choices=RECIPES, help="which network")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("artifacts/pretrain"),
        help="folder for weights and card (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=7, help="of all material and training")
    parser.add_argument("--scenes", type=int, help="how many to train on")
    parser.add_argument("--held-out", type=int, help="how many to measure on")
    parser.add_argument("--steps", type=int, help="of training")
    parser.add_argument("--minutes", type=float, help="limit of the training alone")
    parser.add_argument(
        "--material",
        type=Path,
        help="folder that keeps the material for the next recipe (default: it is thrown away)",
    )
    parser.add_argument(
        "--footage",
        dest="folder",
        help="of `quality`: the data set that `vq footage film` made (default: data/footage)",
    )
    for side in ("validation", "test"):
        parser.add_argument(
            f"--{side}",
            type=float,
            help=f"of `quality`: share of contents for {side}, as `split` of params.yaml has it",
        )
    parser.add_argument("--workers", type=int, help="processes that make material")


def run(given: Namespace) -> int:
    """Train, measure, write weights and card; say where they are."""
    from vq.models import builtin_weights
    from vq.pretrain import recipe

    chosen = import_module(f"vq.pretrain.{given.name}").RECIPE
    for name in ("scenes", "held_out", "folder", "validation", "test"):
        if getattr(given, name) is not None and not hasattr(chosen.amount, name):
            raise ParamsError(f"vq pretrain {given.name} takes no --{name.replace('_', '-')}")
    network, card = recipe.make(
        chosen,
        seed=given.seed,
        amount=replace(
            chosen.amount,
            **_set(given, "scenes", "held_out", "workers", "folder", "validation", "test"),
        ),
        settings=replace(chosen.settings, **_set(given, "steps", "minutes")),
        folder=given.material,
    )
    backbone, told = chosen.ship(network)
    builtin_weights.save(backbone, told, card, given.out)
    sys.stdout.write(f"{given.out / given.name}.safetensors and .json\n")
    return 0


def _set(given: Namespace, *names: str) -> dict[str, Any]:
    """Arguments that were given; the others keep the default that the recipe has."""
    return {name: value for name in names if (value := getattr(given, name)) is not None}
