"""What the stages `plain` and `distill` share: the data, a fresh student, its bundle."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float64

from vq import code_version
from vq.data import rating_scales
from vq.data.card import Card as DataCard
from vq.data.score_distribution import expectation
from vq.errors import ParamsError
from vq.features import store
from vq.files import sha256
from vq.inference import card as student_cards
from vq.metrics import agreement
from vq.models import builtin_weights, student_files
from vq.models.student import Student
from vq.params import StudentRecipe
from vq.training import dataset, torchrun
from vq.training.checkpoint import Checkpoint
from vq.training.dataset import Dataset
from vq.training.train_student import (
    SavedFeatures,
    on_precomputed_features,
    precompute_features,
    predict_logits,
)
from vq.training.training_data import Pictures, TrainingData
from vq.video.views import ViewSpec
from vq.words import count
from vq.workers.process_pool import cores

Train = Callable[..., float]
"""`train_student`, or `distill` with its teacher: takes a student, and all else by keyword."""


def read(
    accepted: Path,
    card: Path,
    splits: Path,
    features: Path,
    recipe: StudentRecipe,
    *,
    experts: Sequence[str],
) -> tuple[Dataset, TrainingData]:
    """The videos that can be learnt from, and what there is to learn, of some experts too.

    Raises:
        ParamsError: a training step would see more of a video than there is.
        DataError: as `vq.training.dataset.assemble`.
    """
    views = store.view_spec(features)
    if recipe.moments > views.moments:
        raise ParamsError(
            f"student.moments is {recipe.moments}, extract.views.moments {views.moments}: a "
            "training step cannot see more of a video than there is"
        )
    videos = dataset.read(accepted, card, splits, features, experts=experts)
    shas = videos.manifest["sha256"].tolist()
    sight = Pictures(store.views(features, shas), recipe.moments)
    return videos, videos.training_data(levels=recipe.levels, sight=sight)


def run(
    train: Train,
    name: str,
    student: Student,
    data: TrainingData,
    recipe: StudentRecipe,
    *,
    checkpoints: Path,
    record: Callable[[int, dict[str, float]], None],
    hashes: Mapping[str, str],
    code: str,
    seed: int,
    jobs: int,
) -> Float64[np.ndarray, " validation"]:
    """Train a student in place, from the last whole epoch on if a run of the same was killed.

    A frozen backbone describes each video once, for all students that start alike.

    Args:
        train: does it.
        name: of the checkpoint.
        student: with its starting weights.
        data: what it learns from.
        recipe: how.
        checkpoints: folder that outlives a kill.
        record: see `vq.training.loop.fit`.
        hashes: of everything that was read.
        code: module whose code, with all that it needs, makes the weights.
        seed: of every draw.
        jobs: threads that describe videos; 0: one for each core.

    Returns:
        Its scores of the validation videos.
    """
    key = run_key(hashes, code=code, seed=seed)
    frozen = recipe.backbone_rate == 0
    if frozen:
        data = precompute_features(
            student.eval().trunk,
            data,
            saved=SavedFeatures(checkpoints / "backbone.safetensors", backbone_key(recipe, key)),
            jobs=cores(jobs),
        )
    with on_precomputed_features(student) if frozen else nullcontext():
        train(
            student,
            data=data,
            params=recipe,
            seed=seed,
            checkpoint=Checkpoint(
                checkpoints / f"{name}.safetensors", key=str(sorted(key.items()))
            ),
            record=record,
        )
        score = scores(student, data)
    student.eval()
    return score


def run_key(hashes: Mapping[str, str], *, code: str, seed: int) -> dict[str, str]:
    """What the weights of a training depend on: `hashes` of what is read, `code`, `seed`."""
    # Weights that other code made are not gone on from, and are not passed off as this one's.
    key = {**hashes, "code": code_version.digest_of(code), "seed": str(seed)}
    # Each process drops units of its own.
    return key | {"processes": str(torchrun.world_size())}


def scores(student: Student, data: TrainingData) -> Float64[np.ndarray, " validation"]:
    """A student's scores of the validation videos."""
    with torch.inference_mode():
        logits = predict_logits(student, data, data.validation)
    return expectation(logits.softmax(1).numpy(), data.values.numpy().astype(np.float64))


def hashes(recipe: StudentRecipe, features: Path, *tables: Path) -> dict[str, str]:
    """Of what a student is made of: params, start, features, and the tables of the data."""
    return {
        "data": sha256(*tables),
        "features": sha256(features),
        "params": hashlib.sha256(recipe.model_dump_json().encode()).hexdigest(),
        "start": student_files.start_hash(recipe.start),
    }


def card_fields(
    name: str,
    videos: Dataset,
    data: TrainingData,
    recipe: StudentRecipe,
    *,
    views: ViewSpec,
    score: Float64[np.ndarray, " validation"],
    experts: Mapping[str, Mapping[str, Any]],
    seed: int,
) -> dict[str, Any]:
    """The fields of a bundle's card but for hashes, interval and modes.

    `experts` is what the index of features says of the teacher's experts, none without a teacher.
    """
    card, mos = videos.card, data.mos[data.validation].numpy()
    return {
        "format": student_cards.FORMATS[-1],
        "name": name,
        "backbone": student_files.architecture(recipe.backbone, recipe.start),
        "views": asdict(views),
        "values": tuple(map(float, data.values)),
        "scale": {"min": card.scale.min, "max": card.scale.max},
        "opinion": card.opinion,
        "better": card.better,
        "dataset": card.name,
        "seed": seed,
        "validation": {"srcc": agreement.srcc(score, mos), "plcc": agreement.plcc(score, mos)},
        "licences": licences(videos.manifest, card, recipe, experts),
    }


def licences(
    manifest: pd.DataFrame,
    card: DataCard,
    recipe: StudentRecipe,
    experts: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """Of everything a student learnt from: data, the start of its backbone, its teacher's experts.

    Args:
        manifest: the videos.
        card: of the data sets.
        recipe: which backbone, and where it started.
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
    if student_files.earlier(recipe.start):
        earlier = student_cards.load(Path(recipe.start))[0].licences
        lines += [f"start {recipe.start}: {licence}" for licence in earlier]
    elif recipe.start != "random":
        lines.append(f"start {recipe.start}: {builtin_weights.card(recipe.start).licence}")
    return lines + [f"expert {name}: {one['tags']['licence']}" for name, one in experts.items()]


def backbone_key(recipe: StudentRecipe, key: Mapping[str, str]) -> str:
    """All that the features of a frozen backbone depend on; not how their head is trained."""
    knobs = ("backbone", "stages", "every", "inputs", "dither", "sharpen")
    network = {name: str(getattr(recipe, name)) for name in knobs}
    shared = {name: key[name] for name in ("data", "features", "start", "seed")}
    code = code_version.digest_of(precompute_features.__module__)
    return str(sorted((network | shared | {"code": code}).items()))
