"""Stage: fit the gated ensemble on cached features."""

import logging
from pathlib import Path

from vq.data.run_inputs import InputFiles
from vq.files import fresh_folder, read_json
from vq.metrics import agreement
from vq.models import teacher_files
from vq.params import Teach, TeacherRecipe, Training, join
from vq.training import dataset, predict, torchrun
from vq.training.loop import determinism
from vq.training.teach import teach as fit
from vq.training.training_run import training_run

log = logging.getLogger(__name__)


def teach(
    *,
    accepted: Path,
    card: Path,
    splits: Path,
    features: Path,
    zoo: Path,
    teacher: Path,
    curve: Path,
    params: Teach,
    training: Training,
    seed: int,
) -> None:
    """Fit conversions, gating networks and head of the experts that pruning kept."""
    recipe = join(TeacherRecipe, training, params)
    determinism(threads=1)
    experts = read_json(zoo)["experts"]
    videos = dataset.read(accepted, card, splits, features, experts=experts)
    data = videos.training_data(levels=recipe.levels)
    settings = recipe.model_dump(mode="json") | {"seed": seed}
    inputs = InputFiles(videos.card.name, accepted, splits)
    with training_run("teacher", settings, curve, data=inputs) as run:
        model = fit(data, params=recipe, seed=seed, record=run.record)
    if not torchrun.is_first():
        return
    values = data.values.numpy()
    rows = data.validation.numpy()
    score = predict.teacher(model, videos.features, values).score[rows]
    mos = data.mos.numpy()[rows]
    metrics = {"srcc": agreement.srcc(score, mos), "plcc": agreement.plcc(score, mos)}
    log.info("teacher on validation: srcc %.4f, plcc %.4f", metrics["srcc"], metrics["plcc"])
    teacher_card = teacher_files.TeacherCard(
        model.shape, tuple(map(float, values)), params.expert_dropout, metrics
    )
    with fresh_folder(teacher) as partial:
        teacher_files.save(model, teacher_card, partial)
    run.tag_weights(teacher / "teacher.safetensors")
