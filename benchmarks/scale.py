"""What 1,000, 100,000 and 10,000,000 videos cost: units measured here, and multiplied.

    python -m benchmarks.scale --videos DIR --out DIR

DIR has videos of the kind in question: they are imported and extracted with the zoo of params.yaml,
which gives CPU and bytes of a video. Synthetic features of `--rows` videos give seconds and memory
of what reads all of them at once: split, the cache, a trial, a student's step; folders of
small files give what dvc takes for each. Stages read and compute videos independently of each
other or in epochs over all, so that costs are linear; where they are not (a sort, an index) the
share is small at the sizes measured. Prints units and the table; writes `DIR/scale.json`.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.table import Table

from vq import params
from vq.data import manifest, split
from vq.features import store
from vq.features.cache import Cache
from vq.models import student_files
from vq.pruning.trial import Probe, Trial
from vq.training.loop import determinism, initialisation
from vq.training.training_data import TrainingData
from vq.zoo import extract
from vq.zoo.task import VIEWS, Video

T = TypeVar("T")

SIZES = (1_000, 100_000, 10_000_000)
FILES = (500, 5_000)


@dataclass(frozen=True)
class Units:
    """Of one video, unless a name says otherwise; CPU seconds of one core."""

    import_s: float
    extract_s: float
    extract_start_s: float
    """Once a run."""
    cache_bytes: float
    views_bytes: float
    """Of these."""
    split_s: float
    read_s: float
    """Of the features of all experts, from the cache, as prune, teach and distill begin."""
    read_bytes: float
    """Of memory, then."""
    trial_s: float
    """Of one trial on one split."""
    student_s: float
    """Of one epoch of one student: forward and back."""
    dvc_add_s: float
    """Of one file."""
    dvc_status_s: float


def main() -> None:
    """Measure, multiply, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=20_000)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    known = params.load(Path("params.yaml"))
    units = Units(
        **of_videos(given.videos, given.out / "videos", known.extract),
        **of_rows(given.rows, given.out / "rows", known),
        **of_files(given.out / "files"),
    )
    console = Console(width=130)
    shown = Table("unit", "measured", title="of one video")
    for name, value in asdict(units).items():
        shown.add_row(name, f"{value:.3g}")
    console.print(shown)
    console.print(table(units, known))
    (given.out / "scale.json").write_text(json.dumps(asdict(units), indent=1) + "\n")


def table(units: Units, known: params.Params) -> Table:
    """The costs of each size."""
    trials = len(known.extract.experts) * 4 * known.prune.repeats
    epochs = 2 * known.student.epochs
    costs: Mapping[str, Callable[[int], str]] = {
        "import, core hours": lambda n: hours(n * units.import_s),
        "extract, core hours": lambda n: hours(n * units.extract_s + units.extract_start_s),
        f"prune, {trials} trials, core hours": lambda n: hours(n * trials * units.trial_s),
        f"distill, {epochs} epochs, core hours": lambda n: hours(n * epochs * units.student_s),
        "cache, GB": lambda n: f"{n * units.cache_bytes / 1e9:,.1f}",
        "of it views, GB": lambda n: f"{n * units.views_bytes / 1e9:,.1f}",
        "files of the cache": lambda n: f"{shards(n, known):,}",
        "memory of prune, teach, distill, GB": lambda n: f"{n * units.read_bytes / 1e9:,.2f}",
        "dvc add of the videos, hours": lambda n: hours(n * units.dvc_add_s),
        "dvc status, hours": lambda n: hours(n * units.dvc_status_s),
    }
    shown = Table("", *(f"{n:,}" for n in SIZES), title="videos")
    for name, cost in costs.items():
        shown.add_row(name, *(cost(n) for n in SIZES))
    return shown


def hours(seconds: float) -> str:
    """For people."""
    return f"{seconds / 3600:,.2f}" if seconds < 36_000 else f"{seconds / 3600:,.0f}"


