"""How long stages took here: what a change that makes them run again may cost.

    reports/durations.json      {"distill": [312.4, 305.9], "split": [1.1]}

Seconds of the last runs that ended well, the latest last. The file is for git and no out of dvc: a
colleague and a reviewer want it, no stage reads it, and no two runs take equally long.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from vq.files import write_text
from vq.pipeline.workspace_lock import workspace_of

log = logging.getLogger(__name__)

FILE = Path("reports/durations.json")
RUNS = 5
"""Kept of each stage. One is not enough: with a warm cache a stage may have little to do."""


def record(path: Path, stage: str, seconds: float) -> None:
    """Add a run to those of the workspace that a path lies in; outside of one nothing is kept.

    The caller holds the workspace (`vq.pipeline.workspace_lock.hold`).
    """
    root = workspace_of(path)
    if root is None:
        return
    file = root / FILE
    history: Mapping[str, tuple[float, ...]] = {}
    if file.exists():
        try:
            history = parse(file.read_bytes())
        except ValueError as error:  # such as marks of a merge: no reason to lose a stage's work
            log.warning("%s: is begun anew, since it was not valid (%s)", file, error)
    runs = [*history.get(stage, ()), round(seconds, 1)][-RUNS:]
    lines = [
        f'  "{name}": {json.dumps(runs)}' for name, runs in sorted({**history, stage: runs}.items())
    ]
    # A line for each stage, so that two branches which ran different stages merge.
    write_text(file, "{\n" + ",\n".join(lines) + "\n}\n")


def parse(text: bytes) -> dict[str, tuple[float, ...]]:
    """Seconds of the last runs of each stage, the latest last.

    Raises:
        ValueError: the text was not written by `record`.
    """
    raw = json.loads(text)
    if not isinstance(raw, dict) or not all(
        isinstance(runs, list) and runs and all(isinstance(one, int | float) for one in runs)
        for runs in raw.values()
    ):
        raise ValueError("expected lists of seconds by stage")
    return {name: tuple(map(float, runs)) for name, runs in raw.items()}
