"""Stage: train the student with the teacher."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from vq.data.paths import inside
from vq.data.run_inputs import InputFiles
from vq.errors import ParamsError
from vq.features import store
from vq.files import fresh_folder, sha256
from vq.inference import card as student_cards
from vq.inference import onnx_parity
from vq.inference.calibrate import calibrate, reference
from vq.metrics import conformal
from vq.models import student_files, teacher_files
from vq.params import Distill, DistillRecipe, Student, Training, join
from vq.training import student_bundle, torchrun
from vq.training.checkpoint import Checkpoint
from vq.training.distillation_loss import distill as train
from vq.training.loop import determinism
from vq.training.robustness import resist_edits
from vq.training.train_student import untrained
from vq.training.training_run import training_run
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
    curve: Path,
    params: Distill,
    network: Student,
    training: Training,
    seed: int,
    jobs: int = 0,
) -> None:
    """Train the student; a run that was killed goes on after its last whole epoch.

    With `params.robust`, it learns last of all that cheap edits add nothing to its score. Interval
    and modes are calibrated on validation, the modes on files of `videos`.

    Raises:
        ParamsError: the teacher is of another shape than `training` asks for.
    """
    recipe = join(DistillRecipe, training, network, params)
    determinism(recipe.threads)
    model, about_teacher = teacher_files.load(teacher)
    if (model.shape.dim, model.shape.levels) != (recipe.dim, recipe.levels):
        raise ParamsError(
            f"{teacher}: has dim {model.shape.dim} and levels {model.shape.levels}, training.dim "
            f"is {recipe.dim} and training.levels {recipe.levels}; fit it again: `dvc repro teach`"
        )
    experts = tuple(model.shape.experts)
    learnable, data = student_bundle.read(accepted, card, splits, features, recipe, experts=experts)
    hashes = student_bundle.hashes(recipe, features, accepted, splits, card)
    hashes |= {"teacher": sha256(teacher / "teacher.safetensors")}
    learner = untrained(recipe, data, seed)
    settings = recipe.model_dump(mode="json") | {"seed": seed}
    inputs = InputFiles(learnable.card.name, accepted, splits)
    with training_run("student", settings, curve, data=inputs) as run:
        score = student_bundle.run(
            partial(train, teacher=model, expert_dropout=about_teacher.expert_dropout),
            "student",
            learner,
            data,
            recipe,
            checkpoints=checkpoints,
            record=run.record,
            hashes=hashes,
            code=__name__,
            seed=seed,
            jobs=jobs,
        )
        if params.robust:
            key = student_bundle.run_key(hashes, code=__name__, seed=seed)
            resist_edits(
                learner,
                data,
                params=recipe,
                robust=params.robust,
                seed=seed,
                checkpoint=Checkpoint(
                    checkpoints / "robust.safetensors", key=str(sorted(key.items()))
                ),
                record=_log_robust,
            )
            score = student_bundle.scores(learner, data)
    if not torchrun.is_first():
        return
    views, index = store.view_spec(features), store.experts(features)
    fields = student_bundle.card_fields(
        "student",
        learnable,
        data,
        recipe,
        views=views,
        score=score,
        experts={name: index[name] for name in experts},
        seed=seed,
    )
    log.info("student on validation: srcc %(srcc).4f, plcc %(plcc).4f", fields["validation"])
    rows = data.validation.numpy()
    mos = data.mos.numpy()[rows]
    contents = learnable.manifest["content"].to_numpy(str)[rows]
    scale = (learnable.card.scale.min, learnable.card.scale.max)
    halves = conformal.half_widths(score, mos, contents, scale=scale, coverage=params.coverage)
    interval = None if halves is None else {"coverage": params.coverage, "half_widths": halves}
    with fresh_folder(student) as unfinished:
        onnx = student_files.save(learner, unfinished, views=views)
        student_card = student_cards.parse(
            fields | {"hashes": hashes, "interval": interval, "onnx_sha256": onnx}
        )
        sample = drawn(len(score), params.calibrate, seed)
        names = learnable.manifest["video"].to_numpy(str)[rows]
        files = inside(videos, names[sample])
        modes, exact, sure = calibrate(
            student_card,
            unfinished / "student.onnx",
            files,
            mos[sample],
            contents[sample],
            coverage=params.coverage,
            jobs=cores(jobs),
        )
        span = abs(student_card.values[-1] - student_card.values[0])
        onnx_parity.check(files, exact, score[sample], span=span)
        student_card = replace(
            student_card,
            modes=modes,
            sure=sure,
            reference=reference(score, f"the validation videos of {learnable.card.name}"),
        )
        (unfinished / "card.json").write_text(student_cards.dumps(student_card))
    run.tag_weights(student / student_files.NAME)


def _log_robust(epoch: int, losses: Mapping[str, float]) -> None:
    # Losses of another kind: no part of the curve of the training.
    numbers = "  ".join(f"{loss} {value:.4f}" for loss, value in losses.items())
    log.info("against cheap edits, epoch %d: %s", epoch + 1, numbers)


def drawn(count: int, most: int, seed: int) -> Int64[np.ndarray, " some"]:
    """So many of `count` places at most, in order; a large validation would be read for hours."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
