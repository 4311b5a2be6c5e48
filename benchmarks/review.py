"""How long a reviewer waits for `vq diff`, beside `dvc status` of the same workspace.

    python -m benchmarks.review --workspace DIR --revision REV --rounds 5

In turn, each in a process of its own, in a workspace that has run; `--out` draws the picture too.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print the median and the most of each."""
    given = _parse(argv)
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "dvc status": ["dvc", "status"],
            "vq diff": ["vq", "diff", given.revision],
            "vq diff --out": ["vq", "diff", given.revision, "--out", folder],
        }
        runs = [
            {name: _run(given.workspace, command) for name, command in commands.items()}
            for _ in range(given.rounds)
        ]
    for name in commands:
        wall, cpu = ([run[name][n] for run in runs] for n in (0, 1))
        sys.stdout.write(
            f"{name}: {statistics.median(wall):.2f} s (at most {max(wall):.2f}), "
            f"{statistics.median(cpu):.2f} s of CPU\n"
        )


def _run(root: Path, command: Sequence[str]) -> tuple[float, float]:
    """Wall time and CPU time, in seconds."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--revision", default="HEAD~1", help="where the change starts")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
