"""Footage is a data set like any other: dvc fetches it for those who want it alone."""

from pathlib import Path

import pytest
import yaml

from tests.footage.conftest import FILM, PARAMS, Footages, picture, row
from tests.workspace import ROOT, commit, make_workspace, run


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a stage more, which reads the manifest; its sources lie in a folder."""
    root = tmp_path_factory.mktemp("footage") / "workspace"
    root.mkdir()
    make_workspace(root)
    data = root / "data/footage"
    footage = Footages(data)
    for name in ("dvc.yaml", "card.yaml", ".gitignore"):
        (data / name).write_bytes((ROOT / "data/footage" / name).read_bytes())
    files = [picture(seed) for seed in range(2)]
    (root / "stock").mkdir()
    (root / "stock/0").write_bytes(files[0])
    footage.write([row(f, url="http://127.0.0.1:9/x") for f in files])
    params = {**PARAMS, "folders": ["../../stock"]}
    (data / "params.yaml").write_text(yaml.safe_dump({"footage": params, "film": FILM}))
    stages = yaml.safe_load((root / "dvc.yaml").read_text())
    stages["stages"]["pretext"] = {
        "cmd": "cp data/footage/manifest.csv artifacts/pretext.csv",
        "deps": ["data/footage/manifest.csv", "data/footage/originals"],
        "outs": ["artifacts/pretext.csv"],
    }
    (root / "dvc.yaml").write_text(yaml.safe_dump(stages))
    (root / "artifacts").mkdir()
    commit(root, "Footage is wanted")
    return root


def test_the_pipeline_does_not_want_it() -> None:
    """No stage of ours depends on it: whoever does not pretrain fetches nothing."""
    assert "data/footage" not in (ROOT / "dvc.yaml").read_text()


@pytest.mark.slow
def test_dvc_fetches_it_for_a_stage_that_reads_it(workspace: Path) -> None:
    """Of what is there; a second run does nothing, a fetch that brings more runs what reads it."""
    run(workspace, "dvc", "repro", "pretext")
    assert (workspace / "artifacts/pretext.csv").read_text().count("\n") == 2
    assert run(workspace, "dvc", "status", "pretext").stdout.startswith("Data and pipelines are up")

    (workspace / "stock/1").write_bytes(picture(1))
    run(workspace, "vq", "footage", "fetch")
    run(workspace, "dvc", "repro", "pretext")

    assert (workspace / "artifacts/pretext.csv").read_text().count("\n") == 3
    assert len(list((workspace / "data/footage/originals").iterdir())) == 2


@pytest.mark.slow
def test_git_sees_no_original(workspace: Path) -> None:
    """Files, manifest and report are dvc's; only the lock is git's."""
    run(workspace, "vq", "footage", "fetch")
    changed = run(workspace, "git", "status", "--short", "--", "data/footage").stdout.split()

    assert set(changed) <= {"??", "M", "data/footage/dvc.lock"}
