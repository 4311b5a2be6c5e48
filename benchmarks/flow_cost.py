"""What the flow `train` costs beside `dvc repro`: with nothing to do, and with everything.

    prefect deploy --all && prefect worker start --pool vq      # in a workspace that has trained
    python -m benchmarks.flow_cost --workspace DIR --rounds 3 --full 1

Both in turn, on the same workspace. With nothing stale, `wall` is what a person waits for `prefect
deployment run train/train --watch`, the poll of the worker and the start of the process included;
`in the flow` is the part from its first line to its last. With everything, the flow is called in a
process of its own, and CPU time (user and system, all processes) is told beside wall time: other
work on the machine changes it less. Everything is another seed: each stage that depends on the seed
runs, features that are cached stay. The workspace keeps its seed.
"""

import argparse
import re
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

SEED = re.compile(r"^seed: \d+", re.MULTILINE)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print a line for each run, then the differences."""
    given = _parse(argv)
    for _ in range(given.rounds):
        _nothing_stale(given.workspace)
    params = given.workspace / "params.yaml"
    before = params.read_text()
    try:
        for seed in range(given.seed, given.seed + given.full):
            _everything(given.workspace, seed)
    finally:
        params.write_text(before)


def _nothing_stale(root: Path) -> None:
    dvc = _run(root, "dvc", "repro")
    flow = _run(root, "prefect", "deployment", "run", "train/train", "--watch")
    inside, tasks = _of_run(flow.said)
    sys.stdout.write(
        f"nothing stale: dvc repro {dvc.wall:.1f} s, flow {flow.wall:.1f} s "
        f"({flow.wall - dvc.wall:+.1f}), in the flow {inside:.1f} s ({inside - dvc.wall:+.1f}, "
        f"{tasks} tasks)\n"
    )
    sys.stdout.flush()


def _everything(root: Path, seed: int) -> None:
    _set(root, 2 * seed)
    dvc = _run(root, "dvc", "repro")
    _set(root, 2 * seed + 1)
    flow = _run(root, sys.executable, "-c", "from flows.train import train; train()")
    for name, used in (("dvc repro", dvc), ("flow", flow)):
        sys.stdout.write(f"full, {name}: {used.cpu:.1f} s of CPU, {used.wall:.1f} s of wall time\n")
    sys.stdout.write(f"full, flow: {flow.cpu / dvc.cpu - 1:+.1%} CPU\n")
    sys.stdout.flush()


def _set(root: Path, seed: int) -> None:
    path = root / "params.yaml"
    path.write_text(SEED.sub(f"seed: {seed}", path.read_text()))


@dataclass(frozen=True)
class Used:
    """What a command took, in seconds, and what it said."""

    wall: float
    cpu: float
    said: str


def _run(root: Path, *command: str) -> Used:
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Used(wall, cpu, done.stdout)


def _of_run(said: str) -> tuple[float, int]:
    """Seconds that a flow run took from its start to its end, and its number of tasks."""
    found = re.search(r"UUID: (\S+)", said)
    if found is None:
        raise SystemExit(f"no run was started:\n{said}")
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(found[1]))
        if not (run.state and run.state.is_completed()):
            raise SystemExit(f"the run ended otherwise: {run.state}")
        of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
        tasks = client.read_task_runs(flow_run_filter=of_run)
        return run.total_run_time.total_seconds(), len(tasks)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3, help="with nothing stale")
    parser.add_argument("--full", type=int, default=1, help="with another seed")
    parser.add_argument("--seed", type=int, default=1000)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
