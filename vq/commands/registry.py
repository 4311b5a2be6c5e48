"""`vq registry`: which versions there are, and what is known of one."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from rich.console import Console
from rich.table import Table

from vq.commands.registry_options import model
from vq.metrics import flips_table
from vq.registry import champion
from vq.registry.client import Registry, existing
from vq.registry.flow_summary import for_people, version_row

SHOWN = {
    "version": "version",
    "alias": "alias",
    "SRCC on test": "srcc",
    "verdict": "verdict",
    "commit": "commit",
    "data": "dataset",
    "released": "released",
}
"""Columns of the table, and the fields in them."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `vq registry` takes."""
    parser.add_argument(
        "version", nargs="?", help="number or alias: all that is known of one; without, a list"
    )
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: Namespace) -> int:
    """Print the list, or one version.

    Raises:
        DataError: there is no registry, or no such version.
    """
    with existing(Path(), model()) as registry:
        if args.version is None:
            _list(registry, as_json=args.json)
        else:
            _show(registry, registry.version(args.version), as_json=args.json)
    return 0


def _list(registry: Registry, *, as_json: bool) -> None:
    rows = [version_row(registry, version) for version in registry.versions()]
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    table = Table(title=registry.model)
    for heading, name in SHOWN.items():
        table.add_column(heading, no_wrap=name in ("version", "alias"))
    for row in rows:
        row = for_people(row)
        table.add_row(*(str(row[name] or "") for name in SHOWN.values()))
    Console().print(table)


def _show(registry: Registry, version: ModelVersion, *, as_json: bool) -> None:
    row = version_row(registry, version) | {"reason": version.tags["reason"]}
    verdict, changes = registry.verdict(version), registry.handover(version)
    moves = [move for move in champion.history(registry) if move.version == str(version.version)]
    if as_json:
        details = row | {"verdict": verdict.to_json(), "moves": [vars(move) for move in moves]}
        details["handover"] = None if changes is None else changes.to_json()
        sys.stdout.write(json.dumps(details, indent=2) + "\n")
        return
    row = for_people(row) | {"licences": "; ".join(row["licences"])}
    lines = [f"{name:>9}  {row[name]}" for name in (*SHOWN.values(), "licences", "reason")]
    marks = {True: "open", False: "SHUT"}
    lines += ["", *(f"{marks[gate.passed]}  {gate.sentence}" for gate in verdict.gates)]
    if changes is not None:
        lines += ["", *map(flips_table.sentence, changes.flips), *changes.sentences]
    lines += ["", *map(_move, moves)] if moves else []
    sys.stdout.write("\n".join(lines) + "\n")


def _move(move: champion.AliasChange) -> str:
    approved = f" (approved by {move.approved_by})" if move.approved_by else ""
    return f"{move.when}  {move.how}: {move.reason}{approved}"
