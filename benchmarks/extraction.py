"""What extraction costs, against what its parts cost alone; memory by length; what fp16 rounds off.

    python -m benchmarks.extraction --out DIR                  # on clips it makes: a smoke test
    python -m benchmarks.extraction --videos DIR --out DIR --lengths 10 120 600 --models resnet18

The experts are those of params.yaml. CPU seconds are user and system time of one process that does
nothing else; wall seconds are those of `vq extract` with as many processes as there are cores. On a
machine that others use, processes wait for a core: the kernel says how long, and `undisturbed` is
the wall time without that (of the main process, and of its workers on average). It is what ratios
are made of.
"""

import argparse
import json
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from vq import params
from vq.data import manifest
from vq.errors import VqError
from vq.video.decode import Decoded, in_groups
from vq.video.packets import Packets
from vq.video.probe import sha256
from vq.video.suffixes import SUFFIXES
from vq.workers.process_pool import cores
from vq.zoo import extract as zoo
from vq.zoo import extract_features
from vq.zoo.expert import Expert
from vq.zoo.runtime import Network, network_of
from vq.zoo.task import VIEWS, Video


@dataclass
class Alone:
    """CPU seconds of each part, over all videos, and what the experts said."""

    decode: float
    parts: dict[str, float]
    rows: dict[str, np.ndarray]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print tables, and write extraction.json."""
    given = _parse(argv)
    given.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    try:
        settings = params.load(given.params).extract
        found: dict[str, Any] = {"torch": torch.__version__, "cores": cores(0)}
        folder = given.videos or _made(given.out / "made")
        videos = [Video(sha256(path), path) for path in _files(folder)]
        experts = zoo.create(settings)
        planned = zoo.plan(settings, experts, given.out / "unused")
        zoo.export(experts, settings)
        costs = alone(videos, experts, planned)
        found["networks"] = networks(experts, given.models, settings)
        found["rounding"] = rounding(costs.rows, experts)
        found["memory_mb"] = memory(
            given.lengths, given.out / "long", experts, planned, large=not given.small
        )
        found |= run(videos, costs, settings, given)
    except VqError as error:
        raise SystemExit(f"extraction: {error}") from error
    (given.out / "extraction.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    _print(found)


def alone(videos: Sequence[Video], experts: Mapping[str, Expert], planned: zoo.Plan) -> Alone:
    """Decode each video, hold what is looked at, and give it to one part after the other."""
    kinds = [*sorted({expert.kind for expert in experts.values()}), VIEWS]
    made = Alone(0.0, dict.fromkeys([*experts, VIEWS], 0.0), {})
    rows: dict[str, list[np.ndarray]] = {name: [] for name in experts}
    for video in videos:
        looks, seconds = _timed(lambda path=video.path: _looks(path, kinds, planned))
        made.decode += seconds
        for name, expert in experts.items():
            clips = [
                np.stack([d.pixels[number] for number in numbers])
                for (kind, numbers), d in looks
                if kind == expert.kind
            ]
            said, seconds = _timed(lambda e=expert, c=clips: [e.describe(pixels) for pixels in c])
            made.parts[name] += seconds
            rows[name] += said
        pairs = [[d.pixels[n] for n in numbers] for (kind, numbers), d in looks if kind == VIEWS]
        _, seconds = _timed(lambda p=pairs: [planned.views.view(*pair) for pair in p])
        made.parts[VIEWS] += seconds
    made.rows = {name: np.concatenate(said) for name, said in rows.items()}
    return made


def _looks(
    path: Path, kinds: Sequence[str], planned: zoo.Plan
) -> list[tuple[tuple[str, list[int]], Decoded]]:
    """What is looked at together, and its frames."""
    glimpses: list[tuple[str, list[int]]] = []

    def choose(count: int, promised: Packets | None) -> list[list[int]]:
        glimpses[:] = extract_features.glimpses(kinds, count, promised, planned)
        return [numbers for _, numbers in glimpses]

    held = in_groups(path, choose, lambda _, group: group)
    return list(zip(glimpses, held, strict=True))


def run(
    videos: Sequence[Video], costs: Alone, settings: params.Extract, given: argparse.Namespace
) -> dict[str, Any]:
    """`vq extract` on an empty cache, and once more with nothing to do: what starting costs."""
    count = cores(given.jobs)
    work = given.out / "run"
    work.mkdir(exist_ok=True)
    top = Path("/")
    rows = [{"video": str(v.path.resolve().relative_to(top)), "sha256": v.sha256} for v in videos]
    manifest.write(manifest.build(rows), work / "accepted.parquet")
    weights = Path("weights")
    files = [work / "accepted.parquet", top, weights, work / "cache", work / "features.json"]
    command = [sys.executable, "-c", "import sys; from vq.cli import main; sys.exit(main())"]
    command += ["extract", *map(str, files), "--params", str(given.params)]
    command += ["--jobs", str(count)]
    shutil.rmtree(work / "cache", ignore_errors=True)
    full, again = _watched(command), _watched(command)
    inference = sum(costs.parts.values())
    ideal = (costs.decode + inference) / count
    return {
        "videos": len(videos),
        "jobs": count,
        "decode_cpu_s": costs.decode,
        "inference_cpu_s": costs.parts,
        "ideal_s": ideal,
        "run": full | {"ratio": full["undisturbed_s"] / ideal},
        "nothing_to_do": again,
        "ratio_without_start": (full["undisturbed_s"] - again["undisturbed_s"]) / ideal,
    }


def networks(
    experts: Mapping[str, Expert], models: Sequence[str], settings: params.Extract
) -> dict[str, dict[str, float]]:
    """CPU milliseconds of a row, eager torch against ONNX Runtime, and how far they are apart."""
    more = {name: params.Expert(catalog="timm", model=name, weights="random") for name in models}
    every = dict(experts)
    if more:
        every |= zoo.create(settings.model_copy(update={"experts": more}))
    found = {}
    rng = np.random.default_rng(0)
    for name, expert in every.items():
        network = network_of(expert)
        if network is None:
            continue
        frames = settings.clip_frames if expert.kind == "clip" else 1
        spy = _Spy(network)
        spied: Any = expert
        replace(spied, network=spy).describe(rng.integers(0, 256, (frames, 384, 640, 3), np.uint8))
        given = torch.from_numpy(spy.pixels)
        with torch.inference_mode():
            expected, eager = _best(lambda g=given, n=network: n.module(g).numpy())
        told, runtime = _best(lambda g=given, n=network: n(g.numpy()))
        apart = float(np.abs(told - expected).max() / np.abs(expected).max())
        found[name] = {"eager_ms": eager * 1e3, "onnx_ms": runtime * 1e3, "apart": apart}
    return found


class _Spy(Network):
    """Stands for a network, and remembers what it was given."""

    def __init__(self, network: Network) -> None:
        super().__init__(network.module)
        self._spied = network
        self.pixels = np.empty(0, np.uint8)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Remember, and describe."""
        self.pixels = pixels
        return self._spied(pixels)


