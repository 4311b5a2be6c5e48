"""What people read of a release, and of the versions in the registry."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.entities.model_registry import ModelVersion

from vq.gates.verdict import Gate, Verdict
from vq.registry.client import CHALLENGER, CHAMPION, RELEASED, Registry
from vq.registry.handover import Handover

MOST_CHARACTERS = 5000
"""Of a description, for which MLflow has no more room."""


@dataclass(frozen=True)
class Release:
    """A version in the registry."""

    model: str
    version: str
    alias: str
    """`champion` or `challenger`."""
    reason: str
    """Why this alias: a sentence."""
    verdict: Verdict
    """All gates: those of judge and, if these opened, those that need the world."""
    handover: Handover | None
    """What changes for decisions at thresholds; None where that was not asked for, or could not be
    compared."""
    new: bool
    """False: this very student was in the registry already, and nothing was done."""
    commit: str
    """Of its code, or `none`."""
    run_id: str
    """Of its run in MLflow."""


def markdown(release: Release) -> str:
    """A heading with version and alias, the reason, each gate, decisions at thresholds."""
    again = "" if release.new else " This student was in the registry already."
    changes = f"\n{release.handover.markdown}\n" if release.handover else ""
    return (
        f"## {release.model} {release.version}: {release.alias}\n\n"
        f"{release.reason}{again}\n\n{table(release.verdict)}{changes}"
    )


def description(reason: str, verdict: Verdict, handover: Handover | None, model_card: str) -> str:
    """What the page of a version shows: the reason, each gate in short, decisions, the model card.

    Decisions are those at thresholds, as far as they change. What is too long for MLflow is cut at
    the end of a line, which is said.
    """
    rows = [
        f"| {gate.name} | {_number(gate.value)} | {gate.threshold:g} | {_state(gate)} |"
        for gate in verdict.gates
    ]
    gates = ["| gate | measured | threshold | |", "| --- | ---: | ---: | --- |", *rows]
    changes = [handover.markdown, ""] if handover else []
    text = "\n".join([reason, "", *gates, "", *changes, model_card])
    if len(text) <= MOST_CHARACTERS:
        return text
    end = "\n\nThe rest is in `model_card.md`, among the files of the run."
    start = text[: MOST_CHARACTERS - len(end)]
    return (start.rpartition("\n")[0] or start) + end


def proposal(registry: Registry, version: ModelVersion, *, reason: str) -> str:
    """What a person needs to decide whether a version should be champion."""
    reigning = registry.at(CHAMPION)
    compared = [version, *([reigning] if reigning else [])]
    rows = [for_people(version_row(registry, one)) for one in compared]
    return "\n".join(
        [
            f"## Should {registry.model} {version.version} be champion?",
            "",
            f"Asked for because: {reason}",
            "",
            "**Resume** this run to say yes, cancel it to say no.",
            "",
            "| version | now | SRCC on test | commit | data | released |",
            "| ---: | --- | --- | --- | --- | --- |",
            *(
                f"| {row['version']} | {row['alias']} | {row['srcc']} | {row['commit']} "
                f"| {row['dataset']} | {row['released']} |"
                for row in rows
            ),
            "",
            f"### When version {version.version} was released",
            "",
            version.description or "",
        ]
    )


def version_row(registry: Registry, version: ModelVersion) -> dict[str, Any]:
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


def for_people(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same, shorter, and the agreement with its interval."""
    ends = (row["srcc"], row["low"], row["high"])
    srcc = "" if None in ends else "{:z.3f} [{:z.3f}, {:z.3f}]".format(*ends)
    commit = row["commit"][:10] + (" and changes" if row["dirty"] else "")
    data = f"{row['dataset']} ({row['opinion']})"
    when = row["released"][:16].replace("T", " ")
    return {**row, "srcc": srcc, "commit": commit, "dataset": data, "released": when}


def _alias(registry: Registry, version: ModelVersion) -> str:
    for alias in (CHAMPION, CHALLENGER):
        holder = registry.at(alias)
        if holder is not None and holder.version == version.version:
            return alias
    return ""


def table(verdict: Verdict) -> str:
    """A row for each gate."""
    rows = [
        f"| {gate.name} | {_number(gate.value)} | {gate.threshold:g} "
        f"| {_state(gate)} | {gate.sentence} |"
        for gate in verdict.gates
    ]
    return "\n".join(
        ["| gate | measured | threshold | | why |", "| --- | ---: | ---: | --- | --- |", *rows, ""]
    )


def _state(gate: Gate) -> str:
    return "open" if gate.passed else "**shut**"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:z.3f}"
