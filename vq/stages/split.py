"""Stage: put each content into train, validation or test."""

import logging
from pathlib import Path

from vq import params as schema
from vq.data import manifest
from vq.data import split as sides

log = logging.getLogger(__name__)


def split(accepted: Path, splits: Path, *, params: schema.Split, seed: int) -> None:
    """Write `splits.csv`: the side of every content, and repeated splits of what is not test.

    Args:
        accepted: manifest of the videos that passed `validate`.
        splits: written; see `vq.data.split.assign`.
        params: section `split`.
        seed: unused: a side depends on `split.salt` alone, so that it stays.

    Raises:
        DataError: too few contents on a side.
    """
    table = sides.assign(
        manifest.read(accepted)["content"],
        salt=params.salt,
        validation=params.validation,
        test=params.test,
        repeats=params.repeats,
    )
    sides.write(table, splits)
    log.info("%d contents: %s", len(table), table["split"].value_counts().to_dict())
