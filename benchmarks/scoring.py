"""What a score costs, against decoding the file: CPU, wall time, memory; and whether it is exact.

    python -m benchmarks.scoring --videos DIR --out DIR

Each clip is scored by `vq score`, the whole process from its start to the printed row, in each
mode; the reference, `ffmpeg -threads 2 -f null -`, decodes all of it in the same round. Ratios are
medians over the rounds. CPU is user and system time of all processes; memory is the largest sum
of what they hold at a time (PSS: pages that are shared count once). `identical` says that the views
are those of a decoder that walks through the whole file, bit for bit.

Prints the table and, apart, the start-up (a clip of eight tiny frames); writes `DIR/results.json`.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import av
import numpy as np
import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from vq.inference import runtime
from vq.inference.modes import MODES, Mode, spec_of
from vq.scoring.locate import default, locate
from vq.video import cheapest_frames, packets, stream
from vq.video.convert import Converter

POLL_S = 0.01


@dataclass(frozen=True)
class Cost:
    """Of one process and all that it started."""

    cpu: float
    """Seconds, user and system."""
    wall: float
    """Seconds."""
    peak_mb: float


@dataclass(frozen=True)
class Result:
    """One clip in one mode; ratios to decoding it, medians over rounds."""

    clip: str
    mode: str
    cpu_ratio: float
    wall_ratio: float
    cpu_above: float
    """CPU seconds above decoding; negative where scoring costs less."""
    peak_mb: float
    identical: bool
    cpu_ratio_warm: float
    """Start-up not counted."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every clip of the folder, print, write."""
    given = _parse(argv)
    if shutil.which("ffmpeg") is None:
        raise SystemExit("scoring: there is no ffmpeg to compare with; install it")
    clips = sorted(path for path in given.videos.iterdir() if path.is_file())
    if not clips:
        raise SystemExit(f"scoring: {given.videos}: no file in it; give a folder of clips")
    given.out.mkdir(parents=True, exist_ok=True)
    model = runtime.load(locate(given.model))
    start = startup(given.model, given.rounds)
    found: list[Result] = []
    for clip in track(clips, "clips", console=Console(stderr=True)):
        costs = measure(clip, given.model, rounds=given.rounds)
        found += [result(clip, mode, costs, start.cpu, model) for mode in MODES]
        rows = [asdict(one) for one in found]
        (given.out / "results.json").write_text(json.dumps(rows, indent=2) + "\n")
    _show(found, start)


def startup(model: str, rounds: int) -> Cost:
    """Of a score for which there is next to nothing to decode."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.mp4"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=8)
            stream.width = stream.height = 64
            for n in range(8):
                picture = np.full((64, 64, 3), 30 * n, np.uint8)
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            out.mux(stream.encode(None))
        costs = [spend(_score(path, model, "exact")) for _ in range(rounds)]
    return _middle(costs)


def measure(clip: Path, model: str, *, rounds: int) -> dict[str, list[Cost]]:
    """What each mode costs on one clip, and decoding, side by side in each round."""
    decode = ["ffmpeg", "-v", "error", "-threads", "2", "-i", str(clip), "-map", "0:v:0"]
    commands = {mode: _score(clip, model, mode) for mode in MODES}
    commands["decode"] = [*decode, "-f", "null", "-"]
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(spend(command))
    return costs


def result(
    clip: Path, mode: Mode, costs: dict[str, list[Cost]], start: float, model: runtime.Model
) -> Result:
    """Ratios of a mode, and whether it is exact."""
    pairs = list(zip(costs[mode], costs["decode"], strict=True))
    return Result(
        clip.name,
        mode,
        cpu_ratio=round(median(one.cpu / whole.cpu for one, whole in pairs), 3),
        wall_ratio=round(median(one.wall / whole.wall for one, whole in pairs), 3),
        cpu_above=round(median(one.cpu - whole.cpu for one, whole in pairs), 3),
        peak_mb=round(median(one.peak_mb for one in costs[mode]), 1),
        identical=identical(clip, mode, model),
        cpu_ratio_warm=round(median((one.cpu - start) / whole.cpu for one, whole in pairs), 3),
    )


def identical(clip: Path, mode: Mode, model: runtime.Model) -> bool:
    """Are the views those of whole frames, from a decoder that walks through the whole file?"""
    looked, _ = model.look(clip, mode)
    spec = spec_of(mode, model.spec)
    promised = packets.read(clip)
    pairs = spec.pairs(looked.frame_count, promised)
    if looked.cheap:
        pairs = cheapest_frames.pairs(promised, pairs) or pairs
    frames: dict[int, np.ndarray] = {}
    walked = 0
    for number, (_, frame) in enumerate(stream.frames(clip)):
        if not number:
            convert = Converter(frame)
        if number in looked.numbers:
            frames[number] = convert.rgb(frame)
        walked += 1
    views = [spec.view(frames[now], frames[after]) for now, after in pairs]
    return walked == looked.frame_count and bool((np.stack(views) == looked.views).all())


def spend(command: Sequence[str]) -> Cost:
    """Run a command to its end, and say what it and its children took.

    Raises:
        SystemExit: it failed.
    """
    begin = time.perf_counter()
    before = os.times()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        peak = _Peak(process.pid)
        code = process.wait()
        wall = time.perf_counter() - begin
        if code:
            said.seek(0)
            raise SystemExit(f"scoring: {' '.join(command)}: {said.read().decode()[-500:]}")
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return Cost(cpu, wall, peak.stop())


class _Peak(threading.Thread):
    """Watches how much memory a tree of processes holds."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most, self.over = pid, 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self.over.wait(POLL_S):
            self.most = max(self.most, held(self.pid))

    def stop(self) -> float:
        """The most, in MB."""
        self.over.set()
        self.join()
        return self.most / 1e6


def held(pid: int) -> int:
    """Bytes that a tree of processes holds (PSS); 0 once it is gone."""
    try:
        root = psutil.Process(pid)
        return sum(_held(one) for one in [root, *root.children(recursive=True)])
    except psutil.Error:
        return 0


def _held(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _score(clip: Path, model: str, mode: str) -> list[str]:
    vq = str(Path(sys.executable).with_name("vq"))
    command = [vq, "score", str(clip), "--model", model]
    return [*command, "--mode", mode, "--format", "jsonl"]


def _middle(costs: Sequence[Cost]) -> Cost:
    return Cost(
        *(median(getattr(one, name) for one in costs) for name in ("cpu", "wall", "peak_mb"))
    )


def _show(found: Sequence[Result], start: Cost) -> None:
    table = Table(
        "clip", "mode", "CPU x", "less start-up", "wall x", "CPU above, s", "peak MB", "identical"
    )
    for one in found:
        numbers = (one.cpu_ratio, one.cpu_ratio_warm, one.wall_ratio, one.cpu_above)
        told = [f"{number:.2f}" for number in numbers]
        table.add_row(one.clip, one.mode, *told, f"{one.peak_mb:.0f}", str(one.identical))
    console = Console(width=110)
    console.print(table)
    console.print(f"start-up: {start.cpu:.2f} s of CPU, {start.wall:.2f} s, {start.peak_mb:.0f} MB")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default=default(), help="folder of a student")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