def shards(videos: int, known: params.Params) -> int:
    """Files of the cache: a shard for each expert, and one for the views."""
    return -(-videos // known.extract.shard_videos) * (len(known.extract.experts) + 1)


def of_videos(folder: Path, out: Path, settings: params.Extract) -> dict[str, float]:
    """Import and extract real ones."""
    shutil.rmtree(out, ignore_errors=True)
    (out / "videos").mkdir(parents=True)
    found = sorted(path for path in folder.iterdir() if path.is_file())
    for path in found:
        (out / "videos" / path.name).hardlink_to(path.resolve())
    (out / "labels.csv").write_text("video\n" + "".join(f"{path.name}\n" for path in found))
    card = {"name": "clips", "opinion": "synthetic", "better": "higher", "licence": "unknown"}
    (out / "card.yaml").write_text(json.dumps({**card, "scale": {"min": 1, "max": 5}}))
    (out / "columns.yaml").touch()
    (out / "weights").mkdir()
    shutil.copy("params.yaml", out)
    table = out / "manifest.parquet"
    given = [out / name for name in ("videos", "labels.csv", "card.yaml", "columns.yaml")]
    made = (table, out / "manifest.csv", out / "fingerprints.parquet")
    imported = _vq(out, "import", *given, *made)
    rows = manifest.read(table)
    taken = (
        "extract",
        table,
        *(out / name for name in ("videos", "weights", "cache", "features.json")),
    )
    first, again = _vq(out, *taken), _vq(out, *taken)
    sizes = {
        key.name: sum(file.stat().st_size for file in key.iterdir())
        for key in (out / "cache").iterdir()
        if key.is_dir()
    }
    views = sum(size for name, size in sizes.items() if name.startswith(VIEWS))
    count = len(rows)
    return {
        "import_s": imported / count,
        "extract_s": (first - again) / count,
        "extract_start_s": again,
        "cache_bytes": sum(sizes.values()) / count,
        "views_bytes": views / count,
    }


def of_rows(count: int, out: Path, known: params.Params) -> dict[str, float]:
    """What reads everything at once, on features that are noise."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    rng = np.random.default_rng(known.seed)
    shas = [f"{n:064x}" for n in range(count)]
    experts = extract.create(known.extract)
    planned = extract.plan(known.extract, experts, out / "cache")
    cache = Cache(planned.root)
    for start in range(0, count, known.extract.shard_videos):
        some = shas[start : start + known.extract.shard_videos]
        for name, expert in experts.items():
            kind = np.float16 if expert.dim > 100 else np.float32
            rows = rng.standard_normal((len(some), known.extract.moments, expert.dim)).astype(kind)
            cache.write(planned.keys[name], dict(zip(some, rows, strict=True)))
    videos = [Video(sha, Path(sha)) for sha in shas]
    index = extract.index(videos, planned, experts, {}) | {"cache": "cache"}
    (out / "features.json").write_text(json.dumps(index))
    found, read = _timed(lambda: store.load(out / "features.json", shas))
    held = sum(array.nbytes for array in found.values())
    contents = pd.Series([f"content-{n // 4}" for n in range(count)])
    _, took = _timed(lambda: split.assign(contents, **known.split.model_dump(include=_SPLIT)))
    return {
        "split_s": took / count,
        "read_s": read / count,
        "read_bytes": held / count,
        "trial_s": _trial(found, count, known),
        "student_s": _student(known),
    }


_SPLIT = {"salt", "validation", "test", "repeats"}


def _trial(found: Mapping[str, np.ndarray], count: int, known: params.Params) -> float:
    determinism(1)
    some = count // 4
    sight = torch.rand(some, 5).softmax(1)
    data = TrainingData(
        features={name: torch.from_numpy(array[:some]) for name, array in found.items()},
        target=sight,
        mos=sight @ torch.linspace(1, 5, 5),
        values=torch.linspace(1, 5, 5),
        train=torch.arange(some * 3 // 4),
        validation=torch.arange(some * 3 // 4, some),
        dataset=torch.zeros(some, dtype=torch.long),
        content=torch.arange(some),
    )
    _, took = _timed(
        lambda: Probe().effect(Trial(tuple(found), student=False), [data], seed=known.seed)
    )
    return took / some


def _student(known: params.Params) -> float:
    settings = known.student
    views = known.extract.views
    with initialisation(known.seed):
        pupil = student_files.build(
            settings.backbone,
            start=settings.start,
            stages=settings.stages,
            every=settings.every,
            inputs=settings.inputs,
            dither=settings.dither,
            sharpen=settings.sharpen,
            dim=known.training.dim,
            levels=known.training.levels,
            dropout=settings.dropout,
        )
    side = views.grid * views.patch_px
    batch = torch.zeros(settings.batch, settings.moments, 4, side, side, dtype=torch.uint8)

    def step() -> None:
        pupil(batch).logits.sum().backward()

    step()
    _, took = _timed(lambda: [step() for _ in range(5)])
    return took / (5 * settings.batch)


def of_files(out: Path) -> dict[str, float]:
    """What dvc takes for each file, beyond what it takes at all."""
    seconds: dict[str, list[float]] = {"add": [], "status": []}
    for count in FILES:
        root = out / str(count)
        shutil.rmtree(root, ignore_errors=True)
        (root / "videos").mkdir(parents=True)
        for number in range(count):
            (root / "videos" / f"{number}.mp4").write_bytes(number.to_bytes(8, "big"))
        for command in (("git", "init", "-q"), ("dvc", "init", "-q")):
            subprocess.run(command, cwd=root, check=True)
        for name, command in (("add", ("add", "-q", "videos")), ("status", ("status", "-q"))):
            start = time.perf_counter()
            subprocess.run(("dvc", *command), cwd=root, check=True)
            seconds[name].append(time.perf_counter() - start)
    few, many = FILES
    each = {name: (took[1] - took[0]) / (many - few) for name, took in seconds.items()}
    return {"dvc_add_s": each["add"], "dvc_status_s": each["status"]}


def _vq(root: Path, *arguments: object) -> float:
    """CPU seconds of a stage, with its workers."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", "from vq.cli import main; raise SystemExit(main())"]
    command += [*map(str, arguments), "--params", str(root / "params.yaml")]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


if __name__ == "__main__":
    main()
