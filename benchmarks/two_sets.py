"""What a second data set brings to a teacher, on features with real MOS.

    python -m benchmarks.two_sets PRIMARY.npz OTHER.npz --splits 5 --seed 1 --labelled 100

The form of a file is that of `benchmarks.material`; experts are made of the blocks that both have.
Teachers are fitted on the primary's training videos (`--labelled` many; all without it) `alone`,
with all videos of the other set aligned to it (`aligned`, what the library does), and with the same
pooled as if ratings were comparable once their scales have the same ends (`pooled`). Validation
stops them, and the test measures them: both of the primary.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks import material as materials
from benchmarks.material import Material, Sides
from vq import params as settings
from vq.data import manifest
from vq.data.card import Card, Ratings, Scale
from vq.errors import VqError
from vq.metrics import agreement
from vq.metrics.interval import nadeau_bengio
from vq.params import TeacherRecipe
from vq.training import predict
from vq.training.dataset import assemble
from vq.training.loop import determinism
from vq.training.teach import teach

PAIRS = (("aligned", "alone"), ("pooled", "alone"), ("aligned", "pooled"))
Split = Mapping[str, tuple[float, float]]
"""Test SRCC and PLCC by name of the teacher."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.two_sets")
    parser.add_argument("files", type=Path, nargs=2, metavar="FILE.npz")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--labelled", type=int)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    given = parser.parse_args(argv)
    determinism(threads=1)
    try:
        known = settings.load(given.params)
        params = settings.join(TeacherRecipe, known.training, known.teach)
        primary, other = map(materials.read, given.files)
    except VqError as error:
        raise SystemExit(f"two_sets: {error}") from error
    splits = []
    for number in range(given.splits):
        rng = np.random.default_rng([given.seed, number])
        sides = materials.split(primary, rng=rng)
        sides = replace(sides, train=rng.permutation(sides.train)[: given.labelled])
        splits.append(measure(primary, other, sides, params=params, seed=int(rng.integers(2**31))))
    _show(splits, len(sides.train), len(sides.test) / len(sides.train))


def measure(
    primary: Material, other: Material, sides: Sides, *, params: TeacherRecipe, seed: int
) -> Split:
    """Every teacher on one split."""
    both = primary.blocks.keys() & other.blocks.keys()
    parts = [
        materials.experts(replace(one, blocks={n: one.blocks[n] for n in sorted(both)}), {})
        for one in (primary, other)
    ]
    experts = {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}
    rows = [{"dataset": m.name, "mos": mos} for m in (primary, other) for mos in m.mos]
    side = np.full(len(rows), "train", dtype="U10")
    side[: len(primary.mos)] = "test"
    side[sides.train], side[sides.validation] = "train", "validation"
    card = _card(primary, other)
    both_sets = assemble(manifest.build(rows), card, side.tolist(), experts, count=params.levels)
    one_set = replace(both_sets, dataset=torch.zeros_like(both_sets.dataset))
    variants = {
        "alone": replace(one_set, train=torch.from_numpy(sides.train)),
        "aligned": both_sets,
        "pooled": one_set,
    }
    found, mos = {}, primary.mos[sides.test]
    for name, data in variants.items():
        teacher = teach(data, params=params, seed=seed)
        score = predict.teacher(teacher, experts, data.values.numpy()).score[sides.test]
        found[name] = agreement.srcc(score, mos), agreement.plcc(score, mos)
    return found


def _card(primary: Material, other: Material) -> Card:
    ratings, others = (
        Ratings(opinion="human", licence="", scale=Scale(min=one.scale[0], max=one.scale[1]))
        for one in (primary, other)
    )
    return Card(name=primary.name, datasets={other.name: others}, **dict(ratings))


def _show(splits: Sequence[Split], train: int, ratio: float) -> None:
    title = f"test of the primary, {train} training videos of it, {len(splits)} splits"
    table = Table("", "SRCC", "PLCC", title=title)
    rows = {name: np.array([split[name] for split in splits]) for name in splits[0]}
    rows |= {f"{one} - {other}": rows[one] - rows[other] for one, other in PAIRS}
    for name, values in rows.items():
        found = [
            nadeau_bengio(v.tolist(), test_over_train=ratio, confidence=0.95) for v in values.T
        ]
        table.add_row(name, *(f"{i.value:.4f} [{i.low:.4f}, {i.high:.4f}]" for i in found))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
