"""`vq registry`: which versions there are, and what is known of one."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.entities.model_registry import ModelVersion
from rich.console import Console
from rich.table import Table

from vq.release import throne
from vq.release.commands import model
from vq.release.registry import CHALLENGER, CHAMPION, RELEASED, Registry, existing

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


def run(given: Namespace) -> int:
    """Print the list, or one version.

    Raises:
        DataError: there is no registry, or no such version.
    """
    with existing(Path(), model()) as registry:
        if given.version is None:
            _list(registry, as_json=given.json)
        else:
            _show(registry, registry.version(given.version), as_json=given.json)
    return 0


def told(registry: Registry, version: ModelVersion) -> dict[str, Any]:
    """A version in a row of a list."""
    metrics, tags = registry.metrics(version), version.tags
    names = ("student.srcc", "student.srcc.low", "student.srcc.high")
    srcc, low, high = (metrics.get(name) for name in names)
    return {
        "version": int(version.version),
        "alias": _alias(registry, version),
        "srcc": srcc,
        "low": low,
        "high": high,
        "verdict": tags["verdict"],
        "commit": tags["git_commit"],
        "dirty": tags["git_dirty"] == "true",
        "dataset": tags["dataset"],
        "opinion": tags["opinion"],
        "licences": json.loads(tags["licences"]),
        "released": tags[RELEASED],
    }


def _list(registry: Registry, *, as_json: bool) -> None:
    rows = [told(registry, version) for version in registry.versions()]
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    table = Table(title=registry.model)
    for heading, name in SHOWN.items():
        table.add_column(heading, no_wrap=name in ("version", "alias", "verdict"))
    for row in rows:
        row = _for_people(row)
        table.add_row(*(str(row[name] or "") for name in SHOWN.values()))
    Console().print(table)


def _show(registry: Registry, version: ModelVersion, *, as_json: bool) -> None:
    row = told(registry, version) | {"reason": version.tags["reason"]}
    verdict = registry.gates(version)
    moves = [one for one in throne.history(registry) if one.version == str(version.version)]
    if as_json:
        found = row | {"verdict": verdict, "moves": [vars(move) for move in moves]}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    row = _for_people(row) | {"licences": "; ".join(row["licences"])}
    lines = [f"{name:>9}  {row[name]}" for name in (*SHOWN.values(), "licences", "reason")]
    lines += ["", *(f"{_mark(gate)}  {gate['sentence']}" for gate in verdict["gates"])]
    lines += ["", *(f"{one.when}  {one.how}: {one.reason}" for one in moves)] if moves else []
    sys.stdout.write("\n".join(lines) + "\n")


def _for_people(row: Mapping[str, Any]) -> dict[str, Any]:
    ends = (row["srcc"], row["low"], row["high"])
    srcc = "" if None in ends else "{:.3f} [{:.3f}, {:.3f}]".format(*ends)
    commit = row["commit"][:10] + (" and changes" if row["dirty"] else "")
    data = f"{row['dataset']} ({row['opinion']})"
    when = row["released"][:16].replace("T", " ")
    return {**row, "srcc": srcc, "commit": commit, "dataset": data, "released": when}


def _alias(registry: Registry, version: ModelVersion) -> str:
    for alias in (CHAMPION, CHALLENGER):
        found = registry.at(alias)
        if found is not None and found.version == version.version:
            return alias
    return ""


def _mark(gate: Mapping[str, Any]) -> str:
    return "open" if gate["passed"] else "SHUT"
