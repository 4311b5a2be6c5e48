"""`vq registry`: which versions there are, and what is known of one."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from rich.console import Console
from rich.table import Table

from vq import params
from vq.accuracy import flow_summary as accuracy_summary
from vq.accuracy import record as accuracy_records
from vq.accuracy.record import Record
from vq.commands.registry_options import PARAMS
from vq.metrics import flips_table
from vq.registry import champion
from vq.registry.client import MODEL_ID, Registry, existing
from vq.registry.flow_summary import for_people, version_row
from vq.words import count

SHOWN = {
    "version": "version",
    "alias": "alias",
    "SRCC on test": "srcc",
    "on deliveries": "delivered",
    "verdict": "verdict",
    "commit": "commit",
    "data": "dataset",
    "released": "released",
}
"""Columns of the table, and the fields in them; `delivered` only if something was measured."""


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
    config = params.load(PARAMS)
    records = accuracy_records.read(config.data.dir / accuracy_records.FILE)
    with existing(Path(), config.release.model) as registry:
        if args.version is None:
            _list(registry, records, as_json=args.json)
        else:
            _show(registry, registry.version(args.version), records, as_json=args.json)
    return 0


def _list(registry: Registry, records: Sequence[Record], *, as_json: bool) -> None:
    versions = registry.versions()
    of = [_of(version, records) for version in versions]
    rows = [
        version_row(registry, version) | {"delivered": _videos(some)}
        for version, some in zip(versions, of, strict=True)
    ]
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    table = Table(title=registry.model)
    shown = _shown(records)
    for heading, name in shown.items():
        table.add_column(heading, no_wrap=name in ("version", "alias"))
    for row, some in zip(rows, of, strict=True):
        row = for_people(row) | {"delivered": _delivered(some)}
        table.add_row(*(str(row[name] or "") for name in shown.values()))
    Console().print(table)


def _show(
    registry: Registry, version: ModelVersion, records: Sequence[Record], *, as_json: bool
) -> None:
    records = _of(version, records)
    row = version_row(registry, version) | {"reason": version.tags["reason"]}
    row["delivered"] = _videos(records)
    verdict, changes = registry.verdict(version), registry.handover(version)
    moves = [move for move in champion.history(registry) if move.version == str(version.version)]
    if as_json:
        details = row | {"verdict": verdict.to_json(), "moves": [vars(move) for move in moves]}
        details["handover"] = None if changes is None else changes.to_json()
        details["accuracy"] = [json.loads(record.line()) for record in records]
        sys.stdout.write(json.dumps(details, indent=2) + "\n")
        return
    row = for_people(row) | {"licences": "; ".join(row["licences"])}
    row["delivered"] = _delivered(records)
    lines = [
        f"{name:>9}  {row[name]}" for name in (*_shown(records).values(), "licences", "reason")
    ]
    marks = {True: "open", False: "SHUT"}
    lines += ["", *(f"{marks[gate.passed]}  {gate.sentence}" for gate in verdict.gates)]
    if changes is not None:
        lines += ["", *map(flips_table.sentence, changes.flips), *changes.sentences]
    lines += ["", *map(_accuracy, records)] if records else []
    lines += ["", *map(_move, moves)] if moves else []
    sys.stdout.write("\n".join(lines) + "\n")


def _shown(records: Sequence[Record]) -> dict[str, str]:
    return {heading: name for heading, name in SHOWN.items() if name != "delivered" or records}


def _of(version: ModelVersion, records: Sequence[Record]) -> list[Record]:
    """Those of a version: it is the same student under another number, too."""
    return [record for record in records if record.model == version.tags.get(MODEL_ID)]


def _videos(records: Sequence[Record]) -> int:
    return sum(record.videos for record in records)


def _delivered(records: Sequence[Record]) -> str:
    """On how many new videos a version was measured, and how well it ranked the latest."""
    if not records:
        return ""
    videos = count(_videos(records), "video")
    srcc = records[-1].measures.get("srcc")
    return videos if srcc is None else f"{videos}, SRCC {srcc.value:z.3f} last"


def _accuracy(record: Record) -> str:
    return f"{record.when}  {accuracy_summary.record_sentence(record)}"


def _move(move: champion.AliasChange) -> str:
    approved = f" (approved by {move.approved_by})" if move.approved_by else ""
    return f"{move.when}  {move.how}: {move.reason}{approved}"
