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


def run(args: Namespace) -> int:
    """Train, measure, write weights and card; say where they are."""
    from vq.models import builtin_weights
    from vq.pretrain import recipe

    chosen = import_module(f"vq.pretrain.{args.name}").RECIPE
    for name in ("scenes", "held_out", "folder", "validation", "test"):
        if getattr(args, name) is not None and not hasattr(chosen.amount, name):
            raise ParamsError(f"vq pretrain {args.name} takes no --{name.replace('_', '-')}")
    network, card = recipe.make(
        chosen,
        seed=args.seed,
        amount=replace(
            chosen.amount,
            **_options_set(args, "scenes", "held_out", "workers", "folder", "validation", "test"),
        ),
        settings=replace(chosen.settings, **_options_set(args, "steps", "minutes")),
        folder=args.material,
    )
    backbone, head = chosen.ship(network)
    builtin_weights.save(backbone, head, card, args.out)
    sys.stdout.write(f"{args.out / args.name}.safetensors and .json\n")
    return 0


def _options_set(args: Namespace, *names: str) -> dict[str, Any]:
    """The options that are set; the others keep the default of the recipe."""
    return {name: value for name in names if (value := getattr(args, name)) is not None}