def rounding(
    rows: Mapping[str, np.ndarray], experts: Mapping[str, Expert]
) -> dict[str, dict[str, float]]:
    """What half precision changes in features that are kept so.

    `relative` is the largest change of a number of at least 1e-4, as a share of it: half of 2^-10
    at most, or it would not be rounding. `of_spread` is the largest change as a share of the
    standard deviation that its dimension has over all rows: what training sees of it.
    """
    found = {}
    for name, told in rows.items():
        if experts[name].dtype != "float16":
            continue
        exact = told.astype(np.float64)
        change = np.abs(told.astype(np.float16) - exact)
        spread = exact.std(0)
        alive = spread > 1e-6 * np.abs(exact).max()
        large = np.abs(exact) >= 1e-4
        found[name] = {
            "relative": float((change[large] / np.abs(exact[large])).max()),
            "of_spread": float((change[:, alive] / spread[alive]).max()),
            "of_spread_rms": float(np.sqrt(((change[:, alive] / spread[alive]) ** 2).mean())),
            "largest": float(np.abs(exact).max()),
        }
    return found


def memory(
    lengths: Sequence[int],
    folder: Path,
    experts: Mapping[str, Expert],
    planned: zoo.Plan,
    *,
    large: bool = True,
) -> dict[str, float]:
    """Peak memory in MB of a process that extracts one video, by what it is."""
    sizes = {f"720p {seconds} s": (seconds, 1280, 720) for seconds in lengths}
    sizes |= {"2160p 2 s": (2, 3840, 2160)} if lengths and large else {}
    sent = dict(experts)
    found = {}
    for name, (seconds, width, height) in sizes.items():
        path = _encode(folder / f"{height}p{seconds}.mp4", seconds, width, height)
        (folder / "sent").write_bytes(pickle.dumps((Video(sha256(path), path), sent, planned)))
        # A process of its own, since a peak never comes down.
        command = [sys.executable, "-c", _DESCRIBE, str(folder / "sent")]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found[name] = int(said) / 1024
    return found


