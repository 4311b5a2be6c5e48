"""What a run leaves behind when something of it is killed, and whether the next run mends it.

    python -m benchmarks.faults --out DIR --seed 1

A tiny workspace, a Prefect server with a worker, and an MLflow server: all real and on this
machine. A run of the deployment `train` is begun on changed params; at a random moment one of them
gets SIGKILL: the process of the flow run, the worker, the Prefect server or the MLflow server, each
in as many trials as `--moments`. A moment is a random stage and a random share of the time that
this stage took in a run left in peace; for MLflow, a stage that talks to it. What was killed is
started again after a few seconds, as a supervisor would, and the next run is begun.

Prints a line for each trial, then the table; writes `DIR/faults.json`. Exits with 1 if a next run
did not complete, `dvc status` is not clean after it, git sees changes that dvc has not made,
half-written files or processes are left, or a version in the registry is a half one: without tags,
files or parts of the model that others have.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import mlflow
import mlflow.artifacts
import numpy as np
import psutil
import yaml
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from rich.console import Console
from rich.table import Table

from tests.workspace import change, commit, environment, make_workspace, run
from vq.pipeline.run_stages import source_of

STAGES = (
    *("import", "validate", "split", "extract", "prune", "teach", "distill", "evaluate", "report"),
)
RELEASE = "release"
TALKS_TO_MLFLOW = ("distill", RELEASE, RELEASE)
START_S = 180.0
RUN_S = 900.0
RESTART_S = 3.0
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class Trial:
    """What came of one kill."""

    fault: str
    moment: str
    """Stage that was to be hit, and which share of it had passed."""
    then: str
    """Task runs that were running indeed."""
    first: str
    """What the run that was hit came to."""
    next: str
    next_s: float
    dvc: str
    git: str
    """Whether git sees changes that dvc has not made: then no champion would come of it."""
    litter: int
    """Half-written files and folders that are left."""
    whole: str
    """Versions in the registry that are whole, of all."""
    orphans: int
    """Processes of the workspace that nobody waits for, after the next run."""

    @property
    def good(self) -> bool:
        """Whether the next run mended all."""
        whole, all_ = self.whole.split("/")
        clean = self.dvc == self.git == "clean" and not self.orphans and not self.litter
        return self.next == "COMPLETED" and clean and whole == all_


class Service:
    """A program in the background that can be killed, and started again."""

    def __init__(
        self, command: Sequence[str], cwd: Path, env: Mapping[str, str], log: Path
    ) -> None:
        self.command, self.cwd, self.env, self.log = command, cwd, env, log
        self.start()

    def start(self) -> None:
        """Start it, in a group of its own."""
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=self.env,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, *, whole: bool) -> None:
        """SIGKILL; `whole`: with all it started, in whichever group, as servers have them."""
        started = psutil.Process(self.process.pid).children(recursive=True) if whole else []
        for process in (*started, self.process):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()


@dataclass
class Place:
    """A workspace and all that works for it."""

    root: Path
    env: dict[str, str]
    api: str
    services: dict[str, Service]
    registry: str
    ready: Mapping[str, str]
    """Address by which a server says that it answers, by its name."""

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Talk to Prefect; patient, since its server may just have been killed."""
        deadline = time.monotonic() + START_S
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        while True:
            try:
                request = urllib.request.Request(f"{self.api}/{path}", data, headers)
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def begin(self) -> str:
        """Begin a run of the deployment; gives its id."""
        flow, name = self.deployment().split("/")
        found = self.ask(f"deployments/name/{flow}/{name}")
        asked = self.ask(f"deployments/{found['id']}/create_flow_run", {})
        return str(asked["id"])

    def deployment(self) -> str:
        """Of the flow `train`."""
        known = yaml.safe_load((self.root / "prefect.yaml").read_text())["deployments"]
        (name,) = (d["name"] for d in known if d["entrypoint"].endswith(":train"))
        return f"train/{name}"

    def state(self, run_id: str) -> str:
        """Of a flow run."""
        return str(self.ask(f"flow_runs/{run_id}")["state_type"])

    def tasks(self, run_id: str) -> list[dict[str, Any]]:
        """Task runs of a flow run, in the order of their start."""
        wanted = {"flow_runs": {"id": {"any_": [run_id]}}, "sort": "EXPECTED_START_TIME_ASC"}
        found: list[dict[str, Any]] = self.ask("task_runs/filter", wanted)
        return found

    def running(self, run_id: str) -> list[str]:
        """Names of the task runs at work."""
        return [_name(t) for t in self.tasks(run_id) if t["state_type"] == "RUNNING"]

    def wait(self, run_id: str, *, limit_s: float) -> str:
        """The state in which a run ended; or is in when the time is up."""
        deadline = time.monotonic() + limit_s
        while (state := self.state(run_id)) not in ENDED and time.monotonic() < deadline:
            time.sleep(1)
        return state

    def answers(self, name: str) -> None:
        """Wait for a server."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                with urllib.request.urlopen(self.ready[name], timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)


@contextmanager
def place(root: Path, out: Path) -> Iterator[Place]:
    """Start all services; they and what they started end with the block."""
    prefect, mlflow = _port(), _port()
    env = environment(root) | {
        "PREFECT_HOME": str(out / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{prefect}/api",
        "PREFECT_SERVER_UI_ENABLED": "false",
        # A slot that a dead run holds is free again after this, not after five minutes.
        "PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION": "30",
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{mlflow}",
    }
    server = ("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(prefect))
    tracking = ("mlflow", "server", "--host", "127.0.0.1", "--port", str(mlflow), "--workers", "1")
    tracking += ("--backend-store-uri", f"sqlite:///{out}/mlflow.db")
    tracking += ("--artifacts-destination", str(out / "mlartifacts"))
    here = Place(
        root,
        env,
        env["PREFECT_API_URL"],
        {},
        env["MLFLOW_TRACKING_URI"],
        {
            "prefect": f"{env['PREFECT_API_URL']}/health",
            "mlflow": f"{env['MLFLOW_TRACKING_URI']}/health",
        },
    )
    with ExitStack() as stack:
        for name, command in {"prefect": server, "mlflow": tracking}.items():
            here.services[name] = Service(command, out, env, out / f"{name}.log")
            stack.callback(_end, here, name)
            here.answers(name)
        for command in (
            ("prefect", "work-pool", "create", "vq", "--type", "process"),
            ("prefect", "--no-prompt", "deploy", "--all"),
        ):
            subprocess.run(command, cwd=root, env=env, check=True, capture_output=True)
        worker = ("prefect", "worker", "start", "--pool", "vq")
        here.services["worker"] = Service(worker, root, env, out / "worker.log")
        stack.callback(_end, here, "worker")
        stack.callback(lambda: [process.kill() for process in of(root)])
        yield here


def kill(here: Place, fault: str) -> None:
    """Kill what the fault is about, without a warning."""
    if fault == "flow":
        worker = psutil.Process(here.services["worker"].process.pid)
        for child in worker.children():
            child.kill()
        return
    # A worker dies alone: the process of the flow run goes on without it.
    here.services[fault].kill(whole=fault != "worker")


def trial(here: Place, fault: str, stage: str, share: float, seconds: float, seed: int) -> Trial:
    """Begin a run on changed params, kill, start again what was killed, begin the next run."""
    change(here.root / "params.yaml", {"seed": seed})
    commit(here.root, f"seed {seed}")
    first = here.begin()
    deadline = time.monotonic() + RUN_S
    while stage not in here.running(first):
        if here.state(first) in ENDED or time.monotonic() > deadline:
            break  # it was over before we saw the stage: the moment is after the run
        time.sleep(0.1)
    time.sleep(share * seconds)
    then = ", ".join(here.running(first)) or f"nothing ({here.state(first)})"
    kill(here, fault)
    if fault != "flow":
        time.sleep(RESTART_S)
        here.services[fault].start()
        if fault in here.ready:
            here.answers(fault)
    begun = time.monotonic()
    following = here.begin()
    ended = here.wait(following, limit_s=RUN_S)
    took = time.monotonic() - begun
    status = run(here.root, "dvc", "status", "--json", check=False).stdout.strip()
    return Trial(
        fault=fault,
        moment=f"{stage} {share:.0%}",
        then=then,
        first=here.state(first),
        next=ended,
        next_s=round(took, 1),
        dvc="clean" if status == "{}" else status[:200],
        git="dirty" if source_of(here.root).dirty else "clean",
        litter=len(litter(here.root)),
        whole="{}/{}".format(*whole(here.registry)),
        orphans=len(orphans(here)),
    )


def litter(root: Path) -> list[Path]:
    """Files and folders that were never finished."""
    parts = ("artifacts", "reports")
    hidden = [path for part in parts for path in root.glob(f"{part}/**/.*")]
    unfinished = [path for path in hidden if path.name != ".gitignore"]  # that one is of dvc
    return [*unfinished, *root.glob("artifacts/**/*.part"), *root.glob("artifacts/*.graphs")]


def orphans(here: Place) -> list[psutil.Process]:
    """Processes of the workspace that no service has started, or whose parent is gone."""
    wanted: set[psutil.Process] = set()
    for service in here.services.values():
        mine = psutil.Process(service.process.pid)
        wanted |= {mine, *mine.children(recursive=True)}
    return [process for process in of(here.root) if process not in wanted]


def of(root: Path) -> list[psutil.Process]:
    """Processes that run the code of a workspace; not this one, nor what asks git or dvc."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("PYTHONPATH") == str(root):
                found.append(process)
        except psutil.Error:  # it has just ended, or is not ours
            continue
    return found


