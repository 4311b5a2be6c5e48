"""Two Ray nodes on this machine against one: the same results, what it costs, a node that dies.

    python -m benchmarks.ray --videos DIR --count 200 --out DIR
    python -m benchmarks.ray --videos DIR --count 200 --out DIR --work score

Clips of DIR become a data set; the flow task of `extract` fills the cache of their features, with
the zoo of params.yaml, or the flow `score` scores them with the student that is part of vq

    stage    as without Ray: two processes of the stage itself, or two workers that score
    ray      parts of it on two nodes of one core each, and then the rest, which finds everything
    killed   the same, and one node gets SIGKILL when half of the videos are done

from nothing each time; a Prefect server is there, and the Ray cluster too: starting them is not
counted. Features and index, or rows but for their seconds, are compared bit for bit with those of
one process, which is run first.

Prints the table; writes `DIR/WORK.json`. CPU is of the flow, and of all that works on the nodes.
Exits with 1 if a result differs, a video is lost or a run does not end Completed.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import yaml
from rich.console import Console
from rich.table import Table

from tests.flows.server import server
from tests.workspace import ROOT, change, commit, make_workspace, run
from vq.data import manifest
from vq.features.cache import Cache
from vq.pipeline.run_stages import files_of
from vq.scoring.formats import read

CLIPS = "data/clips"
CARD = {
    "name": "clips",
    "opinion": "synthetic",
    "scale": {"min": 1, "max": 5},
    "better": "higher",
    "licence": "see their source",
}


EXTRACT = """
import sys
from pathlib import Path

from prefect import flow

from flows.train import bring_up_to_date
from vq.pipeline.workspace_lock import hold

root = Path(sys.argv[1])


@flow
def extract():
    with hold(root):
        bring_up_to_date(root, "extract")


extract()
"""
"""Runs in the workspace, on the code that lies there, as nodes do."""
SCORE = """
from flows.score import score

score(["data/clips/videos"], "reports/scores.csv", model="shipped", jobs=2)
"""


@dataclass(frozen=True)
class Work:
    """Something that machines can share, seen from outside."""

    flow: str
    """A program that does it, in the workspace."""
    alone: Callable[[Path, Path], None]
    """Does it in one process, and puts what came of it into a folder."""
    clear: Callable[[Path], None]
    """Takes away what came of it."""
    done: Callable[[Path, Path], int]
    """How many videos are done, while it is at work."""
    compare: Callable[[Path, Path], tuple[int, bool]]
    """How many videos are done in the end, and whether all is as one process left it."""
    count: Callable[[Path], int]
    """How many videos one process did."""


@dataclass(frozen=True)
class Result:
    """Of one way to do some work."""

    way: str
    state: str
    """Of the flow run."""
    wall_s: float
    cpu_s: float
    videos: int
    identical: bool
    """All that comes of it, to what one process says."""


def make(root: Path, videos: Path, count: int) -> None:
    """Make a workspace of some clips."""
    make_workspace(root)
    shutil.copy(ROOT / "params.yaml", root / "params.yaml")
    clips = root / CLIPS
    (clips / "videos").mkdir(parents=True)
    found = sorted(path for path in videos.iterdir() if path.is_file())[:count]
    for path in found:
        shutil.copy(path.resolve(), clips / "videos" / path.name)
    rows = "".join(f"{path.name}\n" for path in found)
    (clips / "labels.csv").write_text(f"video\n{rows}")
    (clips / "card.yaml").write_text(yaml.safe_dump(CARD))
    (clips / "columns.yaml").touch()
    (clips / "expectations.yaml").touch()
    change(
        root / "params.yaml",
        {"data": {"dir": CLIPS}, "validate": {"max_rejected": 1.0}},
    )
    (root / "data/demo/dvc.yaml").unlink()
    commit(root, "Clips")


def measure(
    way: str, work: Work, root: Path, env: dict[str, str], settings: dict[str, Any]
) -> Result:
    """Do the work from nothing; the Ray cluster, if it is one, is there."""
    change(root / "params.yaml", {"run": settings})
    work.clear(root)
    with spent(root) as seconds:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", work.flow, str(root)],
            cwd=root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.perf_counter() - start
    (root.parent / f"{way}.log").write_text(done.stdout + done.stderr)
    cpu = sum(seconds.values())
    state = "Completed" if done.returncode == 0 else "Failed"
    return Result(
        way, state, round(wall, 1), round(cpu, 1), *work.compare(root, one_of(root, work))
    )


@contextmanager
def spent(root: Path) -> Iterator[dict[int, float]]:
    """CPU seconds of each process of a workspace, while they live or until they end."""
    seconds: dict[int, float] = {}
    ended = threading.Event()

    def look() -> None:
        for process in psutil.process_iter():
            try:
                if process.environ().get("VQ_BENCHMARK") == str(root):
                    used = process.cpu_times()
                    seconds[process.pid] = used.user + used.system
            except psutil.Error:
                continue

    def watch() -> None:
        while not ended.wait(0.5):
            look()

    look()
    before = dict(seconds)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield seconds
    ended.set()
    watcher.join()
    look()
    for pid, used in before.items():
        seconds[pid] -= used


def extract_alone(root: Path, one: Path) -> None:
    """The stage itself, with one process, after those before it."""
    run(root, "dvc", "repro", "validate")
    files = files_of(root, "extract")
    paths = [str(files[name]) for name in ("accepted", "videos", "weights", "cache", "features")]
    run(root, "vq", "extract", *paths, "--jobs", "1", timeout=3600)
    files["cache"].rename(one / "cache")
    files["features"].rename(one / "features.json")


def no_features(root: Path) -> None:
    """An empty cache."""
    shutil.rmtree(root / "artifacts/cache", ignore_errors=True)
    (root / "artifacts/features.json").unlink(missing_ok=True)
    # Else dvc would remember what came of it last time.
    shutil.rmtree(root / ".dvc/cache/runs", ignore_errors=True)


def extracted(root: Path, one: Path) -> int:
    """Videos whose views are in the cache."""
    key = json.loads((one / "features.json").read_bytes())["views"]["key"]
    return len(Cache(root / "artifacts/cache").where(key))


def count_features(one: Path) -> int:
    """Videos of the index."""
    return int(json.loads((one / "features.json").read_bytes())["videos"])


def same_features(root: Path, one: Path) -> tuple[int, bool]:
    """Every feature, every view and the index."""
    index = root / "artifacts/features.json"
    if not index.exists():
        return 0, False
    known = json.loads(index.read_bytes())
    same = index.read_bytes() == (one / "features.json").read_bytes()
    shas = manifest.read(root / "artifacts/accepted.parquet")["sha256"].tolist()
    for key in [*(e["key"] for e in known["experts"].values()), known["views"]["key"]]:
        ours, theirs = (Cache(c).read(key, shas) for c in (root / "artifacts/cache", one / "cache"))
        pairs = zip(ours, theirs, strict=True)
        same = same and all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in pairs)
    return int(known["videos"]), same


def score_alone(root: Path, one: Path) -> None:
    """The command, with one job of one thread."""
    command = ("score", f"{CLIPS}/videos", "--model", "shipped", "--threads", "1", "--output")
    run(root, "vq", *command, str(one / "scores.csv"), check=False, timeout=3600)


def no_scores(root: Path) -> None:
    """No rows, finished or not."""
    shutil.rmtree(root / "reports", ignore_errors=True)
    shutil.rmtree(root / ".dvc/tmp/score", ignore_errors=True)


def scored(root: Path, one: Path) -> int:
    """Videos whose rows wait for the others."""
    files = (root / ".dvc/tmp/score/shards").glob("*/[!.]*.jsonl")
    return sum(len(file.read_bytes().splitlines()) for file in files)


def count_scores(one: Path) -> int:
    """Rows."""
    return sum(1 for _ in read(one / "scores.csv", "csv"))


def same_scores(root: Path, one: Path) -> tuple[int, bool]:
    """Every row, in order, but for the time it took."""
    file = root / "reports/scores.csv"
    if not file.exists():
        return 0, False
    ours, theirs = (
        [replace(row, seconds=0.0) for row in read(path, "csv")]
        for path in (file, one / "scores.csv")
    )
    return len(ours), ours == theirs


WORK = {
    "extract": Work(EXTRACT, extract_alone, no_features, extracted, same_features, count_features),
    "score": Work(SCORE, score_alone, no_scores, scored, same_scores, count_scores),
}


def one_of(root: Path, work: Work) -> Path:
    """The folder of what one process says."""
    name = next(name for name, known in WORK.items() if known is work)
    return root.parent / f"one-{name}"


@contextmanager
def cluster(env: dict[str, str], root: Path) -> Iterator[tuple[str, list[int]]]:
    """A head that does no work and two nodes of one core each: the address, the nodes' raylets."""
    os.environ.update(env, VQ_BENCHMARK=str(root))
    from ray.cluster_utils import Cluster

    there = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [there.add_node(num_cpus=1) for _ in range(2)]
    there.wait_for_nodes()
    try:
        yield there.address, [node.all_processes["raylet"][0].process.pid for node in nodes]
    finally:
        there.shutdown()


