"""What people ask of the registry: `vq registry`, `vq promote`, `vq rollback`, `vq rebuild`."""

from argparse import ArgumentParser
from pathlib import Path

from vq import params

PARAMS = Path("params.yaml")


def model() -> str:
    """Name of the registered model of the workspace that this is.

    Raises:
        ParamsError: it is none, or its params are wrong.
    """
    return params.load(PARAMS).release.model


def add_reason(parser: ArgumentParser) -> None:
    """Ask why; it is kept with the move."""
    parser.add_argument(
        "--reason", default="a person said so", help="kept in the registry with the move"
    )
