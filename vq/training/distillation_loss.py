"""Train a student by a teacher: its loss is L = a L1 + b L2 + c L3 (claims 1, 6 and 7)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from vq.models.student import Student
from vq.models.teacher import Teacher, TeacherOutput, drop_experts
from vq.params import DistillRecipe
from vq.training import losses
from vq.training.checkpoint import Checkpoint
from vq.training.teach import aligned_logits, present
from vq.training.train_student import StudentObjective, device_of, fit_student
from vq.training.training_data import TrainingData


def distill(
    student: Student,
    teacher: Teacher,
    data: TrainingData,
    *,
    params: DistillRecipe,
    expert_dropout: float = 0.0,
    seed: int,
    checkpoint: Checkpoint | None = None,
    record: Callable[[int, dict[str, float]], None] = lambda epoch, values: None,
) -> float:
    """Train the student in place, on labelled and unlabelled videos.

    It starts as in `train_student`. The teacher is already fitted: mode `staged` holds it; in
    `joint` its small parts keep learning, on one objective with the student, and `expert_dropout`
    is the chance that an expert is left out of a step. For `checkpoint` and `record` see `fit`.

    Returns:
        The student's best validation loss, against labels alone.
    """
    joint = params.mode == "joint"
    if not joint:
        teacher.requires_grad_(False)
    return fit_student(
        _Objective(student, teacher, data, params, expert_dropout),
        model=nn.ModuleDict({"student": student, "teacher": teacher}) if joint else student,
        rows=data.train,
        seed=seed,
        checkpoint=checkpoint,
        record=record,
    )


class _Objective(StudentObjective):
    params: DistillRecipe

    def __init__(
        self,
        student: Student,
        teacher: Teacher,
        data: TrainingData,
        params: DistillRecipe,
        expert_dropout: float,
    ) -> None:
        super().__init__(student, data, params)
        self.teacher, self.expert_dropout = teacher, expert_dropout
        self.joint = params.mode == "joint"
        self.present = present(data.features)

    def draw(self, rows: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        drawn = super().draw(rows, generator)
        if self.joint:
            drawn["drop"] = drop_experts(self.present[rows], self.expert_dropout, generator)
        return drawn

    def forward(self, rows: Tensor, drawn: dict[str, Tensor]) -> dict[str, Tensor]:
        outputs = super().forward(rows, drawn)
        device = device_of(self.student)
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
        mask = self.present[rows].any(1).to(device)
        soft_target = outputs["first_aligned"].softmax(1).detach()
        share = params.teacher_share * mask.unsqueeze(1)
        mixed = (1 - share) * target + share * soft_target
        total = params.b * self.prediction(outputs, "second", mixed, rows)
        total = total + params.c * losses.feature(
            outputs["first_feature"],
            outputs["second_feature"],
            mask=mask,
            kind=params.feature_loss,
            stop_gradient=params.stop_gradient,
        )
        if self.joint:
            total = total + params.a * self.prediction(outputs, "first", target, rows)
        return total
