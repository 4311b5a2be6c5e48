"""`vq pretrain NAME`: make a network of the zoo from nothing but this project's code."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

RECIPES = ("distortion",)


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
    parser.add_argument("--workers", type=int, help="processes that make material")


def run(given: Namespace) -> int:
    """Train, measure, write weights and card; say where they are."""
    from vq.zoo import builtin
    from vq.zoo.pretrain import distortion
    from vq.zoo.pretrain.loop import Settings

    network, card = distortion.make(
        seed=given.seed,
        amount=distortion.Amount(**_set(given, "scenes", "held_out", "workers")),
        settings=Settings(**_set(given, "steps", "minutes")),
    )
    builtin.save(network.backbone, network.folded(), card, given.out)
    sys.stdout.write(f"{given.out / given.name}.safetensors and .json\n")
    return 0


def _set(given: Namespace, *names: str) -> dict[str, Any]:
    """Arguments that were given; the others keep the default that the recipe has."""
    return {name: value for name in names if (value := getattr(given, name)) is not None}
