"""The train flow as a platform runs it: a Prefect server, a deployment, a worker.

Server and worker are real processes on this machine; nothing leaves it.
"""

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from mlflow import MlflowClient
from prefect.states import Failed

from flows.shared import may_pass
from flows.train import bring_up_to_date, train
from tests.flows.server import Prefect
from tests.flows.test_ingest import REMOTE
from tests.workspace import ROOT, change, commit, copy_workspace
from vq.errors import BusyError, DataError, ParamsError
from vq.pipeline import remote
from vq.pipeline.run_stages import stale
from vq.stages import STAGES
from vq.stages.phases import PHASES, Phase


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


def test_each_stage_is_of_one_phase() -> None:
    """In the order in which they run."""
    assert [stage for phase in Phase for stage in PHASES[phase]] == list(STAGES)


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_deployed_run_leaves_a_release_and_a_clean_workspace(
    tiny_workspace: Path, prefect: Prefect, tmp_path: Path
) -> None:
    """Stale stages run and are recorded as by dvc; the student is registered; Prefect shows all."""
    root = copy_workspace(tiny_workspace, tmp_path / "workspace")
    change(root / "params.yaml", {"judge": {"min_plcc": 0.1}})
    (root / ".dvc/config").write_text(REMOTE)
    commit(root, "A lower gate, a remote")

    prefect.deploy(root)
    run = prefect.run(root, "train/train")

    assert run.state == "COMPLETED", run.said
    assert prefect.say(root, "dvc", "status", "--json").strip() == "{}"

    verdict = json.loads((root / "reports" / "verdict.json").read_bytes())
    alias = "champion" if verdict["accepted"] else "challenger"
    uri = f"sqlite:///{root / 'mlflow.db'}"
    version = MlflowClient(uri, uri).get_model_version_by_alias("vq-student", alias)
    assert version.version == 1
    assert {"identity", "data", "dvc_lock"} <= set(version.tags)
    # One query leads from the version to the curves of its training.
    client = MlflowClient(uri, uri)
    trainings = [experiment.experiment_id for experiment in client.search_experiments()]
    (training,) = client.search_runs(trainings, f"tags.weights = '{version.tags['student']}'")
    assert client.get_metric_history(training.info.run_id, "validation_loss")
    (model,) = root.glob("mlartifacts/**/MLmodel")
    assert f"+g{version.tags['git_commit'][:12]}\n" in model.read_text(), "its code has the commit"
    # What it carries is what it was made of: with the files of the remote nothing is stale but
    # the verdict, which git has as it was before this run.
    then = tmp_path / "then"
    assert version.tags["student"] in prefect.say(root, "vq", "rebuild", "1", str(then))
    remote.pull(then)
    assert [stage for stage in STAGES if stale(then, stage)] == ["judge"]
    student = then / "artifacts" / "student" / "student.safetensors"
    assert hashlib.sha256(student.read_bytes()).hexdigest() == version.tags["student"]
    head = prefect.say(root, "git", "rev-parse", "HEAD").strip()
    assert (version.tags["git_commit"], version.tags["git_dirty"]) == (head, "false")

    assert set(run.artifacts) == {"verdict"}
    assert run.artifacts["verdict"].startswith(f"## vq-student 1: {alias}")
    assert {"extract", "judge"} <= set(run.tasks)
    (event,) = prefect.events("vq.released" if verdict["accepted"] else "vq.rejected")[:1]
    assert event["payload"]["run_id"] == version.run_id
    assert any((tmp_path / "shared").rglob("*.dir"))  # what was made, others can have
    assert set(run.tasks.values()) == {"COMPLETED"}
    assert ("vq.pipeline.run_stages", "extract: nothing has changed") in run.logged
    assert any(name == "vq.stages.judge" for name, _ in run.logged)


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_phase_runs_alone(tiny_workspace: Path, prefect: Prefect, tmp_path: Path) -> None:
    """What is fresh, or not asked for, shows as skipped; what it needs must be up to date."""
    root = copy_workspace(tiny_workspace, tmp_path / "workspace")
    change(root / "params.yaml", {"report": {"worst": 1}})

    with prefect.here():
        ended = train(root, only=Phase.GATES, release=False, return_state=True)
        change(root / "params.yaml", {"prune": {"top": 1}})
        refused = train(root, only=Phase.GATES, return_state=True)
        both = train(root, only=Phase.GATES, until=Phase.DATA, return_state=True)

    assert ended.result() == ""
    this_run = {"id": {"any_": [str(ended.state_details.flow_run_id)]}}
    states = {
        task["name"]: task["state_name"] for task in prefect.ask("task_runs", flow_runs=this_run)
    }
    assert {name for name in STAGES if states[name] != "Skipped"} == {"report"}
    (run,) = prefect.ask("flow_runs", flow_runs=this_run)
    assert run["name"] == f"{_commit(root, '--short', 'HEAD')} report.worst=1"
    with pytest.raises(DataError, match=r"prune is not up to date .*; run with until='evaluation"):
        refused.result()
    with pytest.raises(ParamsError, match="only and until exclude each other"):
        both.result()


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_results_go_to_a_branch(
    tiny_workspace: Path, prefect: Prefect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a fresh clone, with the code, params and data they are of, or not at all."""
    root, origin = copy_workspace(tiny_workspace, tmp_path / "workspace"), tmp_path / "origin.git"
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "vq")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "vq@localhost")
    subprocess.check_call(["git", "init", "--quiet", "--bare", str(origin)])
    subprocess.check_call(["git", "remote", "add", "origin", str(origin)], cwd=root)
    change(root / "params.yaml", {"report": {"worst": 1}})
    with prefect.here():
        dirty = train(root, release=False, branch="nightly", return_state=True)
    with pytest.raises(DataError, match=r"params.yaml is not committed, and nightly would have"):
        dirty.result()

    prefect.say(root, "git", "checkout", "--", ".")
    everywhere = REMOTE.replace("../../shared", str(tmp_path / "shared"))  # for every clone
    (root / ".dvc/config").write_text(everywhere)
    clone_first(root / "prefect.yaml", origin, tmp_path / "worker")
    change(root / "params.yaml", {"report": {"worst": 1}})
    commit(root, "Fewer videos, from a clone")
    prefect.say(root, "git", "push", "--quiet", "origin", "main")
    remote.push(root)
    prefect.deploy(root, "train")
    run = prefect.run(root, "train/train", release=False, branch="nightly")

    assert run.state == "COMPLETED", run.said
    (clone,) = (tmp_path / "worker").iterdir()
    assert _commit(clone, "HEAD") == _commit(origin, "nightly")
    assert _commit(clone, "HEAD^") == _commit(root, "HEAD")
    assert prefect.say(clone, "git", "status", "--porcelain") == ""
    assert ("vq.pipeline.run_stages", "extract: nothing has changed") in run.logged
    with prefect.here():
        subprocess.check_call(["git", "remote", "remove", "origin"], cwd=clone)
        lost = train(clone, release=False, branch="nightly", return_state=True)
    with pytest.raises(DataError, match=r"cannot be pushed to 'nightly' of origin: .*origin"):
        lost.result()


def clone_first(file: Path, origin: Path, folder: Path) -> None:
    """Let a deployment clone the repository before each run, as docs/operate.md has it."""
    lines = re.findall(r"^pull:\n(?:  .*\n)+", (ROOT / "docs/operate.md").read_text(), re.MULTILINE)
    settings = yaml.safe_load(file.read_text()) | yaml.safe_load(
        lines[0].replace("{{ $REPOSITORY }}", str(origin))
    )
    for deployment in settings["deployments"]:
        deployment["work_pool"]["job_variables"]["working_dir"] = str(folder)
    folder.mkdir()
    file.write_text(yaml.safe_dump(settings))


def _commit(root: Path, *what: str) -> str:
    return subprocess.check_output(["git", "rev-parse", *what], cwd=root, text=True).strip()