_DESCRIBE = """
import pathlib, pickle, sys
from vq.zoo import extract
from vq.zoo.extract_features import extract_features
video, experts, planned = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
extract_features(video, [*experts, extract.VIEWS], experts, planned)
# Not ru_maxrss: it starts with the peak of the process that started this one.
print(pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def _watched(command: Sequence[str]) -> dict[str, float]:
    """Run a command: wall, CPU and peaks of it and its children, what others used meanwhile."""
    before, busy = resource.getrusage(resource.RUSAGE_CHILDREN), _machine_busy()
    watched: dict[int, _Process] = {}
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as log:
        running = subprocess.Popen(command, stderr=log, stdout=log)
        while running.poll() is None:
            watched |= _look(running.pid)
            time.sleep(0.2)
        wall = time.perf_counter() - start
        if running.returncode:
            log.seek(0)
            raise VqError(log.read().strip().splitlines()[-1])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    elsewhere = max(_machine_busy() - busy - cpu, 0.0)
    first = watched.pop(running.pid, _Process(0.0, 0.0))
    # What multiprocessing starts beside the workers does nothing, and waits for nothing.
    workers = [process for process in watched.values() if process.peak_mb > 50]
    waited = sum(process.waited for process in workers) / max(len(workers), 1)
    return {
        "wall_s": wall,
        "undisturbed_s": wall - first.waited - waited,
        "cpu_s": cpu,
        "elsewhere": elsewhere / (wall * cores(0)),
        "main_mb": first.peak_mb,
        "worker_mb": max((process.peak_mb for process in workers), default=0.0),
    }


@dataclass(frozen=True)
class _Process:
    peak_mb: float
    waited: float
    """Seconds in which it could have worked, but others had the cores."""


def _look(parent: int) -> dict[int, _Process]:
    """How a process and its children are so far, by number."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    found = {}
    with suppress(OSError, IndexError):
        for number in [parent, *map(int, children.read_text("ascii").split())]:
            status = Path(f"/proc/{number}/status").read_text("utf-8", "replace")
            _, waited, _ = Path(f"/proc/{number}/schedstat").read_text("ascii").split()
            peak = int(status.split("VmHWM:")[1].split()[0])
            found[number] = _Process(peak / 1024, int(waited) / 1e9)
    return found


def _machine_busy() -> float:
    """Seconds in which some core worked, since the machine started."""
    user, nice, system = Path("/proc/stat").read_text("ascii").split()[1:4]
    return (int(user) + int(nice) + int(system)) / 100


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def _best(work: Callable[[], np.ndarray], times: int = 5) -> tuple[np.ndarray, float]:
    """The fastest of a few: what is slower was disturbed."""
    work()
    found = [_timed(work) for _ in range(times)]
    return found[0][0], min(seconds for _, seconds in found)


