"""What each part of teacher and distillation is worth: one change at a time, on real MOS.

    python -m benchmarks.ablation FILE.npz --splits 10 --seed 1 --jobs 2 --out DIR

Splits, experts and the student's cheap block are those of `benchmarks.real_mos`. A variant is
trained on training videos and compared, on *validation* videos and paired over the splits, with
the recipe as it is: test videos are for what is released. The same videos choose the best epoch of
a variant, so levels are a little high. Writes `DIR/ablation.json` and the picture
`DIR/ablation.svg`.
"""

import argparse
import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from joblib import Parallel, delayed
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks import material as materials
from benchmarks.material import Material, Sides
from benchmarks.real_mos import CONFIDENCE, RECIPE, STUDENT, learnable, pupil
from vq import params as settings
from vq.errors import DataError, VqError
from vq.metrics import agreement
from vq.metrics.interval import Interval, nadeau_bengio
from vq.models.teacher import Teacher
from vq.params import TeacherRecipe
from vq.training.distillation_loss import distill
from vq.training.loop import determinism
from vq.training.teach import teach
from vq.training.train_student import predict_logits, train_student
from vq.training.training_data import TrainingData, Vectors

Changes = Mapping[str, Any]
FARTHEST = -0.2
"""A loss of SRCC beyond it leaves the picture; the table has it."""
TEACHER: Mapping[str, Changes] = {
    "teacher": {},
    "equal importances": {"importance": "equal"},
    "sparse importances": {"importance": "sparse"},
    "no expert dropout": {"expert_dropout": 0.0},
    "no dropout": {"dropout": 0.0},
    "no PLCC loss": {"plcc": 0.0},
    "no rank loss": {"rank": 0.0},
    "EMD for cross entropy": {"cross_entropy": 0.0, "emd": 3.0},
    "EMA .99": {"ema": 0.99},
}
STUDENTS: Mapping[str, Changes | None] = {
    "student, distilled (staged)": {},
    "without a teacher (b alone)": None,
    "a = 1 (joint)": {"mode": "joint", "a": 1.0},
    "a = 1, L3 moves the teacher too": {"mode": "joint", "a": 1.0, "stop_gradient": False},
    "a = 0, L3 alone moves the teacher": {"mode": "joint", "a": 0.0, "stop_gradient": False},
    "b = 0": {"b": 0.0},
    "c = 0": {"c": 0.0},
    "c = 1": {"c": 1.0},
    "c = 10": {"c": 10.0},
    "labels alone in L2 (share 0)": {"teacher_share": 0.0},
    "teacher alone in L2 (share 1)": {"teacher_share": 1.0},
    "cosine L3, c = 1": {"feature_loss": "cosine", "c": 1.0},
    "smooth L1 for L3, c = 6": {"feature_loss": "smooth_l1", "c": 6.0},
    "no PLCC and rank loss": {"plcc": 0.0, "rank": 0.0},
    "EMA .99": {"ema": 0.99},
}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every variant on every split, print the table, draw it."""
    given = _parse(argv)
    try:
        one = materials.read(given.file)
        experts = materials.experts(one, {})
        known = settings.load(given.params)
        params = settings.join(TeacherRecipe, known.training, known.teach)
        if given.student not in one.blocks:
            raise DataError(f"{given.file}: has no block {given.student}; name one by --student")
    except VqError as error:
        raise SystemExit(f"ablation: {error}") from error
    drawn = [np.random.default_rng([given.seed, number]) for number in range(given.splits)]
    sides = [materials.split(one, rng=rng) for rng in drawn]
    splits = Parallel(given.jobs)(
        delayed(measure)(one, experts, given.student, side, params, int(rng.integers(2**31)))
        for side, rng in zip(sides, drawn, strict=True)
    )
    ratio = len(sides[0].validation) / len(sides[0].train)
    found = {kind: compare([split[kind] for split in splits], ratio) for kind in splits[0]}
    given.out.mkdir(parents=True, exist_ok=True)
    told = {kind: {name: vars(value) for name, value in one.items()} for kind, one in found.items()}
    (given.out / "ablation.json").write_text(json.dumps(told, indent=2) + "\n")
    _show(found)
    draw(found, given.out / "ablation.svg")


def measure(
    material: Material,
    experts: Mapping[str, np.ndarray],
    block: str,
    sides: Sides,
    params: TeacherRecipe,
    seed: int,
) -> dict[str, dict[str, float]]:
    """Validation SRCC of each variant on one split."""
    determinism(threads=1)
    data = learnable(material, experts, sides, count=params.levels)
    seen = torch.from_numpy(materials.impute(material.blocks[block], sides.train))
    data = replace(data, sight=Vectors(seen))
    teachers = {
        name: teach(data, params=params.model_copy(update=dict(changes)), seed=seed)
        for name, changes in TEACHER.items()
    }
    told = {name: _first(data, model) for name, model in teachers.items()}
    students = {
        name: _second(
            data, None if changes is None else teachers["teacher"], changes or {}, params, seed
        )
        for name, changes in STUDENTS.items()
    }
    return {"teacher": told, "student": students}


def compare(splits: Sequence[Mapping[str, float]], ratio: float) -> dict[str, Interval]:
    """The first variant's SRCC, then what each other has more, paired over the splits."""
    base, *others = splits[0]
    values = {base: [split[base] for split in splits]}
    values |= {name: [split[name] - split[base] for split in splits] for name in others}
    return {
        name: nadeau_bengio(some, test_over_train=ratio, confidence=CONFIDENCE)
        for name, some in values.items()
    }


