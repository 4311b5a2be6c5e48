"""A registry for each test."""

import shutil
from pathlib import Path

import pytest

from tests.registry import students
from vq.registry import client


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_store: Path) -> Path:
    """A folder with a registry of its own, which MLflow uses in this process."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(empty_store, tmp_path)
    client.connect(tmp_path, "any")
    return tmp_path


@pytest.fixture
def candidate(root: Path) -> students.Make:
    """Write a student, and today's data beside it."""
    return students.maker(root)
