"""Fit a teacher: L1, first prediction against label (claims 1 to 5)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from vq.learn import losses
from vq.learn.lesson import Lesson
from vq.learn.loop import fit, initialisation
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
        dim=params.dim,
        gate_dim=params.gate_dim,
        levels=lesson.target.shape[1],
        dropout=params.dropout,
        others=lesson.others,
    )
    with initialisation(seed):
        teacher = Teacher(shape)
    teacher.fit_scales(lesson.of(lesson.train))

    def loss(rows: Tensor, generator: torch.Generator) -> Tensor:
        features = lesson.of(rows)
        drop = drop_experts(present(features), params.expert_dropout, generator)
        return first_loss(teacher, teacher(features, drop).logits, lesson, rows, params)

    def validate() -> float:
        logits = teacher(lesson.of(lesson.validation)).logits
        return first_loss(teacher, logits, lesson, lesson.validation, params).item()

    fit(
        teacher,
        loss=loss,
        validate=validate,
        rows=lesson.labelled(),
        schedule=params,
        seed=seed,
    )
    return teacher


def first_loss(
    teacher: Teacher, logits: Tensor, lesson: Lesson, rows: Tensor, params: Teach
) -> Tensor:
    """L1 of some videos."""
    return losses.prediction(
        logits,
        lesson.target[rows],
        lesson.values,
        plcc_weight=params.plcc,
        rank_weight=params.rank,
        dataset=lesson.dataset[rows],
        aligned=teacher.alignment(logits, lesson.dataset[rows]),
    )


def present(features: Mapping[str, Tensor]) -> Tensor:
    """Which experts say something of which video: `batch experts`."""
    return torch.stack([~torch.isnan(value).flatten(1).any(1) for value in features.values()], 1)
