"""How many decisions at a threshold flip when a student of another seed takes over.

    python -m benchmarks.flips --at DIR --seeds 1 2 3 4 --out DIR

`--at` is a workspace that has gone through `dvc repro` with a frozen backbone
(`student.backbone_rate: 0`): its features, splits and teacher are taken; `--own-teachers` fits a
teacher for each seed instead. Each seed is champion once, and the next one challenges it in three
ways: `independent` shares the recipe alone, `resumed` starts from the champion's weights, `taught`
learns the champion's levels for half of its label. `averages` are means of two independent students
on either side, of different seeds.

Decisions are of test videos, at `--thresholds`. A map is fitted on other contents than those it is
judged on: `folds` as the release does it (ten parts), `halves` on one half of the contents, over
`--splits` random halves. Intervals draw contents anew, and take the mean over the handovers.

Scores stay in `DIR/scores.npz`, and are not made again. Writes `DIR/flips.json`.
"""

import argparse
import copy
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float64, Shaped
from rich.console import Console
from rich.table import Table
from sklearn.isotonic import IsotonicRegression

from vq import params as settings
from vq.errors import DataError, VqError
from vq.features import store
from vq.files import read_json
from vq.metrics import agreement, flips, interval
from vq.metrics.score_map import ScoreMap
from vq.models import teacher_files
from vq.models.onnx_session import session
from vq.models.student import Student
from vq.models.student_onnx import export_trunk
from vq.models.teacher import Teacher
from vq.params import DistillRecipe, Params, TeacherRecipe, join
from vq.training import student_bundle
from vq.training.dataset import Dataset
from vq.training.distill import distill
from vq.training.loop import determinism
from vq.training.teach import teach
from vq.training.train_student import on_precomputed_features, predict_logits, untrained
from vq.training.training_data import TrainingData, Vectors

log = logging.getLogger(__name__)

Scores = Float64[np.ndarray, " videos"]
Fit = Callable[[Scores, Scores, tuple[float, float]], Callable[[Scores], Scores]]


def main(argv: Sequence[str] | None = None) -> None:
    """Train all students, judge every handover, print the table, write the results."""
    given = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        scores = trained(given)
    except VqError as error:
        raise SystemExit(f"flips: {error}") from error
    print(sorted(scores))


def trained(given: argparse.Namespace) -> dict[str, np.ndarray]:
    """Scores of each student, and `mos`, `content`, `split` and `scale` of the videos.

    Raises:
        DataError: the backbone is not frozen, or a file is missing.
    """
    file, artifacts = given.out / "scores.npz", given.at / "artifacts"
    kept = dict(np.load(file)) if file.exists() else {}
    path = given.params or given.at / "params.yaml"
    config = settings.load(path)
    recipe = join(DistillRecipe, config.training, config.student, config.distill)
    if recipe.backbone_rate:
        raise DataError(f"{path}: student.backbone_rate is not 0, so a student takes hours")
    determinism(threads=1)
    videos, data = student_bundle.read(
        artifacts / "accepted.parquet",
        given.at / config.data.dir / "card.yaml",
        artifacts / "splits.csv",
        artifacts / "features.json",
        recipe,
        experts=read_json(artifacts / "zoo.json")["experts"],
    )
    rated = np.flatnonzero(np.isfinite(data.mos.numpy()) & (videos.manifest["split"] != "train"))
    for column in ("content", "split"):
        kept[column] = videos.manifest[column].to_numpy(str)[rated]
    kept["mos"] = data.mos.numpy()[rated].astype(np.float64)
    kept["scale"] = np.array([videos.card.scale.min, videos.card.scale.max], np.float64)
    data = replace(data, sight=Vectors(_described(untrained(recipe, data, 0), videos, given)))
    teacher = None if given.own_teachers else teacher_files.load(artifacts / "teacher")[0]
    students = _Students(data, config, teacher, torch.from_numpy(rated), kept, file)
    for seed in given.seeds:
        students.independent(seed)
    for seed, after in handovers(given.seeds):
        champion = students.independent(seed)
        students.resumed(champion, seed, after)
        students.taught(champion, seed, after)
    return kept


