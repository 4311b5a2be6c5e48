"""`vq rollback`: the champion before the present one is champion again."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from vq.commands.registry_options import add_reason, model
from vq.registry import champion
from vq.registry.client import existing


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq rollback` takes."""
    add_reason(parser)


def run(args: Namespace) -> int:
    """Move the alias back.

    Raises:
        DataError: there is no champion, or none before it.
    """
    with existing(Path(), model()) as registry:
        sys.stdout.write(champion.rollback(registry, reason=args.reason) + "\n")
    return 0
