"""Stage: compare student, teacher and baselines with people's ratings."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float

from vq.data import rating_scales
from vq.data.card import Card
from vq.data.columns import Columns
from vq.data.columns import load as load_columns
from vq.errors import DataError
from vq.features import store
from vq.files import read_json, sha256, write_csv, write_json, write_measurements
from vq.inference import card as student_cards
from vq.inference import gaming, runtime
from vq.inference.mode_agreement import modes
from vq.metrics import (
    baselines,
    calibration,
    interval,
    mapping,
    other_datasets,
    pair_order,
    slices,
)
from vq.metrics.interval import Bootstrap
from vq.metrics.summary import MODELS, Rated, as_json, rounded, summarise
from vq.models import teacher_files
from vq.params import Evaluate
from vq.training import dataset, predict
from vq.training.dataset import Dataset
from vq.training.loop import determinism
from vq.words import count

log = logging.getLogger(__name__)

BATCH = 512
"""Videos whose views are in memory at a time."""


@dataclass(frozen=True, eq=False)
class Table:
    """The score of each model for each video."""

    videos: pd.DataFrame
    """The manifest, with `split` and one column of scores for each model."""
    models: tuple[str, ...]
    importance: pd.DataFrame
    """Of each expert (columns) for each video; same index."""


def evaluate(
    *,
    accepted: Path,
    card: Path,
    columns: Path,
    videos: Path,
    splits: Path,
    features: Path,
    zoo: Path,
    teacher: Path,
    student: Path,
    plain: Path,
    validation: Path,
    metrics: Path,
    test: Path,
    predictions: Path,
    misordered: Path,
    scatter: Path,
    params: Evaluate,
    seed: int,
) -> None:
    """Score every rated video with every model, and write down what that amounts to.

    All of it is of the primary data set, but for `datasets` in validation and test: agreement on
    each other set of a collection.

    Written are `metrics`, the numbers that experiments are compared by, all of validation;
    `validation` and `test`, agreement as JSON, test with the maps from scores to
    ratings and hashes of what was measured; `predictions`, CSV with each model's score of each
    rated video of these splits and the importance of each expert for it; `misordered`, CSV of the
    validation pairs that the student has in the wrong order, the worst first; `scatter`, CSV of
    ratings and the student's scores on validation, for dvc's plot. `seed` is that of resamples, of
    the baselines that are fitted here, of the videos for modes, and of the cheap edits.

    Raises:
        DataError: a split has nothing to rank, or `evaluate.slices` or `columns` names a column
            that is not there, or not what it should be.
    """
    determinism(threads=1)
    bootstrap = Bootstrap(params.bootstrap, params.confidence, seed)
    learnable = dataset.read(accepted, card, splits, features)
    manifest, dataset_card = learnable.manifest, learnable.card
    if failed := store.failed(features):
        log.warning("left out without features: %s", count(len(failed), "video"))
    models = {"student": runtime.load(student), "plain": runtime.load(plain)}
    student_card = models["student"].card
    named = load_columns(columns)
    apart = named.sliced_by(params.slices)
    if missing := [name for name in apart if name not in manifest]:
        raise DataError(
            f"{accepted}: has no column {missing[0]!r} that evaluate.slices asks for; columns of "
            f"labels.csv belong in {columns}; there are {', '.join(map(str, manifest))}"
        )
    rungs = _rungs(manifest, dataset_card, named, apart, name=str(accepted))
    rated = {name: _rated(manifest, dataset_card, name) for name in ("validation", "test")}
    table = scored(
        learnable,
        features,
        teacher,
        models,
        # The order of rungs needs no rating.
        to_score=(manifest["mos"].notna() | manifest.index.isin(rungs.index)).to_numpy(),
        single=read_json(zoo)["single"],
        seed=seed,
    )
    sides = {name: table.videos.loc[rows] for name, rows in rated.items()}
    curves = {
        name: mapping.fit(_column(sides["validation"], name), _column(sides["validation"], "mos"))
        for name in table.models
    }
    summaries = {
        name: rounded(
            summarise(
                Rated.of(rows, table.models, apart),
                curves,
                opinion=dataset_card.opinion,
                bootstrap=bootstrap,
            )
        )
        for name, rows in sides.items()
    }
    if dataset_card.datasets:
        other_sets = other_datasets.agreement(table.videos, dataset_card, bootstrap)
        for name in summaries:
            summaries[name]["datasets"] = other_sets[name]
    pairs = {
        name: _pairs(table.videos, rungs, dataset_card, named, side=name) for name in summaries
    }
    if named.order is not None:
        summaries["validation"]["order"] = pair_order.share(pairs["validation"], bootstrap)
    write_measurements(validation, summaries["validation"])
    write_json(metrics, headline(summaries["validation"]), allow_nan=False)
    summaries["test"]["order"] = in_kinds(pairs["test"], bootstrap) if named.order else None
    summaries["test"]["coverage"] = coverage(sides["test"], student_card, bootstrap)
    error = calibration.error(
        _column(sides["test"], "student"),
        _column(sides["test"], "mos"),
        sides["test"]["content"].to_numpy(str),
        bootstrap,
    )
    summaries["test"]["calibration"] = rounded(as_json(error))
    summaries["test"]["modes"] = modes(
        sides["test"],
        videos,
        student_card,
        student / "student.onnx",
        most=params.modes,
        bootstrap=bootstrap,
    )
    summaries["test"]["gaming"] = gaming.measure(
        sides["test"],
        videos,
        models["student"],
        count=params.gaming_videos,
        tries=params.gaming_tries,
        seed=seed,
    )
    # These stay out of the metrics file: its readers compare agreement.
    summaries["test"]["maps"] = {name: curve.to_json() for name, curve in curves.items()}
    summaries["test"]["hashes"] = {
        "accepted_videos": sha256(accepted),
        "splits": sha256(splits),
        "features": sha256(features),
        "teacher": sha256(teacher / "teacher.safetensors"),
        "student": sha256(student / "student.onnx"),
        "plain_student": sha256(plain / "student.onnx"),
    }
    write_measurements(test, summaries["test"])
    rows = pd.concat(sides.values())
    weights = table.importance.loc[rows.index].add_prefix("importance_")
    scores = rows[["video", "content", "split", "mos", *table.models]]
    write_csv(predictions, pd.concat([scores, weights], axis=1), digits=6)
    write_csv(misordered, pair_order.wrong(pairs["validation"]), digits=6)
    points = sides["validation"][["video", "mos", "student"]]
    write_csv(scatter, points.rename(columns={"student": "score"}), digits=6)
    # Test is for the verdict: who reads it on each run tunes on it.
    for name, measures in summaries["validation"]["models"].items():
        values = (measures["srcc"]["value"], measures["plcc"]["value"])
        log.info("%s on validation: srcc %.4f, plcc %.4f", name, *values)


def headline(summary: Mapping[str, Any]) -> dict[str, float | None]:
    """Eight numbers for `dvc exp show`: the student's, and the SRCC of those it is held against."""
    models, order = summary["models"], summary.get("order")
    student = models["student"]
    return {
        "srcc": student["srcc"]["value"],
        "srcc_low": student["srcc"]["low"],
        "srcc_high": student["srcc"]["high"],
        "plcc": student["plcc"]["value"],
        "rmse": student["rmse"]["value"],
        "order": order["value"] if order else None,
        "plain_srcc": models["plain"]["srcc"]["value"],
        "teacher_srcc": models["teacher"]["srcc"]["value"],
    }


