"""Teach the student of the package that cheap edits add nothing, and calibrate it again.

    python -m benchmarks.robust --at WORKSPACE --out DIR

`--at` is a workspace of footage (docs/footage.md) that has come to `dvc repro split`. The network
of the package is read back into torch and fine-tuned as `distill.robust` says, with
`student.dither`, on the films of the training contents; the targets are its own scores from before,
without dither. Interval, modes and reference come from the films of validation. The bundle in `DIR`
wants `benchmarks.decide calibrate` next. Prints agreement on the films of validation and test,
before and after.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import torch
from joblib import Parallel, delayed
from onnx import numpy_helper

from vq import params as settings
from vq.data import split
from vq.inference import card as cards
from vq.inference import runtime
from vq.inference.calibrate import calibrate, reference
from vq.inference.card import Card, Interval
from vq.metrics import agreement, conformal
from vq.models import student_files
from vq.models.student import Student
from vq.params import DistillRecipe, join
from vq.training.loop import determinism
from vq.training.robustness import resist_edits
from vq.training.train_student import untrained
from vq.training.training_data import Pictures, TrainingData
from vq.video.views import ViewSpec, look

SHIPPED = Path("vq/scoring/shipped")
PARTS = {"trunk.answers": "0.answers", "standard": "1", "conversion": "2", "head": "3"}
"""Beside the backbone: where they are in the student, and in the exported network."""

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Fine-tune, calibrate, write the bundle, print agreement."""
    args = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    params = settings.load(args.at / "params.yaml")
    robust = params.distill.robust
    if robust is None:
        raise SystemExit(f"{args.at}/params.yaml: distill.robust is empty; say how")
    recipe = join(DistillRecipe, params.training, params.student, params.distill)
    determinism(recipe.threads)
    card, _ = cards.load(SHIPPED)
    spec = runtime.load(SHIPPED).spec
    rows = _rows(args.at)
    log.info("%s", rows.groupby("split").agg(videos=("video", "size"), c=("content", "nunique")))
    files = [args.at / params.data.dir / "videos" / name for name in rows["video"]]
    views = Parallel(2)(delayed(_seen)(file, spec) for file in files)
    data = _data(rows, views, card)
    student = shipped(recipe, data)
    resist_edits(
        student,
        data,
        params=recipe,
        robust=robust,
        seed=params.seed,
        before=shipped(recipe.model_copy(update={"dither": 0.0}), data),
        record=lambda epoch, values: log.info("epoch %d: %s", epoch + 1, values),
    )
    sha = student_files.save(student, args.out, views=spec)
    changed = replace(card, onnx_sha256=sha, hashes=card.hashes | {"before": card.onnx_sha256})
    changed = _calibrated(changed, args.out, rows, files, params.distill.coverage)
    (args.out / "card.json").write_text(cards.dumps(changed))
    for name, folder in (("before", SHIPPED), ("after", args.out)):
        _show(name, runtime.load(folder), rows, views)


def shipped(recipe: DistillRecipe, data: TrainingData) -> Student:
    """The student of the package in torch: its backbone is frozen, the rest lies in the network."""
    student = untrained(recipe, data, seed=0)  # no random weight stays
    graph = onnx.load(SHIPPED / "student.onnx").graph
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    state = student.state_dict()
    for name, value in state.items():
        for here, there in PARTS.items():
            if name.startswith(f"{here}."):
                array = constants[name.replace(here, there, 1)]
                state[name] = torch.from_numpy(array.copy()).reshape(value.shape)
    student.load_state_dict(state)
    return student.eval()


def _rows(at: Path) -> pd.DataFrame:
    manifest = pd.read_parquet(at / "artifacts" / "accepted.parquet")
    sides = split.of_videos(manifest, split.read(at / "artifacts" / "splits.csv"))
    return manifest.assign(split=sides.to_numpy())


def _seen(file: Path, spec: ViewSpec) -> np.ndarray:
    return look(file, spec).views


def _data(rows: pd.DataFrame, views: Sequence[np.ndarray], card: Card) -> TrainingData:
    sides = rows["split"].to_numpy(str)
    count, levels = len(rows), len(card.values)
    return TrainingData(
        features={},
        target=torch.full((count, levels), torch.nan),
        mos=torch.from_numpy(rows["mos"].to_numpy(np.float32)),
        values=torch.tensor(card.values),
        train=torch.from_numpy(np.flatnonzero(sides == "train")),
        validation=torch.from_numpy(np.flatnonzero(sides == "validation")),
        dataset=torch.zeros(count, dtype=torch.long),
        content=torch.from_numpy(np.unique(rows["content"], return_inverse=True)[1]),
        sight=Pictures(views, card.views.moments),
    )


def _calibrated(
    card: Card, out: Path, rows: pd.DataFrame, files: Sequence[Path], coverage: float
) -> Card:
    """Interval, modes and reference of validation, as the stage `distill` has them."""
    some = np.flatnonzero(rows["split"].to_numpy(str) == "validation")
    mos = rows["mos"].to_numpy(np.float64)[some]
    contents = rows["content"].to_numpy(str)[some]
    paths = [files[place] for place in some.tolist()]
    modes, exact, sure = calibrate(
        card, out / "student.onnx", paths, mos, contents, coverage=coverage, jobs=2
    )
    halves = conformal.half_widths(
        exact, mos, contents, scale=(card.scale.min, card.scale.max), coverage=coverage
    )
    return replace(
        card,
        interval=None if halves is None else Interval(coverage, halves),
        modes=modes,
        sure=sure,
        reference=reference(exact, f"the validation videos of {card.dataset}"),
        validation={"srcc": agreement.srcc(exact, mos), "plcc": agreement.plcc(exact, mos)},
    )


def _show(name: str, model: runtime.Model, rows: pd.DataFrame, views: Sequence[np.ndarray]) -> None:
    sides, mos = rows["split"].to_numpy(str), rows["mos"].to_numpy(np.float64)
    for side in ("validation", "test"):
        some = np.flatnonzero(sides == side)
        scores = np.array([model.predict(views[place]).score for place in some.tolist()])
        ends = np.array([model.card.around(score) for score in scores.tolist()], np.float64)
        inside = (ends[:, 0] <= mos[some]) & (mos[some] <= ends[:, 1])
        right = [
            scores[a] > scores[b]
            for _, ladder in rows.iloc[some].reset_index().groupby(["film", "ladder"])
            for a in ladder.index
            for b in ladder.index
            if ladder["strength"][a] < ladder["strength"][b]
        ]
        sys.stdout.write(
            f"{name}, {side}: {len(some)} videos, SRCC {agreement.srcc(scores, mos[some]):.3f}, "
            f"PLCC {agreement.plcc(scores, mos[some]):.3f}, mean {scores.mean():.2f} of "
            f"{mos[some].mean():.2f}, rungs in order {np.mean(right):.3f}, inside "
            f"{inside.mean():.3f}\n"
        )


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robust", description=__doc__)
    parser.add_argument("--at", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