def whole(registry: str) -> tuple[int, int]:
    """How many versions are whole, of how many: tags, files and a model that loads."""
    client = MlflowClient(registry, registry)
    versions = [v for m in client.search_registered_models() for v in _versions(client, m.name)]
    parts = [_parts(client, version) for version in versions]
    complete = set.union(set(), *parts)
    return sum(part == complete for part in parts), len(parts)


def _versions(client: MlflowClient, name: str) -> list[Any]:
    return list(client.search_model_versions(f"name='{name}'"))


def _parts(client: MlflowClient, version: Any) -> set[str]:  # noqa: ANN401
    found = {f"tag {tag}" for tag in version.tags}
    try:
        found |= {f"file {file.path}" for file in client.list_artifacts(version.run_id)}
        with tempfile.TemporaryDirectory() as folder:
            here = mlflow.artifacts.download_artifacts(
                artifact_uri=f"models:/{version.name}/{version.version}",
                dst_path=folder,
                tracking_uri=client.tracking_uri,
            )
            found |= {f"model {p.relative_to(here)}" for p in Path(here).rglob("*") if p.is_file()}
    except MlflowException as error:
        found.add(f"error {error}")
    return found


def measure(here: Place, seed: int) -> dict[str, float]:
    """Seconds of each stage, in a run that is left in peace."""
    change(here.root / "params.yaml", {"seed": seed})
    commit(here.root, f"seed {seed}")
    begun = here.begin()
    state = here.wait(begun, limit_s=RUN_S)
    if state != "COMPLETED":
        raise SystemExit(f"a run that nobody touched ended as {state}: see the logs in --out")
    return {_name(task): float(task["total_run_time"]) for task in here.tasks(begun)}


