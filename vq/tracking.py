"""The MLflow store of this process."""

import os

VARIABLE = "MLFLOW_TRACKING_URI"
"""Where a person names another store than that of the workspace."""


def use(uri: str) -> None:
    """Let MLflow track and register in a store.

    MLflow also writes its address into MLFLOW_TRACKING_URI, where the next workspace in this
    process would take it for what the person has chosen: that is undone.
    """
    import mlflow

    chosen = os.environ.get(VARIABLE)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    if chosen is None:
        os.environ.pop(VARIABLE, None)
