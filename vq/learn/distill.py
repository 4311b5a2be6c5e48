"""Train a student, with a teacher or without: L = a L1 + b L2 + c L3 (claims 1, 6 and 7)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from vq.learn import losses
from vq.learn.checkpoint import Checkpoint
from vq.learn.lesson import Lesson
from vq.learn.loop import fit
from vq.learn.teach import present
from vq.params import Distill
from vq.student.network import Second, Student
from vq.teacher.network import First, Teacher, drop_experts


def distill(
    student: Student,
    teacher: Teacher | None,
    lesson: Lesson,
    *,
    params: Distill,
    expert_dropout: float = 0.0,
    seed: int,
    checkpoint: Checkpoint | None = None,
    record: Callable[[int, dict[str, float]], None] = lambda epoch, values: None,
) -> float:
    """Train the student in place.

    Args:
        student: with its starting weights; its standardisation is fitted here.
        teacher: already fitted. Mode `staged` holds it; in `joint` its small parts keep learning,
            on one objective with the student. None trains on labels alone: the undistilled student.
        lesson: what there is to learn from.
        params: of the losses and the schedule.
        expert_dropout: chance that an expert is left out of a step of a learning teacher.
        seed: of everything random.
        checkpoint: see `fit`.
        record: see `fit`.

    Returns:
        The student's best validation loss, against labels alone.
    """
    objective = _Objective(student, teacher, lesson, params, expert_dropout)
    fit_scales(student, lesson)
    joint = teacher is not None and params.mode == "joint"
    if teacher is not None and not joint:
        teacher.requires_grad_(False)
    return fit(
        nn.ModuleDict({"student": student, "teacher": teacher}) if joint else student,
        loss=objective.loss,
        validate=objective.validate,
        rows=lesson.train if teacher is not None else lesson.labelled(),
        schedule=params,
        seed=seed,
        slow=student.trunk,
        slow_rate=params.backbone_rate,
        hold_norms=params.start != "random",
        checkpoint=checkpoint,
        record=record,
    )


class _Objective:
    def __init__(
        self,
        student: Student,
        teacher: Teacher | None,
        lesson: Lesson,
        params: Distill,
        expert_dropout: float,
    ) -> None:
        self.student, self.teacher, self.lesson, self.params = student, teacher, lesson, params
        self.expert_dropout = expert_dropout

    def loss(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """L of some videos."""
        lesson, params = self.lesson, self.params
        if lesson.sight is None:
            raise ValueError("a student without sight learns nothing")
        second: Second = self.student(lesson.sight.draw(rows, generator))
        target, dataset = lesson.target[rows], lesson.dataset[rows]
        seen = self.student.alignment(second.logits, dataset)
        if self.teacher is None:
            return params.b * self._prediction(second.logits, seen, target, dataset)
        features = lesson.of(rows)
        known = present(features)
        joint = params.mode == "joint"
        drop = drop_experts(known, self.expert_dropout, generator) if joint else None
        with torch.set_grad_enabled(joint):
            first: First = self.teacher(features, drop)
            told = self.teacher.alignment(first.logits, dataset)
        taught = told.softmax(1).detach()
        share = params.teacher_share * known.any(1, keepdim=True)
        mixed = (1 - share) * target + share * taught
        total = params.b * self._prediction(second.logits, seen, mixed, dataset)
        total = total + params.c * losses.feature(
            first.feature,
            second.feature,
            known=known.any(1),
            kind=params.feature_loss,
            stop_gradient=params.stop_gradient,
        )
        if joint:
            total = total + params.a * self._prediction(first.logits, told, target, dataset)
        return total

    def validate(self) -> float:
        """L2 on the validation videos, against labels alone: one yardstick for all students."""
        rows = self.lesson.validation
        logits, dataset = look(self.student, self.lesson, rows), self.lesson.dataset[rows]
        aligned = self.student.alignment(logits, dataset)
        return self._prediction(logits, aligned, self.lesson.target[rows], dataset).item()

    def _prediction(
        self, logits: Tensor, aligned: Tensor, target: Tensor, dataset: Tensor
    ) -> Tensor:
        return losses.prediction(
            logits,
            target,
            self.lesson.values,
            plcc_weight=self.params.plcc,
            rank_weight=self.params.rank,
            dataset=dataset,
            aligned=aligned,
        )


def look(student: Student, lesson: Lesson, rows: Tensor, *, batch: int = 16) -> Tensor:
    """The student's logits for some videos, seen whole; a few at a time, for memory's sake."""
    if lesson.sight is None:
        raise ValueError("a student without sight predicts nothing")
    return torch.cat([student(lesson.sight.whole(some)).logits for some in rows.split(batch)])


@torch.inference_mode()
def fit_scales(student: Student, lesson: Lesson, *, batch: int = 16) -> None:
    """Fit the standardisation of the second initial feature on the training videos."""
    if lesson.sight is None:
        raise ValueError("a student without sight has no features")
    student.eval()
    parts = [student.trunk(lesson.sight.whole(some)) for some in lesson.train.split(batch)]
    student.standard.fit(torch.cat(parts))
