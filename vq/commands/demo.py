"""`vq demo VIDEOS LABELS`: make the demo data set."""

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from vq import code_version
from vq.pipeline import durations
from vq.pipeline.workspace_lock import workspace_of
from vq.synthetic.demo.dataset import load, make
from vq.words import count


def add_arguments(parser: ArgumentParser) -> None:
    """What `vq demo` takes."""
    parser.add_argument("videos", type=Path, help="folder to make, with all videos")
    parser.add_argument("labels", type=Path, help="label file (CSV) to write")
    parser.add_argument(
        "--params", type=Path, default=Path("params.yaml"), help="YAML file with a section `demo`"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)"
    )


def run(args: Namespace) -> int:
    """Make the data set; say how long it took.

    Raises:
        VqError: the workspace has another `vq` than this one.
    """
    if root := workspace_of(args.labels):
        code_version.check(root)
    params = load(args.params)
    started = time.perf_counter()
    columns = (
        TextColumn("filming"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("films"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("films", total=None)
        make(
            params,
            args.videos,
            args.labels,
            jobs=max(1, args.jobs),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    made = sum(1 for _ in args.videos.iterdir())
    seconds = time.perf_counter() - started
    durations.record(args.labels, "demo", seconds)
    sys.stdout.write(
        f"{count(made, 'video')} in {args.videos}, synthetic MOS in {args.labels}, "
        f"{seconds:.0f} s\n"
    )
    return 0
