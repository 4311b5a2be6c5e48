"""Fit a teacher: L1, first prediction against label (claims 1 to 5)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from vq.learn import losses
from vq.learn.lesson import Lesson
from vq.learn.loop import Objective, fit, initialisation
from vq.params import Teach
from vq.teacher.network import Shape, Teacher, drop_experts


def teach(
    lesson: Lesson,
    *,
    params: Teach,
    seed: int,
) -> Teacher:
    """Fit conversions, gating networks and head on the labelled training videos."""
    shape = Shape(
        experts={name: value.shape[-1] for name, value in lesson.features.items()},
        attention=tuple(name for name, value in lesson.features.items() if value.ndim == 3),
        hidden=params.hidden,
        dim=params.dim,
        gate_dim=params.gate_dim,
        levels=lesson.target.shape[1],
        dropout=params.dropout,
    )
    with initialisation(seed):
        teacher = Teacher(shape)
    teacher.fit_scales(lesson.of(lesson.train))

    fit(
        teacher,
        objective=_Objective(teacher, lesson, params),
        rows=lesson.labelled(),
        schedule=params,
        seed=seed,
    )
    return teacher


class _Objective(Objective):
    def __init__(self, teacher: Teacher, lesson: Lesson, params: Teach) -> None:
        super().__init__()
        self.teacher, self.lesson, self.params = teacher, lesson, params
        self.present = present(lesson.features)

    def draw(self, rows: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        chance = self.params.expert_dropout
        return {"drop": drop_experts(self.present[rows], chance, generator)}

    def forward(self, rows: Tensor, drawn: dict[str, Tensor]) -> dict[str, Tensor]:
        device = self.teacher.head.weight.device
        features = self.lesson.of(rows, device=device)
        return {"logits": self.teacher(features, drawn["drop"].to(device)).logits}

    def loss(self, rows: Tensor, said: dict[str, Tensor]) -> Tensor:
        return first_loss(said["logits"], self.lesson, rows, self.params)

    def validate(self) -> float:
        rows = self.lesson.validation
        features = self.lesson.of(rows, device=self.teacher.head.weight.device)
        return first_loss(self.teacher(features).logits, self.lesson, rows, self.params).item()


def first_loss(logits: Tensor, lesson: Lesson, rows: Tensor, params: Teach) -> Tensor:
    """L1 of some videos."""
    target, values = lesson.target[rows].to(logits.device), lesson.values.to(logits.device)
    return losses.prediction(logits, target, values, params)


def present(features: Mapping[str, Tensor]) -> Tensor:
    """Which experts say something of which video: `batch experts`."""
    return torch.stack([~torch.isnan(value).flatten(1).any(1) for value in features.values()], 1)