def scored(
    learnable: Dataset,
    features: Path,
    teacher: Path,
    students: Mapping[str, runtime.Model],
    *,
    to_score: Bool[np.ndarray, " videos"],
    single: str,
    seed: int,
) -> Table:
    """Let every model score every video; students score those of `to_score` outside of train.

    Students run from what ships, their ONNX bundle, on the cached views. The handcrafted baseline
    is there if the zoo has handcrafted experts.

    Args:
        learnable: the videos, with the features of all experts.
        features: index of the features.
        teacher: bundle of the teacher.
        students: by name.
        to_score: mask of the videos that students score; the other models score all.
        single: name of the best single expert.
        seed: of what is fitted here: the baselines.
    """
    frame, initial = learnable.manifest, learnable.features
    model, teacher_card = teacher_files.load(teacher)
    experts = store.experts(features)
    data = learnable.training_data(levels=model.shape.levels)
    first = predict.teacher(model, initial, np.array(teacher_card.values))

    scores: dict[str, Float[np.ndarray, " videos"]] = {
        name: _by_student(student, frame, features, to_score) for name, student in students.items()
    }
    scores["teacher"] = first.score
    scores["single"] = predict.single(data, single, seed=seed)
    primary = rating_scales.number(frame, learnable.card) == 0
    trained = np.flatnonzero((frame["split"] == "train") & frame["mos"].notna() & primary)
    mos = _column(frame, "mos")
    statistics = [
        value.mean(1) if value.ndim == 3 else value
        for name, value in initial.items()
        if experts[name]["tags"].get("family") == "handcrafted"
    ]
    if statistics:
        together = np.concatenate(statistics, axis=1)
        scores["handcrafted"] = baselines.handcrafted(
            together[trained],
            mos[trained],
            frame["content"].to_numpy()[trained],
            together,
            rng=np.random.default_rng(seed),
        )
    scores["constant"] = baselines.constant(mos[trained], count=len(frame))
    models = tuple(name for name in MODELS if name in scores)
    return Table(
        videos=frame.assign(**{name: scores[name] for name in models}),
        models=models,
        importance=pd.DataFrame(first.importance, columns=list(first.experts)),
    )


