"""Stage: fit the gated ensemble on cached features."""

import logging
from pathlib import Path

from vq.data import card as cards
from vq.data import manifest as manifests
from vq.data import split
from vq.features import store
from vq.files import fresh_folder, read_json
from vq.metrics import agreement
from vq.models import teacher_files
from vq.params import Teach
from vq.training import predict, torchrun
from vq.training.dataset import assemble, learnable
from vq.training.loop import determinism
from vq.training.teach import teach as fit

log = logging.getLogger(__name__)


def teach(
    *,
    accepted: Path,
    card: Path,
    splits: Path,
    features: Path,
    zoo: Path,
    teacher: Path,
    params: Teach,
    seed: int,
) -> None:
    """Fit conversions, gating networks and head of the experts that pruning kept."""
    determinism(threads=1)
    manifest = learnable(manifests.read(accepted), store.failed(features))
    experts = read_json(zoo)["experts"]
    initial = store.load(features, manifest["sha256"].tolist(), experts)
    side = split.of_videos(manifest, split.read(splits)).tolist()
    lesson = assemble(manifest, cards.load(card), side, initial, count=params.levels)
    model = fit(lesson, params=params, seed=seed)
    if not torchrun.is_first():
        return
    values = lesson.values.numpy()
    rows = lesson.validation.numpy()
    score = predict.teacher(model, initial, values).score[rows]
    mos = manifest["mos"].to_numpy(float)[rows]
    metrics = {"srcc": agreement.srcc(score, mos), "plcc": agreement.plcc(score, mos)}
    log.info("teacher on validation: srcc %.4f, plcc %.4f", metrics["srcc"], metrics["plcc"])
    teacher_card = teacher_files.TeacherCard(
        model.shape, tuple(map(float, values)), params.expert_dropout, metrics
    )
    with fresh_folder(teacher) as partial:
        teacher_files.save(model, teacher_card, partial)
