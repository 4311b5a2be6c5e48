"""`vq zoo`: list the experts that params.yaml may name."""

import json
import sys
from argparse import ArgumentParser, Namespace

from vq.zoo.catalog import CATALOG, Entry


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--json", action="store_true", help="for machines")


def run(given: Namespace) -> int:
    """Write the catalog to standard output."""
    rows = {name: _row(entry) for name, entry in CATALOG.items()}
    if given.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Experts for extract.experts in params.yaml")
    for column in ("name", *next(iter(rows.values()))):
        table.add_column(column)
    for name, row in rows.items():
        table.add_row(name, *(str(value) for value in row.values()))
    Console().print(table)
    return 0


def _row(entry: Entry) -> dict[str, str | int]:
    dim = entry.dim if entry.dim is not None else "as `model`"
    return {"kind": entry.kind, **entry.tags.as_dict(), "dim": dim, "summary": entry.summary}
