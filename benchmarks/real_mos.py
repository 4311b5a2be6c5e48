"""Teacher and distillation on features with real MOS, against what one would do by hand.

    python -m benchmarks.real_mos FILE.npz... --splits 10 --seed 1 --out DIR

The form of a file is that of `benchmarks.material`. For each of the random splits (0.66 train,
0.14 validation, 0.20 test, by source where the file tells it): support vectors on every expert,
their mean, support vectors on all columns, a ridge stack of out-of-fold scores and our gated
teacher, all fitted on training and validation videos; then our heads, the teacher once more, and a
student that sees one cheap block alone, on labels alone and distilled by that teacher: these are
fitted on training videos, validation picks their best epoch and the width of their intervals. Test
videos are scored once. Writes `DIR/results.json`, and what is compared
to `DIR/differences.json`.

    --expert dover=dover_aesthetic+dover_technical    an expert made of some blocks; without any,
        every block that is not full-reference, of the file (bitrate, size, rate) or a light version
    --labelled N  as if only N videos of training and validation were there; test stays whole
    --brief       support vectors on all columns and the teacher alone, with its kernels and without
    --groups      a file without sources is an error, and ranks within a source are told as well
"""

import argparse
import copy
import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32
from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import material as materials
from benchmarks.by_hand import Scores, baselines, support_vectors
from benchmarks.material import Material, Sides
from vq import params as settings
from vq.data import score_distribution
from vq.data.score_distribution import expectation
from vq.errors import DataError, VqError
from vq.metrics import agreement, conformal
from vq.metrics.interval import Interval, nadeau_bengio
from vq.models.student import Features, Student
from vq.models.teacher import Teacher
from vq.params import TeacherRecipe
from vq.training import predict
from vq.training.distillation_loss import distill
from vq.training.loop import determinism, initialisation
from vq.training.probe_recipe import PROBE_STUDENT
from vq.training.teach import teach
from vq.training.train_student import predict_logits, train_student
from vq.training.training_data import TrainingData, Vectors

log = logging.getLogger(__name__)

CONFIDENCE = 0.95
COVERAGE = 0.9
STUDENT = "videval60_light480_3fps"
RECIPE = PROBE_STUDENT.model_copy(
    update={"epochs": 50, "patience": 50, "batch": 64, "learning_rate": 2e-3}
)
"""Of every student here, longer than that of probe trials: hundreds of those are asked for."""
Experts = Mapping[str, Float32[np.ndarray, "videos _"]]


@dataclass(frozen=True)
class Measured:
    """One model on one split's test videos."""

    srcc: float
    plcc: float
    within: float
    """Mean SRCC over the sources; nan where the file tells none."""
    covered: float = math.nan
    """Share of the ratings inside the intervals of the scores, which validation made for 90 %; nan
    where a model was fitted on validation, or too few contents promise nothing."""


INITIALISATIONS = 3
"""Of each student on each split; its agreement is their mean, so that luck weighs less."""
Split = dict[str, Measured]
LEARNT = "teacher_learnt"
"""The teacher as gradients alone left it."""
ON_KNOWN = ("mean", "concat", "stack", "teacher", LEARNT, "student_svr")
"""Beside `svr:...`, what is fitted on validation videos too."""
BEST = "best single"
"""The single expert, `svr:` or `head:`, that ranks the validation videos of a split best."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure each file, print its tables, write the results."""
    given = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        _measure(given)
    except VqError as error:
        raise SystemExit(f"real_mos: {error}") from error


