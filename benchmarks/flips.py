"""How many decisions at a threshold flip when a student of another seed takes over.

    python -m benchmarks.flips --at DIR --seeds 1 2 3 4 5 6 --out DIR

`--at` is a workspace that has gone through `dvc repro` with a frozen backbone
(`student.backbone_rate: 0`): its features, splits and experts are taken. For each seed teacher and
student are trained anew, as the stages do. Each seed is champion once for the next one, which
challenges it in three ways: `independent` shares the recipe alone, `resumed` starts from the
champion's weights, `taught` learns the champion's levels for half of its label. `mean of 3` are
averages of three students of other seeds each.

Decisions are of test videos, at `--thresholds`. Maps are fitted on some contents and judged on the
others (`vq.metrics.flips`). Scores stay in `DIR/scores.npz`; delete it to train anew. Writes
`DIR/flips.json`.
"""

import argparse
import copy
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from vq import params as settings
from vq.errors import DataError, VqError
from vq.features import store
from vq.files import read_json
from vq.models.onnx_session import session
from vq.models.student import Student
from vq.models.student_onnx import export_trunk
from vq.models.teacher import Teacher
from vq.params import DistillRecipe, Params, TeacherRecipe, join
from vq.training import student_bundle
from vq.training.distill import distill
from vq.training.loop import determinism
from vq.training.teach import teach
from vq.training.train_student import on_precomputed_features, predict_logits, untrained
from vq.training.training_data import TrainingData, Vectors

BATCH = 16
"""Videos whose views are in memory at a time."""
AVERAGED = 3
"""Students in a `mean`."""


def main(argv: Sequence[str] | None = None) -> None:
    """Train all students, judge every handover, print the table, write the results."""
    given = _parse(argv)
    try:
        scores = trained(given.at, given.params or given.at / "params.yaml", given.seeds, given.out)
    except VqError as error:
        raise SystemExit(f"flips: {error}") from error
    print({name: value.shape for name, value in scores.items()})


def trained(at: Path, params: Path, seeds: Sequence[int], out: Path) -> dict[str, np.ndarray]:
    """Scores of each student (`KIND-SEED`), and `mos`, `content` and `split` of the videos.

    Raises:
        DataError: the backbone is not frozen, or a file is missing.
    """
    file = out / "scores.npz"
    kept = dict(np.load(file)) if file.exists() else {}
    config = settings.load(params)
    recipe = join(DistillRecipe, config.training, config.student, config.distill)
    if recipe.backbone_rate:
        raise DataError(f"{params}: student.backbone_rate is not 0, so a student takes hours")
    determinism(threads=1)
    artifacts = at / "artifacts"
    videos, data = student_bundle.read(
        artifacts / "accepted.parquet",
        at / config.data.dir / "card.yaml",
        artifacts / "splits.csv",
        artifacts / "features.json",
        recipe,
        experts=read_json(artifacts / "zoo.json")["experts"],
    )
    rated = np.flatnonzero(np.isfinite(data.mos.numpy()) & (videos.manifest["split"] != "train"))
    for column in ("content", "split"):
        kept[column] = videos.manifest[column].to_numpy(str)[rated]
    kept["mos"] = data.mos.numpy()[rated]
    data = replace(data, sight=Vectors(_described(untrained(recipe, data, 0), videos, at, out)))
    students = _Students(data, config, recipe, torch.from_numpy(rated), kept, file)
    for seed in seeds:
        students.independent(seed)
    for seed, after in handovers(seeds):
        champion = students.independent(seed)
        students.resumed(champion, seed, after)
        students.taught(champion, seed, after)
        students.of_half(seed)
    return kept


def handovers(seeds):
    return zip(seeds, [*seeds[1:], seeds[0]], strict=True)


