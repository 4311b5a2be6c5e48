"""The MLflow run that all runs of one commit with the same params are children of."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vq import tracking
from vq.errors import VqError
from vq.git import git

EXPERIMENT = "vq"


@dataclass(frozen=True)
class ParentRun:
    """A run of MLflow that others are children of."""

    experiment: str
    """Number of the experiment."""
    id: str
    tags: Mapping[str, str]
    """What its children come from, and have as their tags, too."""


@contextmanager
def parent_run(what: str) -> Iterator[ParentRun]:
    """Find or make the parent of what this workspace is about to record.

    The MLflow store is MLFLOW_TRACKING_URI, or `mlflow.db` in the working folder.

    Raises:
        VqError: the store cannot be written, here or by the caller; it names `what` is lost.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    # MLflow keeps the stores of a process by their address: a relative one is that of any folder.
    uri = os.environ.get(tracking.VARIABLE) or f"sqlite:///{Path('mlflow.db').absolute()}"
    tracking.use(uri)
    tags = _origin()
    try:
        experiment = mlflow.set_experiment(EXPERIMENT).experiment_id
        yield ParentRun(experiment, _find_or_make(experiment, tags), tags)
    except MlflowException as error:
        raise VqError(
            f"{uri}: {what} cannot be written there ({error}); start the tracking server or unset "
            "MLFLOW_TRACKING_URI, then run again: it goes on where it was"
        ) from error


def _origin() -> dict[str, str]:
    """Commit, params, and what else started the run: an experiment of dvc, a flow."""
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


def _find_or_make(experiment: str, tags: Mapping[str, str]) -> str:
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
