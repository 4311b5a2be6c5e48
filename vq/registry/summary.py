"""A version of the registry in a row."""

import json
from collections.abc import Mapping
from typing import Any

from mlflow.entities.model_registry import ModelVersion

from vq.registry.client import CHALLENGER, CHAMPION, RELEASED, Registry


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
