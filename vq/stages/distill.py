"""Stage: train the student with the teacher, and one without to compare it with."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64, Int64, Shaped

from vq import code_version
from vq.data import card as cards
from vq.data import rating_scales
from vq.data.card import Card as DataCard
from vq.data.paths import inside
from vq.data.score_distribution import expectation
from vq.errors import ParamsError
from vq.features import store
from vq.files import fresh_folder, sha256
from vq.inference import card as student_cards
from vq.inference import onnx_parity
from vq.inference.calibrate import calibrate
from vq.metrics import agreement, conformal
from vq.models import builtin_weights, student_files, teacher_files
from vq.models.student import Student
from vq.models.teacher import Shape
from vq.params import Distill
from vq.training import dataset, torchrun
from vq.training.checkpoint import Checkpoint
from vq.training.distill import distill as train
from vq.training.distill import on_precomputed_features, precompute_features, predict_logits
from vq.training.loop import determinism, initialisation
from vq.training.mlflow_logger import curves
from vq.training.training_data import Pictures, TrainingData
from vq.video.views import ViewSpec
from vq.words import count
from vq.workers.process_pool import cores

log = logging.getLogger(__name__)


def distill(
    *,
    accepted: Path,
    card: Path,
    videos: Path,
    splits: Path,
    features: Path,
    teacher: Path,
    checkpoints: Path,
    student: Path,
    plain: Path,
    params: Distill,
    seed: int,
    jobs: int = 0,
) -> None:
    """Train both students; a run that was killed goes on after its last whole epoch.

    The one that ships is calibrated for its modes on the files of validation.
    """
    determinism(params.threads)
    teacher_model, about_teacher = teacher_files.load(teacher)
    manifest, data = read(accepted, card, splits, features, teacher_model.shape, params)
    data_card = cards.load(card)
    views = store.view_spec(features)
    hashes = {
        "data": sha256(accepted, splits),
        "features": sha256(features),
        "teacher": sha256(teacher / "teacher.safetensors"),
        "params": hashlib.sha256(params.model_dump_json().encode()).hexdigest(),
    }
    # Weights that other code made are not gone on from, and are not passed off as this one's.
    start = student_files.start_hash(params.start)
    rest = {"code": code_version.digest_of(__name__), "start": start, "card": sha256(card)}
    # Each process drops units of its own.
    rest |= {"processes": str(torchrun.world_size())}
    key = f"{seed}:{sorted((hashes | rest).items())}"
    all_experts = store.experts(features)
    experts = {name: all_experts[name] for name in teacher_model.shape.experts}
    frozen = params.backbone_rate == 0
    if frozen:
        trunk = untrained(teacher_model.shape, data, params, seed).eval().trunk
        data = precompute_features(trunk, data, jobs=cores(jobs))
    runs = (("plain", plain, None), ("student", student, teacher_model))
    for name, folder, teacher_or_none in runs:
        student_model = untrained(teacher_model.shape, data, params, seed)
        checkpoint = Checkpoint(checkpoints / f"{name}.safetensors", key=f"{name}:{key}")
        with (
            curves(name, params.model_dump(mode="json") | {"seed": seed}) as record,
            on_precomputed_features(student_model) if frozen else nullcontext(),
        ):
            train(
                student_model,
                teacher_or_none,
                data,
                params=params,
                expert_dropout=about_teacher.expert_dropout,
                seed=seed,
                checkpoint=checkpoint,
                record=_log_and_record(name, record),
            )
            if not torchrun.is_first():
                continue
            contents = manifest["content"].to_numpy(str)
            scores, results = on_validation(
                student_model,
                data,
                contents,
                scale=(data_card.scale.min, data_card.scale.max),
                coverage=params.coverage,
            )
        student_model.eval()
        metrics = results["validation"]
        log.info("%s on validation: srcc %.4f, plcc %.4f", name, metrics["srcc"], metrics["plcc"])
        with fresh_folder(folder) as partial:
            onnx = student_files.save(student_model, partial, views=views)
            card_fields = about(name, data_card, params, views, about_teacher.values, seed)
            card_fields |= {"hashes": hashes, **results, "onnx_sha256": onnx}
            card_fields["licences"] = licences(
                manifest, data_card, params, experts if teacher_or_none else {}
            )
            student_card = student_cards.parse(card_fields)
            if teacher_or_none:
                sample = drawn(len(scores), params.calibrate, seed)
                rows = data.validation.numpy()[sample]
                files = inside(videos, manifest["video"].to_numpy(str)[rows])
                modes, exact = calibrate(
                    student_card,
                    partial / "student.onnx",
                    files,
                    data.mos.numpy()[rows],
                    contents[rows],
                    coverage=params.coverage,
                    jobs=cores(jobs),
                )
                span = about_teacher.values[-1] - about_teacher.values[0]
                onnx_parity.check(files, exact, scores[sample], span=abs(span))
                student_card = replace(student_card, modes=modes)
            (partial / "card.json").write_text(student_cards.dumps(student_card))


def read(
    accepted: Path, card: Path, splits: Path, features: Path, shape: Shape, params: Distill
) -> tuple[pd.DataFrame, TrainingData]:
    """The videos that can be learnt from, and what there is to learn.

    Raises:
        ParamsError: a training step would see more of a video than there is.
        DataError: as `vq.training.dataset.assemble`.
    """
    views = store.view_spec(features)
    if params.moments > views.moments:
        raise ParamsError(
            f"distill.moments is {params.moments}, extract.views.moments {views.moments}: a "
            "training step cannot see more of a video than there is"
        )
    videos = dataset.read(accepted, card, splits, features, experts=tuple(shape.experts))
    sight = Pictures(store.views(features, videos.manifest["sha256"].tolist()), params.moments)
    return videos.manifest, videos.training_data(levels=shape.levels, sight=sight)


def untrained(shape: Shape, data: TrainingData, params: Distill, seed: int) -> Student:
    """A student of the shape of this teacher, for these data sets."""
    with initialisation(seed):
        return student_files.build(
            params.backbone,
            start=params.start,
            stages=params.stages,
            every=params.every,
            inputs=params.inputs,
            dim=shape.dim,
            levels=shape.levels,
            dropout=params.dropout,
            others=data.others,
        )


def drawn(count: int, most: int, seed: int) -> Int64[np.ndarray, " some"]:
    """So many of `count` places at most, in order; a large validation would be read for hours."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def on_validation(
    student: Student,
    data: TrainingData,
    contents: Shaped[np.ndarray, " videos"],
    *,
    scale: tuple[float, float],
    coverage: float,
) -> tuple[Float64[np.ndarray, " validation"], dict[str, Any]]:
    """Scores of the validation split; their agreement with the labels, the interval it leaves."""
    values = data.values.numpy().astype(np.float64)
    with torch.inference_mode():
        logits = predict_logits(student, data, data.validation)
    score = expectation(logits.softmax(1).numpy(), values)
    mos = data.mos[data.validation].numpy()
    validation_contents = contents[data.validation.numpy()]
    halves = conformal.half_widths(score, mos, validation_contents, scale=scale, coverage=coverage)
    return score, {
        "validation": {"srcc": agreement.srcc(score, mos), "plcc": agreement.plcc(score, mos)},
        "interval": None if halves is None else {"coverage": coverage, "half_widths": halves},
    }


