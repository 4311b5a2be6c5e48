"""The champion of a registry, with the files that it takes to measure it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mlflow.exceptions import MlflowException

from vq.errors import DataError
from vq.gates import leakage
from vq.registry.client import CHAMPION, connect
from vq.registry.paired_scores import Champion


@contextmanager
def fetched(root: Path, model: str) -> Iterator[Champion | None]:
    """The champion of a workspace, whose files are there as long as the block lasts.

    None if there is no such model, or no version of it has the alias.

    Raises:
        DataError: the registry does not answer, or the champion is not whole.
    """
    # As for people who look into the registry: two tries, not seven with minutes between them.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    registry = connect(root, model)
    with ExitStack() as stack:
        try:
            version = registry.at(CHAMPION)
            if version is None:
                yield None
                return
            student = stack.enter_context(registry.student(version))
            learnt = leakage.read(stack.enter_context(registry.file(version, "training.csv")))
        except MlflowException as error:
            raise DataError(
                f"{registry.where}: does not answer ({error}), so the champion cannot score what "
                "came in; run again when it does"
            ) from error
        yield Champion(str(version.version), student, learnt)
