"""Curves of a training run: lines of the log, an MLflow run, and a table for `dvc plots`."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from vq import tracking
from vq.errors import VqError
from vq.files import write_csv
from vq.training import torchrun

EXPERIMENT = "vq"

Record = Callable[[int, Mapping[str, float]], None]
"""Takes an epoch, counted from 0, and its losses by name."""

log = logging.getLogger(__name__)


@contextmanager
def curves(name: str, settings: Mapping[str, object], table: Path) -> Iterator[Record]:
    """Open a run; call what it gives with each epoch. At the end, `table` (CSV) has a row for each.

    The MLflow store is MLFLOW_TRACKING_URI, or `mlflow.db` in the working folder. Of processes that
    train together the first one writes.

    Raises:
        VqError: the store cannot be written.
    """
    if not torchrun.is_first():
        yield lambda epoch, losses: None
        return
    import mlflow
    from mlflow.exceptions import MlflowException

    rows: list[dict[str, float]] = []

    def record(epoch: int, losses: Mapping[str, float]) -> None:
        numbers = "  ".join(f"{loss} {value:.4f}" for loss, value in losses.items())
        log.info("%s, epoch %d: %s", name, epoch + 1, numbers)
        rows.append({"epoch": epoch + 1, **losses})
        mlflow.log_metrics(dict(losses), step=epoch)

    uri = os.environ.get(tracking.VARIABLE) or "sqlite:///mlflow.db"
    tracking.use(uri)
    try:
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=name):
            mlflow.log_params(dict(settings))
            yield record
    except MlflowException as error:
        raise VqError(
            f"{uri}: the curves of {name} cannot be written there ({error}); start the tracking "
            "server or unset MLFLOW_TRACKING_URI, then run again: training resumes"
        ) from error
    write_csv(table, pd.DataFrame(rows), digits=6)
