"""What share of a score's CPU time the network has: what a GPU or another runtime could take away.

    python -m benchmarks.network --videos DIR [--model FOLDER] [--rounds 5]

Each clip is scored in each mode, in this process and on one thread, start-up apart; then the
network runs once more on the views it saw. Medians over the rounds. Where `openvino` is installed,
the network also runs there, in 32 bits and on one thread, on what an exact look sees of each clip:
CPU time until the first answer, of an answer, and the largest difference of two scores.

Prints the tables.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from vq.inference import runtime
from vq.inference.modes import MODES, Mode
from vq.inference.runtime import Model
from vq.scoring.locate import SHIPPED, locate


@dataclass(frozen=True)
class Share:
    """Of one clip in one mode."""

    clip: str
    mode: str
    """As the row has it: where nothing is cheaper, a fast look is exact."""
    total_ms: float
    """CPU time from opening the file to the score."""
    network_ms: float
    """CPU time of the network."""


def cpu_ms(work: Callable[[], object]) -> float:
    """CPU time of this process, all threads."""
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start)


def share(model: Model, clip: Path, mode: Mode, *, rounds: int) -> Share:
    """Score a clip once to warm up, and then `rounds` times."""
    looked, seen = model.look(clip, mode)
    row = model.score(clip, mode=mode)
    total = [cpu_ms(lambda: model.score(clip, mode=mode)) for _ in range(rounds)]
    network = [cpu_ms(lambda: model.levels(looked.views, seen)) for _ in range(rounds)]
    return Share(clip.name, row.mode, median(total), median(network))


Run = Callable[[np.ndarray], np.ndarray]
"""Takes what an exact look sees, gives the probability of each level."""


def in_onnx_runtime(folder: Path, _: Sequence[int]) -> Run:
    """The network as scoring runs it."""
    model = runtime.load(folder)
    return lambda views: model.levels(views, "exact")


def in_openvino(folder: Path, shape: Sequence[int]) -> Run:
    """The network in OpenVINO, for views of one shape."""
    import openvino as ov

    core = ov.Core()
    read = core.read_model((folder / "student.onnx").read_bytes())
    read.reshape({"views": [1, *shape]})
    settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request: Any = core.compile_model(read, "CPU", settings).create_infer_request()
    return lambda views: request.infer({"views": views[None]})[0][0].copy()


def compare(folder: Path, clips: Sequence[Path]) -> Table:
    """Both runtimes, on what an exact look sees."""
    model = runtime.load(folder)
    views = [np.ascontiguousarray(model.look(clip, "exact")[0].views) for clip in clips]
    values, said = np.array(model.card.values), []
    table = Table("runtime", "first answer, s of CPU", "an answer, ms of CPU")
    for make in (in_onnx_runtime, in_openvino):
        start = time.process_time()
        run = make(folder, views[0].shape)
        run(views[0])
        first = time.process_time() - start
        each = median(cpu_ms(partial(run, seen)) for seen in views)
        said.append([float(run(seen) @ values) for seen in views])
        table.add_row(make.__name__, f"{first:.2f}", f"{each:.1f}")
    apart = np.abs(np.subtract(*said)).max()
    table.title = f"{len(clips)} clips; scores differ by {apart:.1e} at most"
    return table


def main() -> None:
    """Measure all clips of a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--model", default=SHIPPED)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    folder, console = locate(given.model), Console(width=110)
    clips = sorted(path for path in given.videos.iterdir() if path.is_file())
    model = runtime.load(folder)
    table = Table("clip", "mode", "score, ms", "network, ms", "share")
    for clip in clips:
        for mode in MODES:
            found = share(model, clip, mode, rounds=given.rounds)
            part = found.network_ms / found.total_ms
            cells = (f"{found.total_ms:.0f}", f"{found.network_ms:.1f}", f"{part:.1%}")
            table.add_row(found.clip, found.mode, *cells)
    console.print(table)
    if find_spec("openvino"):
        console.print(compare(folder, clips))


if __name__ == "__main__":
    main()
