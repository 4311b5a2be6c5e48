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
from vq.metrics import agreement, flips, interval, score_map_fit
from vq.metrics.score_map import ScoreMap
from vq.models import teacher_files
from vq.models.onnx_session import session
from vq.models.student import Student
from vq.models.student_onnx import export_trunk
from vq.models.teacher import Teacher
from vq.params import DistillRecipe, Params, TeacherRecipe, join
from vq.training import student_bundle
from vq.training.dataset import Dataset
from vq.training.distillation_loss import distill
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
    results = measured(scores, given)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "flips.json").write_text(json.dumps(results, indent=2) + "\n")
    _show(results, given.thresholds)


def measured(scores: Mapping[str, np.ndarray], given: argparse.Namespace) -> dict[str, Any]:
    """All numbers of the benchmark."""
    test = scores["split"] == "test"
    contents, mos = scores["content"][test], scores["mos"][test]
    kinds = _kinds({name: values[test] for name, values in scores.items() if "-" in name}, given)
    scale = (float(scores["scale"][0]), float(scores["scale"][1]))
    rng = np.random.default_rng(0)
    folds = np.unique(contents, return_inverse=True)[1] % flips.FOLDS
    splits = {"folds": [folds], "halves": [_half(contents, rng) for _ in range(given.splits)]}
    results: dict[str, Any] = {"seeds": given.seeds, "thresholds": given.thresholds, "kinds": {}}
    results |= {"videos": int(test.sum()), "contents": len(np.unique(contents))}
    for kind, pairs in kinds.items():
        maps = {}
        for name, fit in MAPS.items():
            parts = splits if name != "none" else {"folds": [folds]}
            maps[name] = {
                how: _judged(pairs, fit, some, contents, mos, scale, given.thresholds)
                for how, some in parts.items()
            }
        results["kinds"][kind] = {"handovers": len(pairs), "maps": maps}
    results["chain"] = _chain(
        [scores[f"independent-{seed}"][test] for seed in given.seeds],
        folds,
        contents,
        scale,
        given.thresholds,
    )
    return results


Pairs = Sequence[tuple[Scores, Scores]]
"""Old and new scores of the same videos, for each handover."""


def _kinds(scores: Mapping[str, np.ndarray], given: argparse.Namespace) -> dict[str, Pairs]:
    steps = handovers(given.seeds)
    alone = [scores[f"independent-{seed}"] for seed in given.seeds]
    kinds: dict[str, Pairs] = {"independent": list(zip(alone, [*alone[1:], alone[0]], strict=True))}
    for kind in ("resumed", "taught"):
        kinds[kind] = [
            (scores[f"independent-{seed}"], scores[f"{kind}-{after}-after-{seed}"])
            for seed, after in steps
            if f"{kind}-{after}-after-{seed}" in scores
        ]
    half = len(alone) // 2
    if half > 1:
        kinds[f"averages of {half}"] = [(np.mean(alone[:half], 0), np.mean(alone[half:], 0))]
    return {kind: pairs for kind, pairs in kinds.items() if pairs}


def _half(
    contents: Shaped[np.ndarray, " videos"], rng: np.random.Generator
) -> Float64[np.ndarray, " videos"]:
    """0 or 1 for each video, the same for all of a content."""
    names, content = np.unique(contents, return_inverse=True)
    return (rng.permutation(len(names)) % 2)[content].astype(np.float64)


def _judged(
    pairs: Pairs,
    fit: Fit,
    parts: Sequence[np.ndarray],
    contents: Shaped[np.ndarray, " videos"],
    mos: Scores,
    scale: tuple[float, float],
    thresholds: Sequence[float],
) -> dict[str, Any]:
    """Means over handovers and over splits into parts; each part is mapped by the others."""
    mapped = [
        (old, np.mean(new_maps, 0), new_maps)
        for old, new in pairs
        for new_maps in [[_out_of_part(old, new, fit, part, scale) for part in parts]]
    ]
    found = {}
    for threshold in thresholds:
        flipped = np.mean(
            [
                np.mean([(new < threshold) != (old < threshold) for new in maps], 0)
                for old, _, maps in mapped
            ],
            0,
        )
        found[f"{threshold:g}"] = _share(flipped, contents)
    every = np.mean(
        [
            np.mean([(new < one) != (old < one) for new in maps for one in thresholds], 0)
            for old, _, maps in mapped
        ],
        0,
    )
    found["mean"] = _share(every, contents)
    for band in BANDS:
        sure = [
            np.mean(
                [np.mean([_crossed(old, new, one, band) for one in thresholds], 0) for new in maps],
                0,
            )
            for old, _, maps in mapped
        ]
        open_ = [np.mean([np.abs(old - one) < band for one in thresholds], 0) for old, *_ in mapped]
        found[f"across a band of {band:g}"] = _share(np.mean(sure, 0), contents)
        found[f"inside a band of {band:g}"] = _share(np.mean(open_, 0), contents)
    found["apart"] = float(
        np.mean([np.abs(new - old).mean() for old, _, maps in mapped for new in maps])
    )
    found["share below moves"] = float(
        np.mean(
            [
                abs((new < one).mean() - (old < one).mean())
                for old, _, maps in mapped
                for new in maps
                for one in thresholds
            ]
        )
    )
    found["rmse to ratings"] = float(
        np.mean([agreement.rmse(new, mos) for _, _, maps in mapped for new in maps])
    )
    return found


