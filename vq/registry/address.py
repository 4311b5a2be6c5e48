"""Where the registry of a workspace is."""

import os
from pathlib import Path

from vq import tracking

SQLITE = "sqlite:///"


def tracking_uri(root: Path) -> str:
    """Where the registry of a workspace is; MLFLOW_TRACKING_URI has the first word."""
    return os.environ.get(tracking.VARIABLE) or f"{SQLITE}{root.resolve() / 'mlflow.db'}"


def is_missing(uri: str) -> bool:
    """Whether it is a file that is not there: MLflow would make an empty registry."""
    return uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).exists()
