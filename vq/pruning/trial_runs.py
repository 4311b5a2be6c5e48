"""Trials as MLflow runs: children of the run that the trainings are children of."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from vq.pruning.trial import Trial
from vq.pruning.trials import Kept, Record
from vq.training.parent_run import ParentRun, parent_run

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

KIND = "trial"
"""Tag `kind` of their runs. The tag `trial` is the name of the file that keeps it."""
MOST = 50_000
"""Runs that MLflow returns in one answer."""


@contextmanager
def trial_runs() -> Iterator[Record]:
    """Record trials in the MLflow store of this workspace, each once under one parent.

    A trial of an earlier run of the stage is recorded as well if its parent is another one, so that
    the children of a parent are all that pruning has asked for. What is recorded: experts and
    whether a student was distilled; the SRCC on validation of the experts (`teacher.srcc`) and of
    that student (`student.srcc`), mean over the repeated splits, and each (`*.repeat`); `seconds`.

    Raises:
        VqError: the store cannot be written.
    """
    from mlflow import MlflowClient

    with parent_run("the trials") as parent:
        client = MlflowClient()
        recorded = _recorded(client, parent)

        def record(key: str, trial: Trial, kept: Kept) -> None:
            if key not in recorded:
                _record(client, parent, key, trial, kept)
                recorded.add(key)

        yield record


def _recorded(client: "MlflowClient", parent: ParentRun) -> set[str]:
    ours = f"tags.mlflow.parentRunId = '{parent.id}' and tags.kind = '{KIND}'"
    finished = f"{ours} and attributes.status = 'FINISHED'"
    runs = client.search_runs([parent.experiment], finished, max_results=MOST)
    return {run.data.tags[KIND] for run in runs}


def _record(client: "MlflowClient", parent: ParentRun, key: str, trial: Trial, kept: Kept) -> None:
    from mlflow.entities import Param

    end = int(time.time() * 1000)
    experts = " + ".join(trial.experts)
    tags = {**parent.tags, "mlflow.parentRunId": parent.id, "kind": KIND, KIND: key}
    run = client.create_run(
        parent.experiment,
        start_time=end - int(kept.seconds * 1000),
        tags=tags,
        run_name=f"trial {experts or 'without experts'}",
    )
    params = [Param("experts", experts), Param("student", str(trial.student).lower())]
    client.log_batch(run.info.run_id, list(_metrics(kept, end)), params)
    client.set_terminated(run.info.run_id, end_time=end)


def _metrics(kept: Kept, when: int) -> "Iterator[Metric]":
    from mlflow.entities import Metric

    yield Metric("seconds", kept.seconds, when, 0)
    for name, srcc in (("teacher", kept.effect.teacher), ("student", kept.effect.student)):
        if np.isfinite(srcc).all():  # else it was not asked for
            yield Metric(f"{name}.srcc", float(srcc.mean()), when, 0)
            for repeat, value in enumerate(srcc.tolist()):
                yield Metric(f"{name}.srcc.repeat", value, when, repeat)