def _files(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise VqError(f"{folder}: has no video; give a folder that has")
    return files


def _made(folder: Path) -> Path:
    for number in range(4):
        _encode(folder / f"{number}.mp4", 2, 320 + 64 * number, 240)
    return folder


def _encode(path: Path, seconds: int, width: int, height: int) -> Path:
    """A texture that moves, 25 frames a second, H.264; a file that is there is kept."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = np.meshgrid(np.arange(width + 50), np.arange(height))
    waves = [
        np.sin(x / a) + np.cos(y / b + x / c) for a, b, c in ((7, 9, 31), (5, 17, 23), (11, 6, 13))
    ]
    wide = np.stack([128 + 50 * wave for wave in waves], axis=2).astype(np.uint8)
    frames = [
        av.VideoFrame.from_ndarray(np.ascontiguousarray(wide[:, 2 * n : 2 * n + width]))
        for n in range(25)
    ]
    part = path.with_name(f"part-{path.name}")
    with av.open(part, "w") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(25 * seconds):
            frame = frames[number % 25]
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    part.replace(path)
    return path


def _print(found: Mapping[str, Any]) -> None:
    console = Console(width=110)
    total = found["ideal_s"] * found["jobs"]
    parts = {"decode": found["decode_cpu_s"], **found["inference_cpu_s"]}
    table = Table("part", "CPU s", "ms a video", "share", title=f"{found['videos']} videos")
    for name, seconds in parts.items():
        a_video = 1000 * seconds / found["videos"]
        table.add_row(name, f"{seconds:.2f}", f"{a_video:.1f}", f"{seconds / total:.0%}")
    table.add_row("all", f"{total:.2f}", f"{1000 * total / found['videos']:.1f}", "100%")
    console.print(table)
    table = Table(
        "vq extract", "wall s", "undisturbed", "CPU s", "used by others", "peak MB", "of a worker"
    )
    for name in ("run", "nothing_to_do"):
        row = found[name]
        table.add_row(
            name.replace("_", " "),
            f"{row['wall_s']:.2f}",
            f"{row['undisturbed_s']:.2f}",
            f"{row['cpu_s']:.2f}",
            f"{row['elsewhere']:.0%}",
            f"{row['main_mb']:.0f}",
            f"{row['worker_mb']:.0f}",
        )
    console.print(table)
    console.print(
        f"undisturbed / ((decode + inference) / {found['jobs']} = {found['ideal_s']:.2f} s): "
        f"{found['run']['ratio']:.2f}; without the start: {found['ratio_without_start']:.2f}"
    )
    table = Table("network", "eager ms a row", "ONNX Runtime", "times", "apart")
    for name, row in found["networks"].items():
        eager, onnx = row["eager_ms"], row["onnx_ms"]
        table.add_row(
            name, f"{eager:.1f}", f"{onnx:.1f}", f"{eager / onnx:.1f}", f"{row['apart']:.1e}"
        )
    console.print(table)
    table = Table(
        "kept in fp16", "relative error", "of spread, largest", "of spread, rms", "largest number"
    )
    for name, row in found["rounding"].items():
        table.add_row(
            name,
            f"{row['relative']:.1e}",
            f"{row['of_spread']:.1e}",
            f"{row['of_spread_rms']:.1e}",
            f"{row['largest']:.3g}",
        )
    console.print(table)
    table = Table("one video", "peak MB")
    for name, peak in found["memory_mb"].items():
        table.add_row(name, f"{peak:.0f}")
    console.print(table)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction")
    parser.add_argument("--videos", type=Path, help="a folder; some made-up clips without it")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--jobs", type=int, default=0, help="processes; 0 for one on each core")
    parser.add_argument(
        "--lengths",
        type=int,
        nargs="*",
        default=[10],
        help="seconds of the videos whose peak is taken",
    )
    parser.add_argument("--small", action="store_true", help="take no peak of a video in 4K")
    parser.add_argument("--models", nargs="*", default=[], help="timm models to time as well")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
