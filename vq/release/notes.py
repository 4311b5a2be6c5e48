"""What people read of a release: the gates as a table, and why the student got its alias."""

import json
from pathlib import Path

from vq.release.gates import Verdict
from vq.release.registry import Release


def markdown(release: Release, verdict: Path) -> str:
    """A heading with version and alias, the reason, and a row for each gate."""
    rows = [
        f"| {gate.name} | {_number(gate.value)} | {gate.threshold:g} "
        f"| {'open' if gate.passed else '**shut**'} | {gate.sentence} |"
        for gate in Verdict.from_json(json.loads(verdict.read_bytes())).gates
    ]
    again = "" if release.new else " This student was in the registry already."
    return "\n".join(
        [
            f"## {release.model} {release.version}: {release.alias}",
            "",
            f"{release.reason}{again}",
            "",
            "| gate | measured | threshold | | why |",
            "| --- | ---: | ---: | --- | --- |",
            *rows,
            "",
        ]
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
