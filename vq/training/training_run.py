"""A training as an MLflow run: its curves, what it came from, and which weights it made."""

import hashlib
import logging
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from vq import tracking
from vq.errors import VqError
from vq.files import write_csv
from vq.git import git
from vq.training import torchrun

EXPERIMENT = "vq"

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
def training_run(name: str, settings: Mapping[str, object], table: Path) -> Iterator[TrainingRun]:
    """Open a run for a model to be trained. At the end `table`, CSV, has a row for each epoch.

    The MLflow store is MLFLOW_TRACKING_URI, or `mlflow.db` in the working folder. The trainings of
    one commit with the same params are children of one run.

    Raises:
        VqError: the store cannot be written.
    """
    run = TrainingRun(name)
    if not torchrun.is_first():
        yield run
        return
    import mlflow
    from mlflow.exceptions import MlflowException

    # MLflow keeps the stores of a process by their address: a relative one is that of any folder.
    uri = os.environ.get(tracking.VARIABLE) or f"sqlite:///{Path('mlflow.db').absolute()}"
    tracking.use(uri)
    tags = _origin()
    try:
        experiment = mlflow.set_experiment(EXPERIMENT).experiment_id
        _end_killed(experiment, name, tags["workspace"])
        with mlflow.start_run(
            run_name=name, parent_run_id=_parent(experiment, tags), nested=True, tags=tags
        ) as active:
            run.id = active.info.run_id
            mlflow.log_params(dict(settings))
            yield run
    except MlflowException as error:
        raise VqError(
            f"{uri}: the curves of {name} cannot be written there ({error}); start the tracking "
            "server or unset MLFLOW_TRACKING_URI, then run again: training resumes"
        ) from error
    write_csv(table, pd.DataFrame(run.rows), digits=6)


def _origin() -> dict[str, str]:
    """Commit, params, and what else started the training: an experiment of dvc, a flow."""
    try:
        commit = git(Path(), "rev-parse", "HEAD").decode().strip()
    except (subprocess.CalledProcessError, FileNotFoundError):  # outside git
        commit = "none"
    params = Path("params.yaml")
    content = params.read_bytes() if params.exists() else b""
    here = f"{platform.node()}:{Path().resolve()}"
    tags = {"git_commit": commit, "params": hashlib.sha256(content).hexdigest()}
    tags["workspace"] = hashlib.sha256(here.encode()).hexdigest()[:16]
    variables = {"dvc_experiment": "DVC_EXP_NAME", "flow_run": "PREFECT__FLOW_RUN_ID"}
    return tags | {tag: os.environ[name] for tag, name in variables.items() if name in os.environ}


def _end_killed(experiment: str, name: str, workspace: str) -> None:
    """End runs that seem to go on: this process has the workspace, so theirs was killed."""
    from mlflow import MlflowClient

    client = MlflowClient()
    ours = f"tags.workspace = '{workspace}' and attributes.run_name = '{name}'"
    for run in client.search_runs([experiment], f"{ours} and attributes.status = 'RUNNING'"):
        client.set_terminated(run.info.run_id, "KILLED")


def _parent(experiment: str, tags: Mapping[str, str]) -> str:
    """The run that trainings of this commit and these params are children of."""
    from mlflow import MlflowClient

    client = MlflowClient()
    same = " and ".join(f"tags.{tag} = '{tags[tag]}'" for tag in ("git_commit", "params"))
    runs = client.search_runs([experiment], f"{same} and tags.kind = 'parent'", max_results=1)
    if runs:
        return str(runs[0].info.run_id)
    name = tags.get("dvc_experiment") or f"{tags['git_commit'][:7]} {tags['params'][:7]}"
    made: Any = client.create_run(experiment, tags={**tags, "kind": "parent"}, run_name=name)
    client.set_terminated(made.info.run_id)
    return str(made.info.run_id)
