"""The train flow as a platform runs it: a Prefect server, a deployment, a worker.

Server and worker are real processes on this machine; nothing leaves it.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient
from prefect.states import Failed

from flows.shared import may_pass
from flows.train import bring_up_to_date
from tests.flows.server import Prefect
from tests.workspace import change, commit, copy_workspace
from vq.errors import BusyError, DataError


@pytest.mark.parametrize(
    ("error", "again"),
    [
        pytest.param(BusyError("dvc is at work"), True, id="busy"),
        pytest.param(OSError("the network is down"), True, id="network"),
        pytest.param(DataError("no such label"), False, id="data"),
    ],
)
def test_only_what_may_pass_is_tried_again(error: Exception, again: bool) -> None:
    """A wrong label is as wrong twenty seconds later; a lock or a network need not be."""
    assert may_pass(bring_up_to_date, None, Failed(data=error)) is again


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_deployed_run_leaves_a_release_and_a_clean_workspace(
    tiny_workspace: Path, prefect: Prefect, tmp_path: Path
) -> None:
    """Stale stages run and are recorded as by dvc; the student is registered; Prefect shows all."""
    root = copy_workspace(tiny_workspace, tmp_path / "workspace")
    change(root / "params.yaml", {"judge": {"min_plcc": 0.1}})
    remote = "[core]\n    remote = team\n['remote \"team\"']\n    url = ../../shared\n"
    (root / ".dvc/config").write_text(remote)
    commit(root, "A lower gate, a remote")

    prefect.deploy(root)
    run = prefect.run(root, "train/train")

    assert run.state == "COMPLETED", run.said
    assert prefect.say(root, "dvc", "status", "--json").strip() == "{}"
    assert "Running stage" not in prefect.say(root, "dvc", "repro")

    verdict = json.loads((root / "reports" / "verdict.json").read_bytes())
    alias = "champion" if verdict["accepted"] else "challenger"
    uri = f"sqlite:///{root / 'mlflow.db'}"
    version = MlflowClient(uri, uri).get_model_version_by_alias("vq-student", alias)
    assert version.version == 1
    assert {"identity", "data", "dvc_lock"} <= set(version.tags)
    (model,) = root.glob("mlartifacts/**/MLmodel")
    assert f"+g{version.tags['git_commit'][:12]}\n" in model.read_text(), "its code has the commit"
    # What it carries makes it once more: all but the student comes from the remote.
    then = tmp_path / "then"
    assert version.tags["student"] in prefect.say(root, "vq", "rebuild", "1", str(then))
    prefect.say(then, "dvc", "pull")
    shutil.rmtree(then / "artifacts" / "student")
    prefect.say(then, "dvc", "repro", "--force", "--no-run-cache", "--single-item", "distill")
    student = then / "artifacts" / "student" / "student.safetensors"
    assert hashlib.sha256(student.read_bytes()).hexdigest() == version.tags["student"]
    head = prefect.say(root, "git", "rev-parse", "HEAD").strip()
    assert (version.tags["git_commit"], version.tags["git_dirty"]) == (head, "false")

    assert set(run.artifacts) == {"verdict"}
    assert run.artifacts["verdict"].startswith(f"## vq-student 1: {alias}")
    assert {"extract", "judge"} <= set(run.tasks)
    assert any((tmp_path / "shared").rglob("*.dir"))  # what was made, others can have
    assert set(run.tasks.values()) == {"COMPLETED"}
    assert ("vq.pipeline.run_stages", "extract: nothing has changed") in run.logged
    assert any(name == "vq.stages.judge" for name, _ in run.logged)