def _measure(given: argparse.Namespace) -> None:
    known = settings.load(given.params)
    params = settings.join(TeacherRecipe, known.training, known.teach)
    asked = _asked(given.expert)
    work = [(one, materials.experts(one, asked)) for one in map(materials.read, given.files)]
    for one, _ in work:
        if given.groups and one.group is None:
            raise DataError(f"{one.name}: has no column group; leave --groups out")
    results, differences = {}, {}
    given.out.mkdir(parents=True, exist_ok=True)
    for one, experts in work:
        student = one.blocks.get(given.student)
        if student is None:
            log.info("%s: has no block %s, so no student", one.name, given.student)
        drawn = [np.random.default_rng([given.seed, number]) for number in range(given.splits)]
        sides = [materials.split(one, rng=rng) for rng in drawn]
        if given.labelled is not None:
            sides = [
                materials.fewer(side, given.labelled, rng=rng)
                for side, rng in zip(sides, drawn, strict=True)
            ]
        # No memory-mapped arguments: they are read-only, and torch warns of that.
        found = Parallel(given.jobs, return_as="generator", max_nbytes=None)(
            delayed(brief if given.brief else measure)(
                one, experts, student, side, params=params, seed=int(rng.integers(2**31))
            )
            for side, rng in zip(sides, drawn, strict=True)
        )
        splits = list(track(found, one.name, total=given.splits, console=Console(stderr=True)))
        results[one.name] = {
            name: _summary([split[name] for split in splits], within=given.groups)
            for name in splits[0]
            if name != BEST
        }
        differences[one.name] = compare(splits, sides[0])
        _show(one.name, splits, differences[one.name], sides[0], within=given.groups)
        (given.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
        text = json.dumps(
            {file: {n: vars(i) for n, i in some.items()} for file, some in differences.items()},
            indent=2,
        )
        (given.out / "differences.json").write_text(text + "\n")


def measure(
    material: Material,
    experts: Experts,
    student: Float32[np.ndarray, "videos width"] | None,
    sides: Sides,
    *,
    params: TeacherRecipe,
    seed: int,
) -> Split:
    """Everything on one split, in the order of the table."""
    determinism(threads=1)
    groups = np.arange(len(material.mos)) if material.group is None else material.group
    by_hand, out_of_fold = baselines(experts, material.mos, sides.known, groups)
    data = learnable(material, experts, sides, count=params.levels)
    heads = {f"head:{name}": _head(data, name, params, seed) for name in experts}
    # Compared to the baselines, so fitted on what they are: its best epoch is nearly the last.
    whole = teach(replace(data, train=torch.from_numpy(sides.known)), params=params, seed=seed)
    teacher = teach(data, params=params, seed=seed)
    ours = {
        name: predict.teacher(model, experts, data.values.numpy()).score
        for name, model in (("teacher", whole), ("teacher_train", teacher))
    }
    pupils: list[Scores] = []
    if student is not None:
        seen = torch.from_numpy(materials.impute(student, sides.train))
        pupils = [
            students(replace(data, sight=Vectors(seen)), teacher, params, seed + number)
            for number in range(INITIALISATIONS)
        ]
        cheap, _ = support_vectors(seen.numpy(), material.mos, sides.known, groups)
        by_hand |= {"student_svr": cheap}
    singles = {name: score for name, score in by_hand.items() if name in out_of_fold}
    rest = {name: score for name, score in by_hand.items() if name not in out_of_fold}
    found = {
        name: _agreement(
            score, material, sides, promise=name in (heads | ours) and name not in ON_KNOWN
        )
        for name, score in (singles | heads | rest | ours).items()
    }
    for name in pupils[0] if pupils else ():
        found[name] = _mean([_agreement(p[name], material, sides, promise=True) for p in pupils])
    best = _best(out_of_fold | heads, material, sides)
    return found | {BEST: found[best]}


def brief(
    material: Material,
    experts: Experts,
    student: Float32[np.ndarray, "videos width"] | None,
    sides: Sides,
    *,
    params: TeacherRecipe,
    seed: int,
) -> Split:
    """Support vectors on all columns and the teacher, as `measure` has them; no student.

    And the teacher without its kernel part, which is fitted after all else.
    """
    determinism(threads=1)
    groups = np.arange(len(material.mos)) if material.group is None else material.group
    columns = np.concatenate([materials.impute(e, sides.known) for e in experts.values()], axis=1)
    concat, _ = support_vectors(columns, material.mos, sides.known, groups)
    data = learnable(material, experts, sides, count=params.levels)
    whole = teach(replace(data, train=torch.from_numpy(sides.known)), params=params, seed=seed)
    learnt = copy.deepcopy(whole)
    learnt.kernels = None
    scores = {"concat": concat} | {
        name: predict.teacher(model, experts, data.values.numpy()).score
        for name, model in (("teacher", whole), (LEARNT, learnt))
    }
    return {name: _agreement(one, material, sides, promise=False) for name, one in scores.items()}


def learnable(material: Material, experts: Experts, sides: Sides, *, count: int) -> TrainingData:
    """What the library learns from: of the labels of test videos the ends of the scale, rounded."""
    values = score_distribution.values(*material.scale, count)
    mos = np.full(len(material.mos), np.nan)
    mos[sides.known] = material.mos[sides.known]
    target = score_distribution.distribution(mos, np.full(len(mos), np.nan), values)
    return TrainingData(
        features={name: torch.from_numpy(block) for name, block in experts.items()},
        target=torch.from_numpy(target),
        mos=torch.from_numpy(mos),
        values=torch.from_numpy(values.astype(np.float32)),
        train=torch.from_numpy(sides.train),
        validation=torch.from_numpy(sides.validation),
        dataset=torch.zeros(len(target), dtype=torch.int64),
        content=torch.arange(len(target)),
    )


def students(data: TrainingData, teacher: Teacher, params: TeacherRecipe, seed: int) -> Scores:
    """A student of the cheap block: on labels alone, and distilled in either mode."""
    every = torch.arange(len(data.target))
    scores = {}
    for name in ("plain", "staged", "joint"):
        student = pupil(data, seed, dim=params.dim)
        if name == "plain":
            train_student(student, data, params=RECIPE, seed=seed)
        else:
            distill(
                student,
                copy.deepcopy(teacher),
                data,
                params=RECIPE.model_copy(update={"mode": name, "a": float(name == "joint")}),
                expert_dropout=params.expert_dropout,
                seed=seed,
            )
        with torch.inference_mode():
            told = predict_logits(student, data, every, batch=len(every)).softmax(1).numpy()
        scores[f"student_{name}"] = expectation(told, data.values.numpy().astype(np.float64))
    return scores


def pupil(data: TrainingData, seed: int, *, dim: int) -> Student:
    """A student of cached features before training."""
    if data.sight is None:
        raise ValueError("a student without sight learns nothing")
    width = data.sight.whole(torch.tensor([0])).shape[1]
    with initialisation(seed):
        return Student(Features(width), dim=dim, levels=len(data.values), dropout=RECIPE.dropout)


def compare(splits: Sequence[Split], sides: Sides) -> dict[str, Interval]:
    """Paired differences in SRCC, `one - other`, over the splits."""
    names = list(splits[0])
    pairs = [(name, "stack") for name in names if name not in ("stack", BEST)]
    pairs += [("teacher", "concat"), ("teacher", BEST), ("teacher", LEARNT), (LEARNT, "concat")]
    pairs += [(n, "student_plain") for n in ("student_staged", "student_joint") if n in names]
    return {
        f"{one} - {other}": _interval(
            [s[one].srcc - s[other].srcc for s in splits], sides, one, other
        )
        for one, other in pairs
        if {one, other} <= set(names)
    }


def _head(
    data: TrainingData, name: str, params: TeacherRecipe, seed: int
) -> Float[np.ndarray, " videos"]:
    """A teacher with one expert."""
    alone = replace(data, features={name: data.features[name]})
    head = teach(alone, params=params, seed=seed)
    given = {name: data.features[name].numpy()}
    return predict.teacher(head, given, data.values.numpy()).score


def _best(scores: Scores, material: Material, sides: Sides) -> str:
    mos, rows = material.mos[sides.validation], sides.validation
    return max(scores, key=lambda name: agreement.srcc(scores[name][rows], mos))


def _agreement(
    score: Float[np.ndarray, " videos"], material: Material, sides: Sides, *, promise: bool
) -> Measured:
    mos, said = material.mos[sides.test], score[sides.test]
    within = [np.nan]
    if material.group is not None:
        source = material.group[sides.test]
        within = [
            agreement.srcc(said[source == name], mos[source == name])
            for name in np.unique(source)
            if np.ptp(mos[source == name]) > 0
        ]
    return Measured(
        agreement.srcc(said, mos),
        agreement.plcc(said, mos),
        float(np.mean(within)),
        _covered(score, material, sides) if promise else math.nan,
    )


def _mean(several: Sequence[Measured]) -> Measured:
    return Measured(*np.mean([astuple(one) for one in several], axis=0).tolist())


def _covered(score: Float[np.ndarray, " videos"], material: Material, sides: Sides) -> float:
    contents = np.arange(len(score)) if material.group is None else material.group
    seen, mos, rows = sides.validation, material.mos, sides.test
    half = conformal.half_width(score[seen], mos[seen], contents[seen], coverage=COVERAGE)
    if half is None:
        return math.nan
    return float(np.mean(np.abs(score[rows] - mos[rows]) <= half))


def _interval(values: Sequence[float], sides: Sides, *names: str) -> Interval:
    """Of a number of some models, which saw training videos alone, or validation ones as well."""
    known = all(name in ON_KNOWN or name.startswith("svr:") for name in names)
    seen = sides.known if known else sides.train
    ratio = len(sides.test) / len(seen)
    return nadeau_bengio(values, test_over_train=ratio, confidence=CONFIDENCE)


def _summary(splits: Sequence[Measured], *, within: bool) -> dict[str, object]:
    srcc = [one.srcc for one in splits]
    summary: dict[str, object] = {
        "srcc": float(np.mean(srcc)),
        "plcc": float(np.mean([one.plcc for one in splits])),
        "sd": float(np.std(srcc, ddof=1)) if len(srcc) > 1 else 0.0,
        "per_split": srcc,
    }
    if not any(math.isnan(one.covered) for one in splits):
        summary["coverage"] = float(np.mean([one.covered for one in splits]))
    if within:
        summary["srcc_within"] = float(np.mean([one.within for one in splits]))
    return summary


def _show(
    file: str,
    splits: Sequence[Split],
    differences: Mapping[str, Interval],
    sides: Sides,
    *,
    within: bool,
) -> None:
    heads = ["model", "SRCC", "95 % interval", "sd", "PLCC", "less stack", "95 % interval", "holds"]
    table = Table(*heads, *(["within source"] if within else []), title=file)
    for name in splits[0]:
        measured = [split[name] for split in splits]
        own = _interval([one.srcc for one in measured], sides, name)
        spread = np.std([one.srcc for one in measured], ddof=1) if len(measured) > 1 else 0.0
        against = differences.get(f"{name} - stack")
        row = [name, f"{own.value:.4f}", _ends(own), f"{spread:.4f}"]
        row += [f"{np.mean([one.plcc for one in measured]):.4f}"]
        row += [f"{against.value:+.4f}", _ends(against, "+")] if against else ["", ""]
        row += [f"{held:.3f}" if (held := np.mean([one.covered for one in measured])) > 0 else ""]
        if within:
            row += [f"{np.mean([one.within for one in measured]):.4f}"]
        table.add_row(*row)
    pairs = Table("paired difference", "SRCC", "95 % interval", title=file)
    for name, found in differences.items():
        if not name.endswith("- stack") or name.startswith("teacher"):
            pairs.add_row(name, f"{found.value:+.4f}", _ends(found, "+"))
    console = Console(width=130)
    console.print(table)
    console.print(pairs)


def _ends(interval: Interval, sign: str = "") -> str:
    if not interval.has_bounds:
        return "unknown"
    return f"{interval.low:{sign}.4f} to {interval.high:{sign}.4f}"


def _asked(given: Sequence[str]) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = {}
    for one in given:
        name, is_, blocks = one.partition("=")
        if not (name and is_ and all(blocks.split("+"))):
            raise DataError(f"--expert {one}: write NAME=block or NAME=block+block")
        if not name.isidentifier():
            raise DataError(f"--expert {one}: {name!r} is no name; letters, digits and _ only")
        if name in asked:
            raise DataError(f"--expert {one}: {name} is given twice")
        asked[name] = blocks.split("+")
    return asked


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_mos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE.npz")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="splits at a time; changes no number")
    parser.add_argument("--labelled", type=int, metavar="N")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--groups", action="store_true")
    parser.add_argument("--expert", action="append", default=[], metavar="NAME=block+block")
    parser.add_argument("--student", default=STUDENT, metavar="BLOCK")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
