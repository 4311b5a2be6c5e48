"""Curves of a training run, for people to look at: an MLflow run."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vq import tracking
from vq.errors import VqError
from vq.training import torchrun

EXPERIMENT = "vq"


@contextmanager
def curves(
    name: str, settings: dict[str, object]
) -> Iterator[Callable[[int, dict[str, float]], None]]:
    """Open a run; call what it gives with an epoch and its values.

    The store is MLFLOW_TRACKING_URI, or `mlflow.db` in the working folder. Of processes that train
    together the first one writes.

    Raises:
        VqError: the store cannot be written.
    """
    if not torchrun.is_first():
        yield lambda epoch, values: None
        return
    import mlflow
    from mlflow.exceptions import MlflowException

    uri = os.environ.get(tracking.VARIABLE) or "sqlite:///mlflow.db"
    tracking.use(uri)
    try:
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(run_name=name):
            mlflow.log_params(settings)
            yield lambda epoch, values: mlflow.log_metrics(values, step=epoch)
    except MlflowException as error:
        raise VqError(
            f"{uri}: the curves of {name} cannot be written there ({error}); start the tracking "
            "server or unset MLFLOW_TRACKING_URI, then run again: training resumes"
        ) from error
