"""How fast files are looked at: packets counted, and probed as `vq import` does, against ffprobe.

    python -m benchmarks.probe --videos DIR

Clips a second on one core, by CPU time (user and system, of ffprobe with its start), the least of
the rounds. `counts agree` says of how many clips our count of packets is that of
`ffprobe -count_packets`.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vq.video import packets
from vq.video.probe import probe
from vq.video.suffixes import SUFFIXES

FFPROBE = (
    *("ffprobe", "-v", "error", "-select_streams", "v:0", "-count_packets"),
    *("-show_entries", "stream=nb_read_packets", "-of", "csv=p=0"),
)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print a line for each way."""
    given = _parse(argv)
    clips = sorted(path for path in given.videos.iterdir() if path.suffix.lower() in SUFFIXES)
    counted = {path: len(packets.read(path).pts) for path in clips}
    agree = sum(_ffprobe(path) == counted[path] for path in clips)
    ways: dict[str, Callable[[Path], object]] = {
        "ffprobe -count_packets": _ffprobe,
        "packets counted": packets.read,
        "probed, as by vq import": probe,
    }
    seconds = {
        name: min(_cpu(way, clips) for _ in range(given.rounds)) for name, way in ways.items()
    }
    sys.stdout.write(f"{len(clips)} clips, counts agree: {agree}\n")
    for name, cost in seconds.items():
        ratio = cost / seconds["ffprobe -count_packets"]
        sys.stdout.write(f"{name:26} {len(clips) / cost:7.1f} clips/s  {ratio:6.2f} x ffprobe\n")


def _ffprobe(path: Path) -> int:
    done = subprocess.run([*FFPROBE, f"file:{path}"], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0].strip(","))


def _cpu(way: Callable[[Path], object], clips: Sequence[Path]) -> float:
    before = _used()
    for path in clips:
        way(path)
    return _used() - before


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probe")
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