def _crossed(
    old: Scores, new: Scores, threshold: float, band: float
) -> Bool[np.ndarray, " videos"]:
    """The decision flips, and neither score is within the band around the threshold."""
    sure = (np.abs(old - threshold) >= band) & (np.abs(new - threshold) >= band)
    return sure & ((old < threshold) != (new < threshold))


def _out_of_part(
    old: Scores, new: Scores, fit: Fit, part: np.ndarray, scale: tuple[float, float]
) -> Scores:
    mapped = np.empty_like(new)
    for number in np.unique(part):
        out = part == number
        mapped[out] = fit(new[~out], old[~out], scale)(new[out])
    return mapped


def _chain(
    scores: Sequence[Scores],
    folds: np.ndarray,
    contents: Shaped[np.ndarray, " videos"],
    scale: tuple[float, float],
    thresholds: Sequence[float],
) -> dict[str, Any]:
    """The first student against each later one: with a map from release to release, or to it."""
    first, chained, found = scores[0], scores[0], {}
    # A chain must never see the held-out videos: every link is fitted within the same folds.
    by_fold = {number: [(folds != number, scores[0])] for number in np.unique(folds)}
    for release, new in enumerate(scores[1:], 2):
        chained, direct = np.empty_like(new), np.empty_like(new)
        for number, ((rest, before),) in by_fold.items():
            link = score_map_fit.apply(score_map_fit.fit(new[rest], before[rest], scale=scale), new)
            by_fold[number] = [(rest, link)]
            chained[~rest] = link[~rest]
            straight = score_map_fit.fit(new[rest], first[rest], scale=scale)
            direct[~rest] = score_map_fit.apply(straight, new[~rest])
        found[str(release)] = {
            name: _share(
                np.mean([(one < each) != (first < each) for each in thresholds], 0), contents
            )
            for name, one in {"none": new, "chained": chained, "to the first": direct}.items()
        }
    return found


def _share(flipped: np.ndarray, contents: Shaped[np.ndarray, " videos"]) -> dict[str, float]:
    """Mean over videos, with an interval that draws whole contents."""
    draws = interval.resample(contents, count=RESAMPLES, rng=np.random.default_rng(SEED))
    shares = (draws @ flipped) / draws.sum(1)
    return asdict(interval.percentile(float(flipped.mean()), shares, confidence=0.95))


RESAMPLES, SEED = 2000, 7
BANDS = (0.05, 0.1)
"""Half the width of a band of scores that people look at; the scale has four."""


def _line(new: Scores, old: Scores, scale: tuple[float, float]) -> Callable[[Scores], Scores]:
    score_map: ScoreMap = score_map_fit.fit(new, old, scale=scale)
    return lambda scores: score_map_fit.apply(score_map, scores)


def _shift(new: Scores, old: Scores, scale: tuple[float, float]) -> Callable[[Scores], Scores]:
    return lambda scores: scores + np.mean(old - new)


def _regression(new: Scores, old: Scores, scale: tuple[float, float]) -> Callable[[Scores], Scores]:
    slope, intercept = np.polyfit(new, old, 1)
    return lambda scores: intercept + slope * scores


def _isotonic(new: Scores, old: Scores, scale: tuple[float, float]) -> Callable[[Scores], Scores]:
    return IsotonicRegression(out_of_bounds="clip").fit(new, old).predict


def _quantiles(new: Scores, old: Scores, scale: tuple[float, float]) -> Callable[[Scores], Scores]:
    inner = np.linspace(0.02, 0.98, 11)
    x, y = (np.r_[scale[0], np.quantile(one, inner), scale[1]] for one in (new, old))
    return lambda scores: np.interp(scores, x, y)


MAPS: Mapping[str, Fit] = {
    "none": lambda new, old, scale: lambda scores: scores,
    "shift": _shift,
    "line": _line,
    "regression": _regression,
    "eleven quantiles": _quantiles,
    "isotonic": _isotonic,
}
"""`line` is that of the release."""


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


def _show(results: Mapping[str, Any], thresholds: Sequence[float]) -> None:
    names = [f"{one:g}" for one in thresholds]
    title = f"{results['videos']} test videos of {results['contents']} contents, shares in %"
    table = Table("handover", "map", "fitted on", *names, "mean", "apart", title=title)
    for kind, one in results["kinds"].items():
        for name, parts in one["maps"].items():
            for how, found in parts.items():
                cells = [_text(found[key]) for key in (*names, "mean")]
                table.add_row(kind, name, how, *cells, f"{found['apart']:.3f}")
    console = Console(width=170)
    console.print(table)
    table = Table("release", *next(iter(results["chain"].values())), title="against the first")
    for release, one in results["chain"].items():
        table.add_row(release, *map(_text, one.values()))
    console.print(table)


def _text(share: Mapping[str, float]) -> str:
    return f"{share['value']:.1%} [{share['low']:.1%}, {share['high']:.1%}]".replace("%", "")


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
