"""What the flow `train` costs beside `dvc repro`: with nothing to do, and with everything.

    prefect deploy --all && prefect worker start --pool vq      # in a workspace that has trained
    python -m benchmarks.flow_cost --workspace DIR --rounds 3 --full 2

Both in turn, on the same workspace. `wall` is what a person waits for `prefect deployment run
train/train --watch`, the poll of the worker and the start of the process included; `in the flow` is
the part from its first line to its last. A full run is one with another seed: every stage that
depends on the seed runs, features that are cached stay. The workspace keeps its seed.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

SEED = re.compile(r"^seed: \d+", re.MULTILINE)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print a line for each run, then the differences."""
    given = _parse(argv)
    params = given.workspace / "params.yaml"
    before = params.read_text()
    try:
        _compare("nothing stale", given.workspace, [None] * given.rounds)
        seeds = range(given.seed, given.seed + given.full)
        _compare("full", given.workspace, list(seeds))
    finally:
        params.write_text(before)


def _compare(name: str, root: Path, seeds: Sequence[int | None]) -> None:
    walls: dict[str, list[float]] = {"dvc repro": [], "flow": [], "in the flow": []}
    stages = 0
    for seed in seeds:
        if seed is not None:
            _set(root, 2 * seed)
        wall, _ = _run(root, "dvc", "repro")
        walls["dvc repro"].append(wall)
        if seed is not None:
            _set(root, 2 * seed + 1)
        wall, said = _run(root, "prefect", "deployment", "run", "train/train", "--watch")
        ran, stages = _of_run(said)
        walls["flow"].append(wall)
        walls["in the flow"].append(ran)
        last = ", ".join(f"{kind} {seconds[-1]:.1f} s" for kind, seconds in walls.items())
        sys.stdout.write(f"{name}: {last}\n")
        sys.stdout.flush()
    if not seeds:
        return
    dvc, flow, ran = (mean(seconds) for seconds in walls.values())
    sys.stdout.write(
        f"{name}, mean of {len(seeds)}: wall {flow - dvc:+.1f} s ({flow / dvc - 1:+.1%}), "
        f"in the flow {ran - dvc:+.1f} s ({ran / dvc - 1:+.1%}, {(ran - dvc) / stages:+.2f} s for "
        f"each of {stages} tasks)\n"
    )


def _set(root: Path, seed: int) -> None:
    path = root / "params.yaml"
    path.write_text(SEED.sub(f"seed: {seed}", path.read_text()))


def _run(root: Path, *command: str) -> tuple[float, str]:
    start = time.monotonic()
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.monotonic() - start, done.stdout


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
    parser.add_argument("--full", type=int, default=2, help="with another seed")
    parser.add_argument("--seed", type=int, default=1000)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
