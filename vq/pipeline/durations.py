"""How long stages took here: what a change that makes them run again may cost.

    reports/durations.jsonl      {"stage": "distill", "seconds": 312.4}

A line for each run that ended well, the latest last. The file is for git and no out of dvc: a
colleague and a reviewer want it, no stage reads it, and no two runs take equally long. Lines are
only added, so that git keeps those of both branches in a merge (`.gitattributes`).
"""

import json
from collections import defaultdict
from pathlib import Path

from vq.pipeline.workspace_lock import workspace_of

FILE = Path("reports/durations.jsonl")
RUNS = 5
"""Read of each stage. One is not enough: with a warm cache a stage may have little to do."""


def record(path: Path, stage: str, seconds: float) -> None:
    """Add a run to those of the workspace that a path lies in; outside of one nothing is kept.

    The caller holds the workspace (`vq.pipeline.workspace_lock.hold`).
    """
    root = workspace_of(path)
    if root is None:
        return
    file = root / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"stage": stage, "seconds": round(seconds, 1)})
    with file.open("a", encoding="utf-8") as runs:
        runs.write(f"{line}\n")


def parse(text: bytes) -> dict[str, tuple[float, ...]]:
    """Seconds of the last runs of each stage, the latest last.

    Raises:
        ValueError: a line was not written by `record`; the message has its number.
    """
    runs: defaultdict[str, list[float]] = defaultdict(list)
    for number, line in enumerate(text.splitlines(), 1):
        try:
            run = json.loads(line)
            runs[run["stage"]].append(float(run["seconds"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"line {number} is no run: {line.decode(errors='replace')}") from error
    return {stage: tuple(seconds[-RUNS:]) for stage, seconds in runs.items()}
