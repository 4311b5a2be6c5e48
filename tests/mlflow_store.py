"""An MLflow store for each test that needs one."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vq import tracking

if TYPE_CHECKING:  # every process of tests reads this file, and few need MLflow
    from mlflow import MlflowClient


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, which take it seconds to make."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    tracking.use(f"sqlite:///{path}")
    MlflowClient().search_experiments()
    return path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_store: Path) -> "MlflowClient":
    """The store of the test's folder, in which the test works."""
    from mlflow import MlflowClient

    monkeypatch.delenv(tracking.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_store, tmp_path)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    return MlflowClient(uri, uri)
