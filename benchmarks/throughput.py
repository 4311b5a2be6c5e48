"""Many short clips: what a second job brings, and whether memory grows.

    python -m benchmarks.throughput --videos DIR --rounds 2

`vq score DIR` with one job, with the default (one job a core), and with two jobs, in turn in each
round; ratios are to the first in the same round. Memory is what all processes hold (PSS) when a row
comes out: the largest while the first hundred do, and while the last hundred do. The rows of all
have to be the same but for `seconds`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, cast

from rich.console import Console
from rich.table import Table

from benchmarks.scoring import held

HOW = {
    "one job": ("--jobs", "1", "--threads", "1"),
    "default": (),
    "two jobs": ("--jobs", "2"),
}
EVERY = 10
"""Rows between two looks at memory, which cost time."""
ENDS = 100
"""Rows at the begin and at the end of which memory is told."""


@dataclass(frozen=True)
class Run:
    """One way, once."""

    seconds: float
    first_mb: float
    last_mb: float
    rows: list[dict[str, object]]


def main(argv: Sequence[str] | None = None) -> None:
    """Score the folder each way in each round, compare the rows, print."""
    given = _parse(argv)
    runs: dict[str, list[Run]] = {name: [] for name in HOW}
    for _ in range(given.rounds):
        for name, how in HOW.items():
            runs[name].append(run(given.videos, how))
    rows = next(iter(runs.values()))[0].rows
    if any(one.rows != rows for some in runs.values() for one in some):
        raise SystemExit("throughput: rows differ between two ways of scoring the same videos")
    table = Table("", "s", "videos/s", "throughput x", "MB, first 100", "MB, last 100")
    for name, some in runs.items():
        seconds = median(one.seconds for one in some)
        pairs = zip(runs["one job"], some, strict=True)
        times = median(plain.seconds / one.seconds for plain, one in pairs)
        memory = [max(one.first_mb for one in some), max(one.last_mb for one in some)]
        table.add_row(
            name, f"{seconds:.1f}", f"{len(rows) / seconds:.1f}", f"{times:.2f}",
            *(f"{mb:.0f}" for mb in memory),
        )  # fmt: skip
    failed = sum(row["status"] != "ok" for row in rows)
    console = Console(width=100)
    console.print(table)
    console.print(f"{len(rows)} videos, {failed} without a score; the same rows each way")


def run(videos: Path, how: Sequence[str]) -> Run:
    """Score a folder once.

    Raises:
        SystemExit: nothing could be scored.
    """
    vq = str(Path(sys.executable).with_name("vq"))
    begin = time.perf_counter()
    command = [vq, "score", str(videos), "--format", "jsonl", *how]
    memory: list[float] = []
    rows: list[dict[str, object]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in cast(IO[bytes], process.stdout):
            rows.append({**json.loads(line), "seconds": None})
            if len(rows) % EVERY == 1:
                memory.append(held(process.pid) / 1e6)
    seconds = time.perf_counter() - begin
    if process.returncode not in (0, 1) or not rows:
        raise SystemExit(f"throughput: {' '.join(command)} ended with {process.returncode}")
    ends = ENDS // EVERY
    return Run(seconds, max(memory[:ends]), max(memory[-ends:]), rows)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