class _Students:
    """Trains students of one recipe; what is in `kept` is not trained again."""

    def __init__(
        self,
        data: TrainingData,
        config: Params,
        recipe: DistillRecipe,
        rated: torch.Tensor,
        kept: dict[str, np.ndarray],
        file: Path,
    ) -> None:
        self.data, self.recipe, self.rated = data, recipe, rated
        self.teaching = join(TeacherRecipe, config.training, config.teach)
        self.kept, self.file = kept, file
        self.teachers: dict[str, Teacher] = {}

    def independent(self, seed: int) -> Student:
        return self._train(f"independent-{seed}", self.data, seed)

    def resumed(self, champion: Student, seed: int, after: int) -> None:
        self._train(f"resumed-{after}-after-{seed}", self.data, after, start=champion)

    def taught(self, champion: Student, seed: int, after: int) -> None:
        target = self.data.target.clone()
        with torch.inference_mode(), on_precomputed_features(champion):
            rows = self.data.train
            levels = predict_logits(champion, self.data, rows).softmax(1)
        target[rows] = (target[rows] + levels.clone()) / 2
        self._train(f"taught-{after}-after-{seed}", replace(self.data, target=target), after)

    def of_half(self, seed: int) -> None:
        contents = self.data.content[self.data.train].unique()
        order = torch.randperm(len(contents), generator=torch.Generator().manual_seed(seed))
        half = torch.isin(self.data.content[self.data.train], contents[order[: len(order) // 2]])
        self._train(f"half-{seed}", replace(self.data, train=self.data.train[half]), seed)

    def _train(
        self, name: str, data: TrainingData, seed: int, *, start: Student | None = None
    ) -> Student:
        student = untrained(self.recipe, data, seed)
        recipe = self.recipe
        weights = self.file.with_name(f"{name}.pt")
        if name in self.kept and weights.exists():
            student.load_state_dict(torch.load(weights, weights_only=True))
            return student.eval()
        if start is not None:
            student.load_state_dict(copy.deepcopy(start.state_dict()))
            recipe = recipe.model_copy(update={"start": "champion/"})  # its scales stay
        lesson = name if name.startswith("half") else str(seed)
        if lesson not in self.teachers:
            self.teachers[lesson] = teach(
                self.data if data.train is self.data.train else data,
                params=self.teaching,
                seed=seed,
            )
        teacher = self.teachers[lesson]
        print(name, "teacher", time.process_time(), flush=True)
        with on_precomputed_features(student):
            distill(
                student,
                teacher,
                data,
                params=recipe,
                expert_dropout=self.teaching.expert_dropout,
                seed=seed,
            )
            with torch.inference_mode():
                logits = predict_logits(student, data, self.rated)
        self.kept[name] = (logits.softmax(1).double() @ data.values.double()).numpy()
        torch.save(student.state_dict(), weights)
        np.savez(self.file, **self.kept)
        print(name, time.process_time(), flush=True)
        return student.eval()


def _described(student: Student, videos, at: Path, out: Path) -> torch.Tensor:
    """What the frozen backbone says of every video."""
    file = out / "backbone.npy"
    if file.exists():
        return torch.from_numpy(np.load(file))
    out.mkdir(parents=True, exist_ok=True)
    views = store.views(at / "artifacts" / "features.json", videos.manifest["sha256"].tolist())
    graph = out / "backbone.onnx"
    export_trunk(student.trunk, graph, shape=np.asarray(views[0]).shape)
    network = session(graph)
    from concurrent.futures import ThreadPoolExecutor

    def describe(row):
        return network.run(["feature"], {"views": np.asarray(views[row])[None]})[0][0]

    with ThreadPoolExecutor(2) as threads:
        features = np.stack(list(threads.map(describe, range(len(views)))))
    np.save(file, features)
    return torch.from_numpy(features)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flips", description=__doc__)
    parser.add_argument("--at", type=Path, required=True, help="a finished workspace")
    parser.add_argument("--params", type=Path, help="other than those of the workspace")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6])
    parser.add_argument("--thresholds", type=float, nargs="+", default=[2.0, 3.0, 4.0])
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
