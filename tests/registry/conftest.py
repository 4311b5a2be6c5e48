"""A registry for each test."""

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.registry import students
from vq.registry import client


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, which take it seconds to make."""
    root = tmp_path_factory.mktemp("registry")
    client.connect(root, "any")
    MlflowClient().search_experiments()
    return root / "mlflow.db"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_registry: Path) -> Path:
    """A folder with a registry of its own, which MLflow uses in this process."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(empty_registry, tmp_path)
    client.connect(tmp_path, "any")
    return tmp_path


@pytest.fixture
def candidate(root: Path) -> students.Make:
    """Write a student, and today's data beside it."""
    return students.maker(root)
