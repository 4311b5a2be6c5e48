"""`vq promote`: a person makes a version champion."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vq.commands.registry_options import add_reason, model
from vq.registry import champion
from vq.registry.client import existing


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq promote` takes."""
    parser.add_argument("version", help="number, or the alias challenger; `vq registry` lists them")
    add_reason(parser)


def run(args: Namespace) -> int:
    """Move the alias.

    Raises:
        DataError: there is no such version, or it may not be champion.
    """
    with existing(Path(), model()) as registry:
        sys.stdout.write(champion.promote(registry, args.version, reason=args.reason) + "\n")
    return 0
