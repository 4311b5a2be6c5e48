"""Where the student is: a folder, or a model in an MLflow registry."""

import os
from pathlib import Path

from vq import tracking
from vq.errors import WeightsError

MODEL = "artifacts/student"
"""Where the distill stage leaves the student."""
SHIPPED = "shipped"
"""Name of the student that is part of this package."""
REGISTRY = "sqlite:///mlflow.db"
"""Registry of this workspace, where MLFLOW_TRACKING_URI names no other."""


def default() -> str:
    """The workspace's own student, if this is a workspace that has one; else the shipped one."""
    return MODEL if Path(MODEL).is_dir() else SHIPPED


def locate(model: str) -> Path:
    """The folder of a student bundle; `models:/NAME@ALIAS` or `models:/NAME/VERSION` is fetched.

    `shipped` is the student that is part of this package.

    Raises:
        WeightsError: there is no such folder or model.
    """
    if model == SHIPPED:
        return Path(__file__).with_name(SHIPPED)
    if not model.startswith("models:/"):
        folder = Path(model)
        if not folder.is_dir():
            raise WeightsError(f"{folder}: no student here; run `dvc repro` or give --model")
        return folder
    return bundle(_download(model), model)


def _download(uri: str) -> Path:
    registry = os.environ.get(tracking.VARIABLE) or REGISTRY
    if registry == REGISTRY and not Path("mlflow.db").exists():
        # MLflow would make an empty one.
        raise WeightsError(
            f"{uri}: there is no registry here (mlflow.db); run the train flow, "
            "or set MLFLOW_TRACKING_URI"
        )
    # A progress bar for a file of 10 MB would end up among the rows.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        # MLflow takes seconds to import and is not installed where people only score.
        import mlflow
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise WeightsError(
            f"{uri}: needs MLflow; install it (pip install mlflow) or give --model a folder"
        ) from error
    tracking.use(registry)
    try:
        return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))
    except (MlflowException, OSError) as error:
        raise WeightsError(f"{uri}: not in the registry {registry} ({error})") from error


def bundle(folder: Path, uri: str) -> Path:
    """The folder with the card: what MLflow logged may lie in a folder of its own below.

    Raises:
        WeightsError: there is none.
    """
    cards = sorted(
        (card for card in folder.rglob("card.json") if (card.parent / "student.onnx").exists()),
        key=lambda card: (len(card.parts), card),
    )
    if not cards:
        raise WeightsError(f"{uri}: holds no student (card.json beside student.onnx)")
    return cards[0].parent