def about(
    name: str,
    data_card: DataCard,
    params: Distill,
    views: ViewSpec,
    values: tuple[float, ...],
    seed: int,
) -> dict[str, object]:
    """The fields of a bundle's card that do not depend on the outcome of training."""
    return {
        "format": student_cards.FORMATS[-1],
        "name": name,
        "backbone": student_files.architecture(params.backbone, params.start),
        "views": asdict(views),
        "values": values,
        "scale": {"min": data_card.scale.min, "max": data_card.scale.max},
        "opinion": data_card.opinion,
        "better": data_card.better,
        "dataset": data_card.name,
        "seed": seed,
    }


def licences(
    manifest: pd.DataFrame,
    card: DataCard,
    params: Distill,
    experts: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """Of everything a student learnt from: data, the start of its backbone, its teacher's experts.

    Args:
        manifest: the videos.
        card: of the data sets.
        params: which backbone, and where it started.
        experts: what the index of features says of each of the teacher's experts.
    """
    counts = [
        int(n) for n in np.bincount(rating_scales.number(manifest, card), minlength=len(card.sets))
    ]
    lines = [
        f"data {name} ({count(videos, 'video')}): {ratings.licence}"
        for (name, ratings), videos in zip(card.sets.items(), counts, strict=True)
        if videos
    ]
    if student_files.earlier(params.start):
        earlier = student_cards.load(Path(params.start))[0].licences
        lines += [f"start {params.start}: {licence}" for licence in earlier]
    elif params.start != "random":
        lines.append(f"start {params.start}: {builtin_weights.card(params.start).licence}")
    return lines + [f"expert {name}: {one['tags']['licence']}" for name, one in experts.items()]


def _log_and_record(
    name: str, record: Callable[[int, dict[str, float]], None]
) -> Callable[[int, dict[str, float]], None]:
    def log_and_record(epoch: int, values: dict[str, float]) -> None:
        log.info(
            "%s, epoch %d: %s",
            name,
            epoch + 1,
            "  ".join(f"{n} {v:.4f}" for n, v in values.items()),
        )
        record(epoch, values)

    return log_and_record
