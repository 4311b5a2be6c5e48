"""How often the message of a run arrives if the run is killed.

    python -m benchmarks.events --runs 20 --crashes 5 --seed 1

A Prefect server, a webhook and the automations of docs/automations: all real and on this machine. A
made-up student is released by a flow run whose process gets SIGKILL, in turn

    at random        at a random moment of the time that a release takes
    before the event when the version is in the registry, and nobody has heard of it
    after the event  when the server has the event, and the registry has not heard of that

Then two more runs follow, which nobody kills: the first one completes the release, the second one
finds nothing new. Runs of a deployment are killed too, as many as `--crashes`: their worker emits
`vq.failed`.

Prints a line for each release, and each such run, with the calls of the webhook. Exits with 1 if
one never arrived.
"""

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil

from tests.flows.server import Prefect, Run, server
from tests.flows.sink import Sink, automated
from tests.workspace import ROOT

MOMENTS = ("at random", "before the event", "after the event")
SETTLE_SECONDS = 10.0
"""In which the worker tells of the last run, and the server acts on its event."""
WAITING = """
import time

from flows.shared import operation


@operation
def wait():
    time.sleep(600)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Release, kill, release again, and count."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--crashes", type=int, default=5)
    args = parser.parse_args(argv)
    rng = np.random.default_rng(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with server(root / "prefect") as prefect, automated(prefect, root) as webhook:
            os.environ |= prefect.variables
            _release(root, "first", "")
            start = time.monotonic()
            _release(root, "second", "")
            seconds = time.monotonic() - start
            moments = {f"{n}": MOMENTS[n % len(MOMENTS)] for n in range(args.runs)}
            after = {name: rng.uniform(0, seconds) for name in moments}
            killed = {name: _release(root, name, moments[name], after[name]) for name in moments}
            for name in [*moments, *moments]:
                _release(root, name, "")
            time.sleep(SETTLE_SECONDS)
            missing = _releases(webhook, root, moments, killed)
            runs = _crash(prefect, root, list(rng.uniform(0, 5, args.crashes)))
            time.sleep(SETTLE_SECONDS)
            return max(missing, _crashes(webhook, runs))


def _crash(prefect: Prefect, root: Path, seconds: Sequence[float]) -> list[str]:
    """Kill deployed runs, each so many seconds after it has begun; their ids."""
    shutil.copytree(ROOT / "flows", root / "flows")
    (root / "waiting.py").write_text(WAITING)
    deploy = ("deploy", "waiting.py:wait", "--name", "wait", "--pool", "vq")
    prefect.say(root, "prefect", "--no-prompt", *deploy)
    runs = []
    for after in seconds:
        output = prefect.say(root, "prefect", "deployment", "run", "wait/wait")
        run = Run(prefect, re.findall(r"UUID: (\S+)", output)[0], output)
        _wait_for(run, "RUNNING")
        time.sleep(after)
        for process in psutil.process_iter(["environ"]):
            if (process.info["environ"] or {}).get("PREFECT__FLOW_RUN_ID") == run.id:
                process.kill()
        _wait_for(run, "CRASHED")
        runs.append(run.id)
    return runs


def _wait_for(run: Run, state: str) -> None:
    while run.state != state:
        time.sleep(0.2)


def _release(root: Path, name: str, kill: str, seconds: float = 0.0) -> bool:
    """Release in a process of its own; whether it was killed."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["flows.train", "mlflow.pyfunc", "tests.registry.students"])
    process = context.Process(target=_run, args=(root, name, kill))
    process.start()
    if kill == "at random":
        process.join(seconds)
        process.kill()
    process.join()
    if process.exitcode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"release {name} ended with {process.exitcode}")
    return process.exitcode != 0


def _run(root: Path, name: str, kill: str) -> None:
    from flows.shared import operation
    from flows.train import announce
    from tests.registry.students import GOOD, SETTINGS, maker
    from vq.registry import release as releases
    from vq.registry.flow_summary import Release

    def announce_and_die(released: Release) -> None:
        if kill != "before the event":
            announce(released)
        if kill in ("before the event", "after the event"):
            os.kill(os.getpid(), signal.SIGKILL)

    @operation
    def release() -> None:
        candidate = maker(root)(GOOD, name=name)
        released = releases.release(
            candidate, root=root, settings=SETTINGS, seed=7, announce=announce_and_die
        )
        (root / name / "run_id").write_text(released.run_id)

    release()


def _releases(webhook: Sink, root: Path, moments: dict[str, str], killed: dict[str, bool]) -> int:
    calls = Counter(
        call["payload"]["run_id"] for call in webhook.calls if call["event"] == "vq.released"
    )
    arrived = {name: calls[(root / name / "run_id").read_text()] for name in moments}
    for name, moment in moments.items():
        ended = f"killed {moment}" if killed[name] else "ended before its kill"
        sys.stdout.write(f"{name:>3}  {ended:<24}  {arrived[name]}\n")
    table = Counter(arrived.values())
    sys.stdout.write(
        "".join(f"{number} releases arrived {times} times\n" for times, number in table.items())
    )
    return int(0 in table)


def _crashes(webhook: Sink, runs: Sequence[str]) -> int:
    calls = [call["flow_run"] for call in webhook.calls if call["event"] == "vq.failed"]
    arrived = [sum(run in call for call in calls) for run in runs]
    sys.stdout.write(f"vq.failed of {len(runs)} killed runs: {arrived}\n")
    return int(0 in arrived)


if __name__ == "__main__":
    sys.exit(main())