def _rated(manifest: pd.DataFrame, card: Card, side: str) -> pd.Index:
    """Where the rated videos of a split are in the manifest, those of the primary data set."""
    primary = rating_scales.number(manifest, card) == 0
    rows = manifest[(manifest["split"] == side) & manifest["mos"].notna() & primary]
    if (different := rows["mos"].nunique()) < 2:
        raise DataError(
            f"the {side} split has {count(len(rows), 'rated video')}, {different} different: "
            "nothing to rank; bring more contents, or another split.salt"
        )
    return rows.index


def _rungs(
    manifest: pd.DataFrame, card: Card, columns: Columns, apart: Sequence[str], *, name: str
) -> pd.DataFrame:
    """Places of the primary set's videos on their ladders; none if `columns` has no order."""
    rows = manifest[rating_scales.number(manifest, card) == 0]
    if columns.order is None:
        return pair_order.NONE
    ladders = columns.order.model_dump(include={"film", "ladder", "strength"})
    return pair_order.rungs_of(rows, slices.kinds(rows, apart), **ladders, name=name)


def _pairs(
    videos: pd.DataFrame, rungs: pd.DataFrame, card: Card, columns: Columns, *, side: str
) -> pd.DataFrame:
    """Pairs of videos of a split whose order is known, and whether the student keeps it."""
    side_rungs = rungs.loc[videos.loc[rungs.index, "split"] == side]
    apart = columns.order.apart if columns.order is not None else 1.0
    return pair_order.pair_up(side_rungs, videos["student"], apart=apart, better=card.better)


def _by_student(
    student: runtime.Model,
    frame: pd.DataFrame,
    features: Path,
    to_score: Bool[np.ndarray, " videos"],
) -> Float[np.ndarray, " videos"]:
    """Scores of the videos of validation and test in `to_score`; nan for the others."""
    wanted = np.flatnonzero(frame["split"].isin(["validation", "test"]) & to_score)
    scores = np.full(len(frame), np.nan)
    for start in range(0, len(wanted), BATCH):
        rows = wanted[start : start + BATCH]
        views = store.views(features, frame["sha256"].iloc[rows].tolist())
        scores[rows] = [student.predict(view).score for view in views]
    return scores


def coverage(
    rows: pd.DataFrame, student_card: student_cards.Card, bootstrap: Bootstrap
) -> dict[str, float | None] | None:
    """Share of ratings inside the intervals of the student's scores, and the interval of that.

    `half_width` is the mean of what a user sees: cut off at the ends of the scale.
    """
    if student_card.interval is None:
        return None
    bounds = [student_card.around(score) for score in rows["student"]]
    low, high = np.array(bounds, np.float64).T
    mos = _column(rows, "mos")
    inside = (low <= mos) & (mos <= high)
    share = as_json(interval.share(inside, rows["content"].to_numpy(str), bootstrap))
    half_width = float(np.mean(high - low) / 2)
    return rounded({"nominal": student_card.interval.coverage, "half_width": half_width, **share})


def in_kinds(pairs: pd.DataFrame, bootstrap: Bootstrap) -> dict[str, Any]:
    """Share of pairs in order, of all and under `kinds` of those of each kind."""
    kinds = {str(kind): pair_order.share(rows, bootstrap) for kind, rows in pairs.groupby("kind")}
    return {**pair_order.share(pairs, bootstrap), "kinds": kinds}


def _column(rows: pd.DataFrame, name: str) -> Float[np.ndarray, " videos"]:
    return rows[name].to_numpy(np.float64)
