"""Hold the student against the gates that need files only."""

import logging
from pathlib import Path

from vq import params as schema
from vq.data import manifest, split
from vq.errors import VqError
from vq.files import read_json, write_json
from vq.gates import gates, leakage, model_cost
from vq.gates.gates import Measured
from vq.inference import card as cards
from vq.words import count

log = logging.getLogger(__name__)


def judge(
    *,
    accepted: Path,
    splits: Path,
    test: Path,
    checks: Path,
    student: Path,
    verdict: Path,
    params: schema.Judge,
    strict: bool = False,
) -> None:
    """Write the verdict, whatever it is.

    `checks` is what `validate` counted. With `strict`, for people and for CI, a gate that stays
    shut is an error; dvc goes on.

    Raises:
        DataError: a file is missing or is not what its stage writes.
        WeightsError: the student's bundle is broken.
        VqError: with `strict`, a gate stayed shut.
    """
    result = gates.judge(_measured(accepted, splits, test, checks, student), params)
    write_json(verdict, result.to_json(), sort_keys=True)
    for gate in result.gates:
        log.info("%s: %s", "open" if gate.passed else "SHUT", gate.sentence)
    if strict and not result.accepted:
        raise VqError(
            f"{len(result.objections)} of {count(len(result.gates), 'gate')} stay shut:\n  "
            + "\n  ".join(result.objections)
        )


def _measured(accepted: Path, splits: Path, test: Path, checks: Path, student: Path) -> Measured:
    videos, sides = manifest.read(accepted), split.read(splits)
    tested = leakage.test_videos(videos, sides)
    card, network = cards.load(student)
    return Measured(
        test=read_json(test),
        checks=read_json(checks),
        tested=len(tested),
        leaked=tuple(leakage.leaked(tested, leakage.trained_on(videos, sides))["content"]),
        span=card.scale.max - card.scale.min,
        bundle_bytes=sum(file.stat().st_size for file in student.rglob("*") if file.is_file()),
        cost=model_cost.of_network(network, batch=1, moments=card.views.moments),
    )
