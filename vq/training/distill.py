"""Train a student, with a teacher or without: L = a L1 + b L2 + c L3 (claims 1, 6 and 7)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from vq.models import student_files
from vq.models.onnx_session import session
from vq.models.student import Features, Student, StudentOutput, Trunk
from vq.models.student_onnx import export_trunk
from vq.models.teacher import Teacher, TeacherOutput, drop_experts
from vq.params import Distill
from vq.training import losses
from vq.training.checkpoint import Checkpoint
from vq.training.loop import Objective, fit
from vq.training.teach import aligned_logits, prediction, present
from vq.training.training_data import TrainingData, Vectors


def distill(
    student: Student,
    teacher: Teacher | None,
    data: TrainingData,
    *,
    params: Distill,
    expert_dropout: float = 0.0,
    seed: int,
    checkpoint: Checkpoint | None = None,
    record: Callable[[int, dict[str, float]], None] = lambda epoch, values: None,
) -> float:
    """Train the student in place.

    The student has its starting weights; its standardisation is fitted here, unless it brings that
    of an earlier student. The teacher is already fitted: mode `staged` holds it; in `joint` its
    small parts keep learning, on one objective with the student, and `expert_dropout` is the chance
    that an expert is left out of a step. None trains on labels alone: the undistilled student. For
    `checkpoint` and `record` see `fit`.

    Returns:
        The student's best validation loss, against labels alone.
    """
    objective = _Objective(student, teacher, data, params, expert_dropout)
    if not student_files.earlier(params.start):
        fit_scales(student, data)
    joint = teacher is not None and params.mode == "joint"
    if teacher is not None and not joint:
        teacher.requires_grad_(False)
    return fit(
        nn.ModuleDict({"student": student, "teacher": teacher}) if joint else student,
        objective=objective,
        rows=data.train if teacher is not None else data.labelled(),
        content=data.content,
        schedule=params,
        seed=seed,
        slow=student.trunk,
        slow_rate=params.backbone_rate,
        hold_norms=params.start != "random",
        checkpoint=checkpoint,
        record=record,
    )


class _Objective(Objective):
    def __init__(
        self,
        student: Student,
        teacher: Teacher | None,
        data: TrainingData,
        params: Distill,
        expert_dropout: float,
    ) -> None:
        super().__init__()
        self.student, self.teacher, self.data, self.params = student, teacher, data, params
        self.joint = teacher is not None and params.mode == "joint"
        self.present = None if teacher is None else present(data.features)
        self.expert_dropout = expert_dropout

    def draw(self, rows: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        drawn = {"seeds": torch.randint(2**62, (len(rows),), generator=generator)}
        if self.joint and self.present is not None:
            drop = drop_experts(self.present[rows], self.expert_dropout, generator)
            drawn["drop"] = drop
        return drawn

    def forward(self, rows: Tensor, drawn: dict[str, Tensor]) -> dict[str, Tensor]:
        if self.data.sight is None:
            raise ValueError("a student without sight learns nothing")
        device = _device(self.student)
        second: StudentOutput = self.student(self.data.sight.draw(rows, drawn["seeds"]).to(device))
        outputs = aligned_logits("second", second.logits, self.student.alignment, self.data, rows)
        outputs["second_feature"] = second.feature
        if self.teacher is None:
            return outputs
        features = self.data.of(rows, device=device)
        drop = drawn["drop"].to(device) if self.joint else None
        with torch.set_grad_enabled(self.joint):
            first: TeacherOutput = self.teacher(features, drop)
            outputs |= aligned_logits(
                "first", first.logits, self.teacher.alignment, self.data, rows
            )
        return outputs | {"first_feature": first.feature}

    def loss(self, rows: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """L of a batch of videos."""
        params, device = self.params, outputs["second_logits"].device
        target = self.data.target[rows].to(device)
        if self.present is None:
            return params.b * self._prediction(outputs, "second", target, rows)
        mask = self.present[rows].any(1).to(device)
        soft_target = outputs["first_aligned"].softmax(1).detach()
        share = params.teacher_share * mask.unsqueeze(1)
        mixed = (1 - share) * target + share * soft_target
        total = params.b * self._prediction(outputs, "second", mixed, rows)
        total = total + params.c * losses.feature(
            outputs["first_feature"],
            outputs["second_feature"],
            mask=mask,
            kind=params.feature_loss,
            stop_gradient=params.stop_gradient,
        )
        if self.joint:
            total = total + params.a * self._prediction(outputs, "first", target, rows)
        return total

    def validate(self) -> float:
        """L2 on the validation videos, against labels alone: one yardstick for all students."""
        rows = self.data.validation
        logits = predict_logits(self.student, self.data, rows)
        outputs = aligned_logits("second", logits, self.student.alignment, self.data, rows)
        return self._prediction(outputs, "second", self.data.target[rows], rows).item()

    def _prediction(
        self, outputs: dict[str, Tensor], whose: str, target: Tensor, rows: Tensor
    ) -> Tensor:
        return prediction(outputs, whose, target, self.data, rows, self.params)


def predict_logits(
    student: Student, data: TrainingData, rows: Tensor, *, batch: int = 16
) -> Tensor:
    """The student's logits for some videos, seen whole; in small batches, to save memory."""
    if data.sight is None:
        raise ValueError("a student without sight predicts nothing")
    device = _device(student)
    return torch.cat(
        [student(data.sight.whole(part).to(device)).logits for part in rows.split(batch)]
    )


@torch.inference_mode()
def fit_scales(student: Student, data: TrainingData, *, batch: int = 16) -> None:
    """Fit the standardisation of the second initial feature on the training videos."""
    if data.sight is None:
        raise ValueError("a student without sight has no features")
    student.eval()
    parts = [student.trunk(data.sight.whole(part)) for part in data.train.split(batch)]
    student.standard.fit(torch.cat(parts))


def precompute_features(trunk: Trunk, data: TrainingData, *, jobs: int) -> TrainingData:
    """The training data with the features of a frozen trunk, computed once and not in every step.

    It runs as the exported graph, each video by itself: several times as fast as torch on a CPU,
    and the same bits for any number of jobs.

    The trunk is in evaluation mode; `jobs` are threads side by side.

    Raises:
        WeightsError: the trunk cannot be exported to ONNX.
    """
    sight = data.sight
    if sight is None:
        raise ValueError("a student without sight has no features")
    rows = torch.cat([data.train, data.validation])
    features = torch.full((len(data.target), trunk.width), torch.nan)
    with TemporaryDirectory() as folder:
        graph = Path(folder) / "trunk.onnx"
        export_trunk(trunk, graph, shape=tuple(sight.whole(rows[:1]).shape[1:]))
        network = session(graph)

    def compute(row: Tensor) -> None:
        (feature,) = network.run(["feature"], {"views": sight.whole(row).numpy()})
        features[row] = torch.from_numpy(feature)

    with ThreadPoolExecutor(jobs) as threads:
        for _ in threads.map(compute, rows.split(1)):
            pass
    return replace(data, sight=Vectors(features))


@contextmanager
def on_precomputed_features(student: Student) -> Iterator[None]:
    """Let a student learn from the features of `precompute_features`, without its trunk."""
    trunk = student.trunk
    student.trunk = Features(trunk.width)
    try:
        yield
    finally:
        student.trunk = trunk


def _device(student: Student) -> torch.device:
    return student.head.weight.device
