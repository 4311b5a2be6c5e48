"""What a change of the views or of the distillation is worth to a student that sees pixels.

    python -m benchmarks.pixel_students --at DIR --seeds 1 2 3 --jobs 2 --out DIR \
        --set "no slack=extract.views.slack=0" --set "more epochs=distill.epochs=20,distill.ema=.99"

`--at` is a workspace that has gone through `dvc repro`: its videos, splits and teacher are taken.
Its `params.yaml` as it is comes first, then each `--set`: a name, and keys with their values. For
each a student is trained without and with the teacher (`--students`), once a seed, and compared
with the first on *validation* videos, by a bootstrap of contents that takes the mean over the
seeds. The same videos choose the best epoch, so levels are a little high; the test videos are not
looked at. Writes `DIR/pixel_students.json`.
"""

import argparse
import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jaxtyping import Float, Shaped
from joblib import Parallel, delayed
from rich.console import Console
from rich.table import Table

from vq import params as settings
from vq.errors import VqError
from vq.metrics import agreement, interval, weighted
from vq.models import teacher_files
from vq.models.teacher import Shape
from vq.params import DistillRecipe, Params, join
from vq.stages.extract import extract
from vq.training import student_bundle
from vq.training.dataset import Dataset
from vq.training.distillation_loss import distill
from vq.training.loop import determinism
from vq.training.train_student import train_student, untrained
from vq.training.training_data import TrainingData

TEACHER = Path("artifacts", "teacher")
KINDS = {"both": (False, True), "plain": (False,), "taught": (True,)}
"""Which students are trained: without the teacher, with it."""


@dataclass(frozen=True)
class Trained:
    """One student on validation."""

    variant: str
    taught: bool
    """With the teacher."""
    seed: int
    srcc: float
    scores: list[float]


def main(argv: Sequence[str] | None = None) -> None:
    """Train all, print the table, write the results."""
    given = _parse(argv)
    tree = yaml.safe_load((given.at / "params.yaml").read_text(encoding="utf-8"))
    try:
        asked = {"as it is": "", **dict(one.split("=", 1) for one in given.set)}
        variants = {
            name: settings.parse(yaml.safe_dump(_with(tree, changes)), Params, name=name)
            for name, changes in asked.items()
        }
        indices = {
            name: _views(given, number, one) for number, (name, one) in enumerate(variants.items())
        }
        trained = Parallel(given.jobs)(
            delayed(train)(given.at, indices[name], one, name, taught=taught, seed=seed)
            for seed in given.seeds
            for name, one in variants.items()
            for taught in KINDS[given.students]
        )
        teacher, _ = teacher_files.load(given.at / TEACHER)
        videos, data = _training_data(
            given.at, indices["as it is"], variants["as it is"], teacher.shape
        )
    except (VqError, ValueError) as error:
        raise SystemExit(f"pixel_students: {error}") from error
    contents = videos.manifest["content"].to_numpy(str)[data.validation.numpy()]
    mos = data.mos[data.validation].numpy()
    found = compare(trained, list(variants), contents, mos)
    given.out.mkdir(parents=True, exist_ok=True)
    told = {"changes": asked, "seeds": given.seeds, "compared": found}
    told["trained"] = [{k: v for k, v in asdict(one).items() if k != "scores"} for one in trained]
    (given.out / "pixel_students.json").write_text(json.dumps(told, indent=2) + "\n")
    _show(found)


def train(at: Path, index: Path, params: Params, name: str, *, taught: bool, seed: int) -> Trained:
    """As the stage `distill` does, but for what it writes."""
    determinism(1)
    teacher, described = teacher_files.load(at / TEACHER)
    _, data = _training_data(at, index, params, teacher.shape)
    recipe = _recipe(params)
    student = untrained(recipe, data, seed)
    if taught:
        dropout = described.expert_dropout
        distill(student, teacher, data, params=recipe, expert_dropout=dropout, seed=seed)
    else:
        train_student(student, data, params=recipe, seed=seed)
    scores = student_bundle.scores(student, data)
    srcc = agreement.srcc(scores, data.mos[data.validation].numpy())
    return Trained(name, taught, seed, srcc, scores.tolist())


def compare(
    trained: Sequence[Trained],
    variants: Sequence[str],
    contents: Shaped[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
) -> list[dict[str, Any]]:
    """Mean SRCC over the seeds, and what it is more than the first one's, on the same draws."""
    draws = interval.resample(contents, count=2000, rng=np.random.default_rng(0))
    rows = []
    for taught in sorted({one.taught for one in trained}):
        levels, samples = {}, {}
        for name in variants:
            mine = [np.array(t.scores) for t in trained if (t.variant, t.taught) == (name, taught)]
            levels[name] = np.mean([agreement.srcc(scores, mos) for scores in mine])
            samples[name] = np.mean([weighted.srcc(scores, mos, draws) for scores in mine], axis=0)
        base = variants[0]
        for name in variants:
            apart = interval.percentile(
                float(levels[name] - levels[base]), samples[name] - samples[base], confidence=0.95
            )
            rows.append(
                {
                    "variant": name,
                    "taught": taught,
                    "srcc": float(levels[name]),
                    "more": asdict(apart),
                }
            )
    return rows


def _views(given: argparse.Namespace, number: int, params: Params) -> Path:
    """The index of a variant; what the cache has is not made again."""
    index = given.out / f"features{number}.json"
    given.out.mkdir(parents=True, exist_ok=True)
    artifacts = given.at / "artifacts"
    videos = given.at / params.data.dir / "videos"
    extract(
        accepted=artifacts / "accepted.parquet",
        videos=videos,
        weights=Path("weights"),
        cache=artifacts / "cache",
        index=index,
        params=params.extract,
        jobs=given.jobs,
    )
    return index


def _training_data(
    at: Path, index: Path, params: Params, shape: Shape
) -> tuple[Dataset, TrainingData]:
    artifacts = at / "artifacts"
    return student_bundle.read(
        artifacts / "accepted.parquet",
        at / params.data.dir / "card.yaml",
        artifacts / "splits.csv",
        index,
        _recipe(params),
        experts=tuple(shape.experts),
    )


def _recipe(params: Params) -> DistillRecipe:
    return join(DistillRecipe, params.training, params.student, params.distill)


def _with(tree: Mapping[str, Any], changes: str) -> dict[str, Any]:
    """The params with `section.key=value,...` changed."""
    changed = copy.deepcopy(dict(tree))
    for change in filter(None, changes.split(",")):
        path, value = change.split("=", 1)
        *sections, key = path.split(".")
        place = changed
        for section in sections:
            place = place[section]
        place[key] = yaml.safe_load(value)
    return changed


def _show(found: Sequence[Mapping[str, Any]]) -> None:
    table = Table("variant", "teacher", "validation SRCC", "more than as it is, 95 %")
    for row in found:
        more = row["more"]
        table.add_row(
            row["variant"],
            "yes" if row["taught"] else "no",
            f"{row['srcc']:.4f}",
            f"{more['value']:+.4f} [{more['low']:+.4f}, {more['high']:+.4f}]",
        )
    Console(width=100).print(table)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pixel_students")
    parser.add_argument("--at", type=Path, required=True, help="a finished workspace")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--students", choices=KINDS, default="both")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=KEY=VALUE,...")
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