def plan(moments: int, rng: np.random.Generator) -> list[tuple[str, str, float]]:
    """Fault, stage and share of the stage, for each trial."""
    kinds = {
        "flow": (*STAGES, RELEASE),
        "worker": (*STAGES, RELEASE),
        "prefect": (*STAGES, RELEASE),
        "mlflow": TALKS_TO_MLFLOW,
    }
    return [
        (fault, str(rng.choice(stages)), float(rng.uniform()))
        for fault, stages in kinds.items()
        for _ in range(moments)
    ]


def table(trials: Sequence[Trial]) -> Table:
    """For people."""
    shown = Table()
    names = [field.name for field in fields(Trial)]
    for name in names:
        shown.add_column(name)
    for one in trials:
        shown.add_row(*(str(getattr(one, name)) for name in names), style="" if one.good else "red")
    return shown


def main() -> None:
    """Run all trials."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--moments", type=int, default=5)
    parser.add_argument("--only", choices=("flow", "worker", "prefect", "mlflow"))
    given = parser.parse_args()
    out = given.out.resolve()
    root = out / "workspace"
    if not root.exists():
        make_workspace(root)
        run(root, "dvc", "repro")
        commit(root, "A first run")
    known: list[Trial] = []
    console = Console(width=200)
    with place(root, out) as here:
        seconds = measure(here, seed=1000 + given.seed)
        console.print({name: round(value, 1) for name, value in seconds.items()})
        for number, (fault, stage, share) in enumerate(plan(given.moments, rng(given.seed))):
            if given.only in (None, fault):
                took = seconds.get(stage, 1.0)
                seed = 2000 + 100 * given.seed + number
                known.append(trial(here, fault, stage, share, took, seed))
                console.print(known[-1])
                (out / "faults.json").write_text(json.dumps([asdict(t) for t in known], indent=1))
    console.print(table(known))
    sys.exit(not all(one.good for one in known))


def rng(seed: int) -> np.random.Generator:
    """Of the moments."""
    return np.random.default_rng(seed)


def _name(task: Mapping[str, Any]) -> str:
    # Task runs without a name of their own get a number, as in `release-1a3`.
    name = str(task["name"])
    return RELEASE if name.startswith(f"{RELEASE}-") else name


def _end(here: Place, name: str) -> None:
    process = here.services[name].process
    for child in [*psutil.Process(process.pid).children(recursive=True)]:
        child.kill()
    process.kill()
    process.wait()


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    main()
