"""Stage: train a student on labels alone, to compare the distilled one with."""

import logging
from pathlib import Path

from vq.data.run_inputs import InputFiles
from vq.features import store
from vq.files import fresh_folder
from vq.inference import card as student_cards
from vq.models import student_files
from vq.params import Student, StudentRecipe, Training, join
from vq.training import student_bundle, torchrun
from vq.training.loop import determinism
from vq.training.train_student import train_student, untrained
from vq.training.training_run import training_run

log = logging.getLogger(__name__)


def plain(
    *,
    accepted: Path,
    card: Path,
    splits: Path,
    features: Path,
    checkpoints: Path,
    plain: Path,
    curve: Path,
    params: Student,
    training: Training,
    seed: int,
    jobs: int = 0,
) -> None:
    """Train it as `distill` does, but for the teacher; a run that was killed goes on."""
    recipe = join(StudentRecipe, training, params)
    determinism(recipe.threads)
    videos, data = student_bundle.read(accepted, card, splits, features, recipe, experts=())
    hashes = student_bundle.hashes(recipe, features, accepted, splits, card)
    student = untrained(recipe, data, seed)
    settings = recipe.model_dump(mode="json") | {"seed": seed}
    inputs = InputFiles(videos.card.name, accepted, splits)
    with training_run("plain", settings, curve, data=inputs) as run:
        score = student_bundle.run(
            train_student,
            "plain",
            student,
            data,
            recipe,
            checkpoints=checkpoints,
            record=run.record,
            hashes=hashes,
            code=__name__,
            seed=seed,
            jobs=jobs,
        )
    if not torchrun.is_first():
        return
    views = store.view_spec(features)
    fields = student_bundle.card_fields(
        "plain", videos, data, recipe, views=views, score=score, experts={}, seed=seed
    )
    log.info("plain on validation: srcc %(srcc).4f, plcc %(plcc).4f", fields["validation"])
    with fresh_folder(plain) as partial:
        onnx = student_files.save(student, partial, views=views)
        student_card = student_cards.parse(fields | {"hashes": hashes, "onnx_sha256": onnx})
        (partial / "card.json").write_text(student_cards.dumps(student_card))
    run.tag_weights(plain / student_files.NAME)
