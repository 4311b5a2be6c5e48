"""The train flow as a platform runs it: a Prefect server, a deployment, a worker.

Server and worker are real processes on this machine; nothing leaves it.
"""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from prefect.states import Failed

from flows.train import bring_up_to_date, may_pass
from tests.workspace import change, commit, copy_workspace, environment
from vq.errors import BusyError, DataError

START_SECONDS = 120
RUN_SECONDS = 300


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
def test_a_deployed_run_leaves_a_release_and_a_clean_workspace(
    tiny_workspace: Path, prefect: dict[str, str], tmp_path: Path
) -> None:
    """Stale stages run and are recorded as by dvc; the student is registered; Prefect shows all."""
    root = copy_workspace(tiny_workspace, tmp_path / "workspace")
    change(root / "params.yaml", {"judge": {"min_plcc": 0.1}})
    commit(root, "A lower gate")
    here = environment(root) | prefect

    say(root, here, "prefect", "work-pool", "create", "vq", "--type", "process")
    with started(root, here, "prefect", "worker", "start", "--pool", "vq"):
        say(root, here, "prefect", "--no-prompt", "deploy", "--all")
        seen = say(root, here, "prefect", "deployment", "run", "train/train", "--watch")

    assert "Completed" in seen
    assert say(root, here, "dvc", "status", "--json").strip() == "{}"
    assert "Running stage" not in say(root, here, "dvc", "repro")

    verdict = json.loads((root / "reports" / "verdict.json").read_bytes())
    alias = "champion" if verdict["accepted"] else "challenger"
    version = MlflowClient(f"sqlite:///{root / 'mlflow.db'}").get_model_version_by_alias(
        "vq-student", alias
    )
    assert version.version == 1
    assert {"identity", "data", "dvc_lock"} <= set(version.tags)
    head = say(root, here, "git", "rev-parse", "HEAD").strip()
    assert (version.tags["git_commit"], version.tags["git_dirty"]) == (head, "false")

    (artifact,) = ask(prefect, "artifacts")
    assert artifact["key"] == "verdict"
    assert artifact["data"].startswith(f"## vq-student 1: {alias}")
    runs = {run["name"]: run["state_type"] for run in ask(prefect, "task_runs")}
    assert {"extract", "judge"} <= set(runs)
    assert set(runs.values()) == {"COMPLETED"}
    logged = {(line["name"], line["message"]) for line in ask(prefect, "logs")}
    assert ("vq.workspace", "extract: nothing has changed") in logged
    assert any(name == "vq.stages.judge" for name, _ in logged)


@pytest.fixture
def prefect(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Prefect server of our own on a free port: the variables by which others find it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    variables = {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(START_SECONDS),
        "PREFECT_CLI_COLORS": "false",
    }
    here = environment(tmp_path) | variables
    command = ("prefect", "server", "start", "--host", "127.0.0.1", "--port", port)
    with started(tmp_path, here, *command) as log:
        _wait_for(f"{variables['PREFECT_API_URL']}/health", log)
        yield variables


@contextmanager
def started(cwd: Path, variables: Mapping[str, str], *command: str) -> Iterator[Path]:
    """A process in the background, with a log; it and its children end with the block."""
    log = Path(variables["PREFECT_HOME"], f"{command[1]}.log")
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=variables,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield log
    finally:
        _end(process)


def say(cwd: Path, variables: Mapping[str, str], *command: str) -> str:
    """What a command says; the test fails, with its words, if it does."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    if done.returncode:
        home = Path(variables["PREFECT_HOME"])
        logs = "".join(log.read_text()[-4000:] for log in home.glob("*.log"))
        pytest.fail(f"{' '.join(command)}\n{done.stdout[-4000:]}\n{logs}", pytrace=False)
    return done.stdout


def ask(variables: Mapping[str, str], what: str) -> list[dict[str, Any]]:
    """Everything of one kind that the server knows."""
    request = urllib.request.Request(
        f"{variables['PREFECT_API_URL']}/{what}/filter",
        data=b"{}",
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)
        return found


def _wait_for(address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    pytest.fail(f"no Prefect server after {START_SECONDS} s:\n{log.read_text()}", pytrace=False)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The whole group: a worker has flow runs, a server has services."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            break
    process.wait(timeout=15)
