"""Is pruning right where the truth is known? Experts with real MOS, and three that are planted.

    python -m benchmarks.prune_truth FILE.npz --seeds 10 --first 1 --exhaustive 3 --out DIR

The form of a file is that of `benchmarks.material`. Each seed splits the videos anew (0.66 train,
0.14 validation, 0.20 test) and plants among the file's own experts

    copy      one of them, rotated at random, with noise of 0, 10 or 30 % of its spread
    shuffled  random features (a random layer) of the widest one, of *other* videos: numbers that
              are not noise, and know nothing
    noise     16 random numbers

Then the library's own pruning (`vq.pruning.select`) runs under each criterion, on five repeated
splits of what is not test. A choice is judged by the teacher's SRCC on test, fitted on training
videos: against the best of all subsets of the file's own experts (the first
`--exhaustive` seeds; chosen on test, as no one could), and by what dropping each expert has cost;
all fitted by the recipe of the trials.
Trials are kept in `DIR/trials`. Writes `DIR/results.json`.
"""

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import material as materials
from benchmarks.material import Material, Sides
from benchmarks.real_mos import STUDENT, learnable
from vq import params as settings
from vq.errors import DataError, VqError
from vq.metrics import agreement
from vq.params import Params, Prune
from vq.pruning.select import select
from vq.pruning.trial import Effect, Trial
from vq.pruning.trials import Trials
from vq.training import predict
from vq.training.loop import determinism
from vq.training.probe_recipe import PROBE
from vq.training.teach import teach
from vq.training.training_data import TrainingData, Vectors

log = logging.getLogger(__name__)

REPEATS = 5
SPREADS = (0.0, 0.1, 0.3)
COSTLY = 0.01
"""SRCC of the teacher that no dropped expert may have been worth."""
CRITERIA: Mapping[str, Mapping[str, object]] = {
    "claim8": {"candidate": "claim8", "effect": "student"},
    "claim8, teacher": {"candidate": "claim8", "effect": "teacher"},
    "gain": {"candidate": "gain", "effect": "student"},
    "gain, teacher": {"candidate": "gain", "effect": "teacher"},
    "knows": {"candidate": "knows", "effect": "teacher"},
}
"""What differs from params.yaml, by the name in the table. Claim 8 taken literally is the first."""
Experts = dict[str, Float32[np.ndarray, "videos _"]]


