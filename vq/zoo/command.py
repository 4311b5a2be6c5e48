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
    columns = [column for column in next(iter(rows.values())) if column != "summary"]
    for column in ("name", *columns):
        # Names are for copying: other columns give way to them.
        table.add_column(column, no_wrap=column in ("name", "kind", "dim"), overflow="fold")
    for name, row in rows.items():
        table.add_row(name, *(str(row[column]) for column in columns))
    Console().print(table)
    return 0


def _row(entry: Entry) -> dict[str, str | int]:
    dim = entry.dim if entry.dim is not None else "varies"
    return {"kind": entry.kind, **entry.tags.as_dict(), "dim": dim, "summary": entry.summary}
