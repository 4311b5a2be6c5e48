"""A small data set of one's own in a workspace, and deliveries for it."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import moving, write_video
from tests.workspace import ROOT, change, commit, run

CARD = {"name": "mine", "opinion": "human", "scale": {"min": 1, "max": 5}, "licence": "ours"}

PICTURE: dict[str, Any] = {"width": 96, "height": 64, "picture": moving}
"""Neither too small nor frozen."""

Deliver = Callable[..., tuple[Path, Path]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of git and dvc whose data set has a card, expects nothing, and is empty."""
    root = tmp_path / "workspace"
    (root / ".dvc").mkdir(parents=True)
    for name in (".dvc/.gitignore", ".dvc/config", ".gitignore", "params.yaml"):
        shutil.copy(ROOT / name, root / name)
    change(root / "params.yaml", {"data": {"dir": "data/mine"}})
    (root / "data/mine").mkdir(parents=True)
    (root / "data/mine/card.yaml").write_text(yaml.safe_dump(CARD))
    (root / "data/mine/columns.yaml").touch()
    (root / "data/mine/expectations.yaml").touch()
    run(root, "git", "init", "--quiet", "--initial-branch", "main")
    for name, value in (("name", "vq"), ("email", "vq@localhost")):
        run(root, "git", "config", f"user.{name}", value)
    commit(root, "A workspace")
    return root


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    """Write a delivery: `deliver(["a.mkv,3.5"], a=10)`, labels and frames of each video."""

    def deliver(
        labels: Sequence[str], *, header: str = "video,mos", **frames: int
    ) -> tuple[Path, Path]:
        inbox = tmp_path / "inbox"
        shutil.rmtree(inbox, ignore_errors=True)
        (inbox / "videos").mkdir(parents=True)
        for name, count in frames.items():
            same = {"fflags": "+bitexact"}  # else Matroska gives each file a number of its own
            write_video(inbox / "videos" / f"{name}.mkv", count, muxer=same, **PICTURE)
        (inbox / "labels.csv").write_text("\n".join([header, *labels]) + "\n")
        return inbox / "videos", inbox / "labels.csv"

    return deliver


@pytest.fixture
def champion(root: Path, tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The workspace has one, which scores by brightness and has learnt the contents c0 to c3."""
    from tests.registry import students  # MLflow takes seconds to import
    from vq.registry.client import connect

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(empty_store, root)
    connect(root, "any")
    return students.release(students.maker(tmp_path / "students")(students.GOOD), root).alias