@dataclass(frozen=True)
class Outcome:
    """What one criterion did on one seed."""

    kept: tuple[str, ...] = ()
    """Empty where pruning ended in an error."""
    planted: tuple[str, ...] = ()
    """Planted experts that were kept; a copy without its original counts as well."""
    pair: bool = False
    """The copy and its original were both kept."""
    costly: Mapping[str, float] = field(default_factory=dict)
    """Dropped experts that were worth more than `COSTLY`, and how much."""
    test: float | None = None
    """SRCC of the teacher of those kept."""
    best: float | None = None
    """Of the best subset."""
    error: str = ""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure each seed, print the table, write the results."""
    given = _parse(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        known = settings.load(given.params)
        material = materials.read(given.file)
        if given.student not in material.blocks:
            raise DataError(f"{material.name}: has no block {given.student!r} for the student")
        experts = materials.experts(material, {})
        unknown = sorted(set(given.criteria) - set(CRITERIA))
        if unknown:
            raise DataError(f"--criteria {unknown[0]}: known are {', '.join(CRITERIA)}")
        seeds = range(given.first, given.first + given.seeds)
        given.out.mkdir(parents=True, exist_ok=True)
        found = Parallel(given.jobs, return_as="generator")(
            delayed(measure)(
                material,
                experts,
                seed,
                known=known,
                student=given.student,
                criteria=given.criteria or list(CRITERIA),
                exhaustive=seed < given.first + given.exhaustive,
                folder=given.out / "trials",
            )
            for seed in seeds
        )
        every = []
        for one in track(found, material.name, given.seeds, console=Console(stderr=True)):
            every.append(one)
            results = {
                str(seed): {name: vars(outcome) for name, outcome in outcomes.items()}
                for seed, outcomes in zip(seeds, every, strict=False)
            }
            (given.out / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    except VqError as error:
        raise SystemExit(f"prune_truth: {error}") from error
    _show(material.name, every)


def measure(
    material: Material,
    own: Experts,
    seed: int,
    *,
    known: Params,
    student: str,
    criteria: Sequence[str],
    exhaustive: bool,
    folder: Path,
) -> dict[str, Outcome]:
    """Every criterion on one seed."""
    determinism(threads=1)
    rng = np.random.default_rng(seed)
    sides = materials.split(material, rng=rng)
    experts, original = plant(own, seed, rng=rng)
    params = known.prune.model_copy(update={"repeats": REPEATS, "max_gmacs": None})
    repeats = [again(sides, rng=rng) for _ in range(REPEATS)]
    seen = torch.from_numpy(materials.impute(material.blocks[student], sides.known))
    repeats = [_training_data(material, experts, side, seen) for side in repeats]
    # One mapping for all, as the stage has it.
    repeats = [replace(one, features=repeats[0].features) for one in repeats]
    students = any(c != "knows" for c in criteria)
    trials = (Trials if students else _Heads)(repeats, folder, seed=seed)
    judge = _Judge(material, experts, sides, seed)
    best = None
    if exhaustive:
        subsets = [s for n in range(2, len(own) + 1) for s in combinations(own, n)]
        best = max(judge(subset) for subset in subsets)
    return {
        name: _outcome(
            trials,
            {n: value[sides.train] for n, value in experts.items()},
            params.model_copy(update=dict(CRITERIA[name])),
            judge,
            original,
            best,
        )
        for name in criteria
    }


def plant(own: Experts, seed: int, *, rng: np.random.Generator) -> tuple[Experts, str]:
    """The experts with the planted ones; and whom `copy` copies."""
    original = list(own)[seed % len(own)]
    block = materials.impute(own[original], np.arange(len(own[original])))
    standard = (block - block.mean(0)) / np.maximum(block.std(0), 1e-6)
    width = standard.shape[1]
    turned = standard @ np.linalg.qr(rng.normal(size=(width, width)))[0]
    spread = SPREADS[seed % len(SPREADS)]
    widest = max(own.values(), key=lambda value: value.shape[1])
    content = materials.impute(widest, np.arange(len(widest)))
    content = (content - content.mean(0)) / np.maximum(content.std(0), 1e-6)
    layer = rng.normal(size=(content.shape[1], 32)) / np.sqrt(content.shape[1])
    planted = {
        "copy": turned + spread * rng.normal(size=turned.shape),
        "shuffled": np.maximum(content[rng.permutation(len(content))] @ layer, 0),
        "noise": rng.normal(size=(len(block), 16)),
    }
    return {**own, **{n: value.astype(np.float32) for n, value in planted.items()}}, original


def again(sides: Sides, *, rng: np.random.Generator) -> Sides:
    """Train and validation dealt anew, in the same ratio."""
    order = rng.permutation(sides.known)
    many = len(sides.validation)
    return Sides(np.sort(order[many:]), np.sort(order[:many]), sides.test)


class _Heads(Trials):
    """Trials without students, where no criterion asks for them: half the time."""

    def run(self, wanted: Sequence[Trial], what: str) -> list[Effect]:
        return super().run([replace(trial, student=False) for trial in wanted], what)


class _Judge:
    """What a combination is worth on test; each set is fitted once."""

    def __init__(self, material: Material, experts: Experts, sides: Sides, seed: int) -> None:
        self.material, self.experts, self.sides, self.seed = material, experts, sides, seed
        self.found: dict[frozenset[str], float] = {}

    def __call__(self, names: Sequence[str]) -> float:
        some = {name: value for name, value in self.experts.items() if name in names}
        if frozenset(some) not in self.found:
            data = learnable(self.material, some, self.sides, count=PROBE.levels)
            teacher = teach(data, params=PROBE, seed=self.seed)
            score = predict.teacher(teacher, some, data.values.numpy()).score
            rows = self.sides.test
            self.found[frozenset(some)] = agreement.srcc(score[rows], self.material.mos[rows])
        return self.found[frozenset(some)]


def _outcome(
    trials: Trials,
    features: Experts,
    params: Prune,
    judge: _Judge,
    original: str,
    best: float | None,
) -> Outcome:
    try:
        found = select(trials, features, dict.fromkeys(features, 0.0), params=params)
    except DataError as error:
        return Outcome(error=str(error), best=best)
    kept = found.combination.experts
    test = judge(kept)
    # A copy stands in for its original, and the other way round.
    dropped = [name for name in features if name not in kept]
    costs = {name: judge((*kept, name)) - test for name in dropped}
    return Outcome(
        kept=kept,
        planted=tuple(name for name in ("copy", "shuffled", "noise") if name in kept),
        pair={"copy", original} <= set(kept),
        costly={name: round(cost, 4) for name, cost in costs.items() if cost > COSTLY},
        test=test,
        best=best,
    )


def _training_data(
    material: Material, experts: Experts, sides: Sides, seen: torch.Tensor
) -> TrainingData:
    data = learnable(material, experts, sides, count=PROBE.levels)
    return replace(data, sight=Vectors(seen))


def _show(name: str, every: Sequence[Mapping[str, Outcome]]) -> None:
    table = Table(
        "criterion", "errors", "three dropped", "no pair", "no costly drop", "test SRCC",
        "less best subset: mean, least", "kept, mean", title=name,
    )  # fmt: skip
    for criterion in every[0]:
        outcomes = [one[criterion] for one in every]
        done = [one for one in outcomes if one.test is not None]
        less = [one.test - one.best for one in done if one.test and one.best]
        table.add_row(
            criterion,
            f"{len(outcomes) - len(done)} of {len(outcomes)}",
            str(sum(not one.planted for one in done)),
            str(sum(not (set(one.planted) - {"copy"}) and not one.pair for one in done)),
            str(sum(not one.costly for one in done)),
            f"{np.mean([one.test for one in done]):.4f}" if done else "",
            f"{np.mean(less):+.4f}, {min(less):+.4f} ({len(less)})" if less else "",
            f"{np.mean([len(one.kept) for one in done]):.1f}" if done else "",
        )
    Console(width=130).print(table)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prune_truth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE.npz")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--exhaustive", type=int, default=0, help="seeds with all subsets")
    parser.add_argument("--criteria", action="append", default=[], metavar="NAME")
    parser.add_argument("--student", default=STUDENT, metavar="BLOCK")
    parser.add_argument("--jobs", type=int, default=1, help="seeds at a time; changes no number")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
