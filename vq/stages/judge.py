"""Hold the student against the gates that need files only."""

import json
import logging
from pathlib import Path

from vq import params as schema
from vq.data.files import atomic, read_json
from vq.errors import DataError, VqError
from vq.release import gates

log = logging.getLogger(__name__)


def judge(
    test: Path,
    checks: Path,
    student: Path,
    verdict: Path,
    *,
    params: schema.Judge,
    seed: int,
    strict: bool = False,
) -> None:
    """Write the verdict, whatever it is.

    Args:
        test: agreement on the test split, from `evaluate`.
        checks: what `validate` counted.
        student: bundle of the student.
        verdict: accepted or not, and a sentence for each gate.
        params: thresholds.
        seed: unused; nothing is random here.
        strict: a gate that stays shut is an error, for people and for CI; dvc goes on.

    Raises:
        DataError: a file is missing or is not what its stage writes.
        VqError: with `strict`, a gate stayed shut.
    """
    size_bytes = sum(file.stat().st_size for file in student.rglob("*") if file.is_file())
    if not size_bytes:
        raise DataError(f"{student}: holds no student; run `dvc repro distill`")
    found = gates.judge(read_json(test), read_json(checks), size_bytes, params)
    with atomic(verdict) as unfinished:
        text = json.dumps(found.to_json(), indent=2, sort_keys=True)
        unfinished.write_text(text + "\n", encoding="utf-8")
    for gate in found.gates:
        log.info("%s: %s", "open" if gate.passed else "SHUT", gate.sentence)
    if strict and not found.accepted:
        raise VqError(
            f"{len(found.objections)} of {len(found.gates)} gates stay shut:\n  "
            + "\n  ".join(found.objections)
        )
