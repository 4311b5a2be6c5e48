"""`vq zoo`: list the experts that params.yaml may name."""

import json
import sys
from argparse import ArgumentParser, Namespace

from vq.zoo import listing


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--json", action="store_true", help="for machines")


def run(given: Namespace) -> int:
    """Write the catalog to standard output."""
    if given.json:
        sys.stdout.write(json.dumps(listing.rows(), indent=1) + "\n")
        return 0
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console()
    for number, (first, second) in enumerate(listing.lines()):
        style = "bold" if number == 0 else ""
        console.print(Text(first, style), soft_wrap=True)
        console.print(Padding(Text(second, "dim"), (0, 0, 0, 2)))
    return 0
