"""A training as an MLflow run: its curves, what it came from, and which weights it made."""

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from vq.data import run_inputs
from vq.data.run_inputs import InputFiles
from vq.files import write_csv
from vq.training import torchrun
from vq.training.parent_run import parent_run

SYSTEM_METRICS = "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"
"""MLflow's own variable. Here CPU, memory, disk and GPU are recorded unless it is `false`."""

OFF = ("false", "0")

LEARNT = ("train", "validation")
"""Sides of the split that a training reads."""

log = logging.getLogger(__name__)


class TrainingRun:
    """A run of MLflow; of processes that train together, the first one writes."""

    def __init__(self, name: str) -> None:
        self.name, self.id = name, ""
        self.rows: list[dict[str, float]] = []

    def record(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Take the losses of an epoch, counted from 0, by name."""
        import mlflow

        numbers = "  ".join(f"{loss} {value:.4f}" for loss, value in losses.items())
        log.info("%s, epoch %d: %s", self.name, epoch + 1, numbers)
        self.rows.append({"epoch": epoch + 1, **losses})
        mlflow.log_metrics(dict(losses), step=epoch)

    def tag_weights(self, weights: Path) -> None:
        """Let the run, closed or not, be found by what it made: its tag `weights` is a sha256."""
        from mlflow import MlflowClient

        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        MlflowClient().set_tag(self.id, "weights", digest)


@contextmanager
def training_run(
    name: str, settings: Mapping[str, object], table: Path, *, data: InputFiles
) -> Iterator[TrainingRun]:
    """Open a run for a model to be trained. At the end `table`, CSV, has a row for each epoch.

    The MLflow store is MLFLOW_TRACKING_URI, or `mlflow.db` in the working folder. The trainings of
    one commit with the same params are children of one run. Training and validation videos of
    `data` are its inputs; the tag `data` is the hash of its manifest in dvc.lock.

    Raises:
        VqError: the store cannot be written.
    """
    run = TrainingRun(name)
    if not torchrun.is_first():
        yield run
        return
    import mlflow

    # It would say of each training that it starts, and that there is no GPU.
    logging.getLogger("mlflow.system_metrics").setLevel(logging.WARNING)
    with parent_run(f"the curves of {name}") as parent:
        _end_killed(parent.experiment, name, parent.tags["workspace"])
        with mlflow.start_run(
            run_name=name,
            parent_run_id=parent.id,
            nested=True,
            tags={**parent.tags, "data": run_inputs.md5(data.accepted)},
            log_system_metrics=os.environ.get(SYSTEM_METRICS, "").lower() not in OFF,
        ) as active:
            run.id = active.info.run_id
            mlflow.log_params(dict(settings))
            run_inputs.log(run.id, data, sides=LEARNT)
            yield run
    write_csv(table, pd.DataFrame(run.rows), digits=6)


def _end_killed(experiment: str, name: str, workspace: str) -> None:
    """End runs that seem to go on: this process has the workspace, so theirs was killed."""
    from mlflow import MlflowClient

    client = MlflowClient()
    ours = f"tags.workspace = '{workspace}' and attributes.run_name = '{name}'"
    for run in client.search_runs([experiment], f"{ours} and attributes.status = 'RUNNING'"):
        client.set_terminated(run.info.run_id, "KILLED")