def draw(found: Mapping[str, Mapping[str, Interval]], path: Path) -> None:
    """Differences from the recipe as it is, with their intervals."""
    mpl.rcParams.update({"svg.hashsalt": "vq", "font.size": 9})
    counts = [len(one) - 1 for one in found.values()]
    figure = Figure(figsize=(7, 0.26 * sum(counts) + 1.4), layout="constrained")
    for place, one in zip(
        figure.subplots(len(found), 1, height_ratios=counts, squeeze=False)[:, 0],
        found.values(),
        strict=True,
    ):
        (base, level), *others = one.items()
        for row, (_, value) in enumerate(others):
            colour = "#b3392f" if value.high < 0 else "#2f6db3" if value.low > 0 else "#777777"
            place.plot([value.low, value.high], [row, row], color=colour, linewidth=1.5)
            place.plot(value.value, row, "o", color=colour, markersize=4)
        place.axvline(0, color="black", linewidth=0.8)
        place.set_yticks(range(len(others)), [name for name, _ in others])
        place.invert_yaxis()
        # A student without b ranks at random: it would push all others together.
        near = [value for _, value in others if value.value > FARTHEST]
        low, high = min(value.low for value in near), max(value.high for value in near)
        place.set_xlim(1.1 * min(low, -0.01), 1.1 * max(high, 0.01))
        place.set_title(f"{base}: SRCC {level.value:.3f}; changes", loc="left", fontsize=9)
    figure.savefig(path, metadata={"Date": None})


def _first(data: TrainingData, teacher: Teacher) -> float:
    with torch.inference_mode():
        return _agreement(data, teacher(data.of(data.validation)).logits)


def _second(
    data: TrainingData, teacher: Teacher | None, changes: Changes, params: TeacherRecipe, seed: int
) -> float:
    student = pupil(data, seed, dim=params.dim)
    recipe = RECIPE.model_copy(update=dict(changes))
    if teacher is None:
        train_student(student, data, params=recipe, seed=seed)
    else:
        distill(
            student,
            copy.deepcopy(teacher),
            data,
            params=recipe,
            expert_dropout=params.expert_dropout,
            seed=seed,
        )
    with torch.inference_mode():
        return _agreement(data, predict_logits(student, data, data.validation))


def _agreement(data: TrainingData, logits: torch.Tensor) -> float:
    mos = data.mos[data.validation]
    return agreement.srcc((logits.softmax(1) @ data.values).numpy(), mos.numpy())


def _show(found: Mapping[str, Mapping[str, Interval]]) -> None:
    for one in found.values():
        table = Table("variant", "SRCC, or difference", "95 % interval")
        for name, value in one.items():
            sign = "" if name == next(iter(one)) else "+"
            table.add_row(
                name, f"{value.value:{sign}.4f}", f"{value.low:{sign}.4f} to {value.high:{sign}.4f}"
            )
        Console(width=100).print(table)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.npz")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="splits at a time; changes no number")
    parser.add_argument("--student", default=STUDENT, metavar="BLOCK")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
