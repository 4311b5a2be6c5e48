"""A Prefect server and a worker of our own, as a platform has them; real, and on this machine."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.workspace import ROOT, environment

START_SECONDS = 120
RUN_SECONDS = 300


@dataclass(frozen=True)
class Prefect:
    """A running server, and how tests talk to it.

    Deployments of a workspace take the place of those of the one before: a test deploys first.
    """

    variables: Mapping[str, str]
    """By which others find the server."""

    def environment(self, root: Path) -> dict[str, str]:
        """Variables for a process that works in a workspace and knows the server."""
        return environment(root) | self.variables

    def say(self, root: Path, *command: str) -> str:
        """What a command says in a workspace; the test fails, with its words, if it does."""
        return say(root, self.environment(root), *command)

    def deploy(self, root: Path, *names: str) -> None:
        """Deploy flows of a workspace; without names, all."""
        which = [f"--name={name}" for name in names] or ["--all"]
        self.say(root, "prefect", "--no-prompt", "deploy", *which)

    def run(self, root: Path, deployment: str, **parameters: object) -> "Run":
        """Run a deployment on the worker, to its end, whichever that is."""
        given = [f"--param={name}={json.dumps(value)}" for name, value in parameters.items()]
        done = subprocess.run(
            ["prefect", "deployment", "run", deployment, "--watch", *given],
            cwd=root,
            env=self.environment(root),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        found = re.search(r"UUID: (\S+)", done.stdout)
        if found is None:
            pytest.fail(f"{deployment} did not start:\n{done.stdout}", pytrace=False)
        return Run(self, found[1], done.stdout)

    @contextmanager
    def here(self) -> Iterator[None]:
        """Flows that this process calls meanwhile are known to the server."""
        from prefect.events.worker import EventsWorker
        from prefect.logging.handlers import APILogWorker
        from prefect.settings import PREFECT_API_URL, temporary_settings

        with temporary_settings({PREFECT_API_URL: self.variables["PREFECT_API_URL"]}):
            try:
                yield
            finally:
                # Else they would look for a server that is gone, for minutes, as this process ends.
                EventsWorker.drain_all(timeout=30)
                APILogWorker.drain_all(timeout=30)

    def artifact(self, key: str) -> str:
        """What the latest artifact of a key says."""
        wanted = {"key": {"any_": [key]}}
        (found,) = self.ask("artifacts/latest", artifacts=wanted)
        return str(found["data"])

    def events(self, name: str) -> list[dict[str, Any]]:
        """All events of a name, the latest first."""
        found: list[dict[str, Any]] = self._ask("events", filter={"event": {"name": [name]}})[
            "events"
        ]
        return found

    def ask(self, what: str, **wanted: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """Everything of one kind that the server knows, or of it what fits a filter of its API."""
        found: list[dict[str, Any]] = self._ask(what, **wanted)
        return found

    def _ask(self, what: str, **wanted: Any) -> Any:  # noqa: ANN401
        address = f"{self.variables['PREFECT_API_URL']}/{what}/filter"
        request = urllib.request.Request(
            address,
            data=json.dumps(wanted).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@dataclass(frozen=True)
class Run:
    """A flow run, and what the server knows of it."""

    prefect: Prefect
    id: str
    said: str
    """What `prefect deployment run --watch` said."""

    @property
    def state(self) -> str:
        """How it ended: COMPLETED, FAILED, CRASHED, ..."""
        return str(self._ask("flow_runs")[0]["state_type"])

    @property
    def message(self) -> str:
        """What the state says: the error, where it failed."""
        return str(self._ask("flow_runs")[0]["state"]["message"])

    @property
    def tasks(self) -> dict[str, str]:
        """How each task run ended, by its name."""
        return {run["name"]: run["state_type"] for run in self._ask("task_runs")}

    @property
    def artifacts(self) -> dict[str, str]:
        """What each artifact says, by its key."""
        wanted = {"flow_run_id": {"any_": [self.id]}}
        found = self.prefect.ask("artifacts", artifacts=wanted)
        return {artifact["key"]: artifact["data"] for artifact in found}

    @property
    def logged(self) -> set[tuple[str, str]]:
        """Logger and message of each line, of the first two hundred."""
        wanted = {"flow_run_id": {"any_": [self.id]}}
        found = self.prefect.ask("logs", logs=wanted)
        return {(line["name"], line["message"]) for line in found}

    def _ask(self, what: str) -> list[dict[str, Any]]:
        return self.prefect.ask(what, flow_runs={"id": {"any_": [self.id]}})


@contextmanager
def server(home: Path) -> Iterator[Prefect]:
    """A server on a free port, with a worker of the pool `vq`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    variables = {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(START_SECONDS),
        "PREFECT_CLI_COLORS": "false",
        # Seconds between two looks of the worker for runs; ten would be most of a short run.
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    # A flow finds the `vq` of its workspace first; what it starts elsewhere, the project's.
    here = environment(home) | variables | {"PYTHONPATH": str(ROOT)}
    home.mkdir(parents=True, exist_ok=True)
    command = ("prefect", "server", "start", "--host", "127.0.0.1", "--port", port)
    with started(home, here, *command) as log:
        _wait_for(f"{variables['PREFECT_API_URL']}/health", log)
        say(home, here, "prefect", "work-pool", "create", "vq", "--type", "process")
        with started(home, here, "prefect", "worker", "start", "--pool", "vq"):
            yield Prefect(variables)


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
    for number, seconds in ((signal.SIGTERM, 2), (signal.SIGKILL, 15)):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            break
    process.wait(timeout=15)