def handovers(seeds: Sequence[int]) -> list[tuple[int, int]]:
    """Champion and challenger: each seed and the next one."""
    return list(zip(seeds, [*seeds[1:], seeds[0]], strict=True))


class _Students:
    """Trains students of one recipe; what is in `kept` is not trained again."""

    def __init__(
        self,
        data: TrainingData,
        config: Params,
        teacher: Teacher | None,
        rated: torch.Tensor,
        kept: dict[str, np.ndarray],
        file: Path,
    ) -> None:
        self.data, self.teacher, self.rated = data, teacher, rated
        self.recipe = join(DistillRecipe, config.training, config.student, config.distill)
        self.teaching = join(TeacherRecipe, config.training, config.teach)
        self.kept, self.file = kept, file

    def independent(self, seed: int) -> Student:
        return self._train(f"independent-{seed}", self.data, seed)

    def resumed(self, champion: Student, seed: int, after: int) -> None:
        self._train(f"resumed-{after}-after-{seed}", self.data, after, start=champion)

    def taught(self, champion: Student, seed: int, after: int) -> None:
        target, rows = self.data.target.clone(), self.data.train
        with torch.inference_mode(), on_precomputed_features(champion):
            levels = predict_logits(champion, self.data, rows).softmax(1)
        target[rows] = (target[rows] + levels.clone()) / 2
        self._train(f"taught-{after}-after-{seed}", replace(self.data, target=target), after)

    def _train(
        self, name: str, data: TrainingData, seed: int, *, start: Student | None = None
    ) -> Student:
        student, recipe = untrained(self.recipe, data, seed), self.recipe
        weights = self.file.with_name(f"{name}.pt")
        if name in self.kept and weights.exists():
            student.load_state_dict(torch.load(weights, weights_only=True))
            return student.eval()
        if start is not None:
            student.load_state_dict(copy.deepcopy(start.state_dict()))
            recipe = recipe.model_copy(update={"start": "champion/"})  # its scales stay
        teacher = self.teacher or teach(self.data, params=self.teaching, seed=seed)
        with on_precomputed_features(student):
            dropout = self.teaching.expert_dropout
            distill(student, teacher, data, params=recipe, expert_dropout=dropout, seed=seed)
            with torch.inference_mode():
                logits = predict_logits(student, data, self.rated)
        self.kept[name] = (logits.softmax(1).double() @ data.values.double()).numpy()
        torch.save(student.state_dict(), weights)
        np.savez(self.file, **self.kept)
        log.info("%s is trained", name)
        return student.eval()


def _described(student: Student, videos: Dataset, given: argparse.Namespace) -> torch.Tensor:
    """What the frozen backbone says of every video; made once."""
    file = given.out / "backbone.npy"
    if not file.exists():
        given.out.mkdir(parents=True, exist_ok=True)
        index = given.at / "artifacts" / "features.json"
        views = store.views(index, videos.manifest["sha256"].tolist())
        graph = given.out / "backbone.onnx"
        export_trunk(student.trunk, graph, shape=np.asarray(views[0]).shape)
        network = session(graph)

        def describe(row: int) -> np.ndarray:
            return network.run(["feature"], {"views": np.asarray(views[row])[None]})[0][0]

        with ThreadPoolExecutor(2) as threads:
            np.save(file, np.stack(list(threads.map(describe, range(len(views))))))
    return torch.from_numpy(np.load(file))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flips", description=__doc__)
    parser.add_argument("--at", type=Path, required=True, help="a finished workspace")
    parser.add_argument("--params", type=Path, help="other than those of the workspace")
    parser.add_argument("--own-teachers", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--thresholds", type=float, nargs="+", default=[2.0, 2.5, 3.0, 3.5, 4.0])
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