def kill_half_way(raylet: int, work: Work, root: Path, count: int) -> None:
    """SIGKILL a node, with all that runs on it, when half of the videos are done."""
    while work.done(root, one_of(root, work)) < count / 2:
        time.sleep(0.2)
    node = psutil.Process(raylet)
    for process in [node, *node.children(recursive=True)]:
        process.send_signal(signal.SIGKILL)


def main() -> None:
    """Run all ways."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", choices=list(WORK), default="extract")
    given = parser.parse_args()
    out, work = given.out.resolve(), WORK[given.work]
    root = out / "workspace"
    if not root.exists():
        make(root, given.videos, given.count)
    one = one_of(root, work)
    if not one.exists():
        one.mkdir()
        work.clear(root)
        work.alone(root, one)
    count = work.count(one)
    found = []
    with server(out / "prefect") as prefect:
        env = prefect.environment(root) | {"VQ_BENCHMARK": str(root), "OMP_NUM_THREADS": "1"}
        found.append(measure("stage", work, root, env, {"runner": "stage"}))
        for way in ("ray", "killed"):
            with cluster(env, root) as (address, raylets):
                if way == "killed":
                    threading.Thread(
                        target=kill_half_way, args=(raylets[0], work, root, count), daemon=True
                    ).start()
                settings = {"runner": "ray", "address": address}
                found.append(measure(way, work, root, env, settings))
    table = Table(title=f"{count} videos, load {os.getloadavg()[1]:.1f} over five minutes")
    for name in asdict(found[0]):
        table.add_column(name)
    for result in found:
        table.add_row(*map(str, asdict(result).values()))
    Console(width=120).print(table)
    base, ray = found[0], found[1]
    Console().print(
        f"overhead of Ray: CPU {ray.cpu_s / base.cpu_s - 1:+.1%}, "
        f"wall {ray.wall_s / base.wall_s - 1:+.1%}"
    )
    (out / f"{given.work}.json").write_text(
        json.dumps([asdict(result) for result in found], indent=1)
    )
    good = all(r.identical and r.videos == count and r.state == "Completed" for r in found)
    sys.exit(not good)


if __name__ == "__main__":
    main()
