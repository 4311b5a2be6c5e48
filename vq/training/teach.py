"""Fit a teacher: L1, first prediction against label (claims 1 to 5)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from vq.models.dataset_shift import DatasetShift
from vq.models.teacher import Shape, Teacher, drop_experts
from vq.params import Teach
from vq.training import losses
from vq.training.loop import Objective, fit, initialisation
from vq.training.ridge import add_kernels
from vq.training.training_data import TrainingData


def teach(
    lesson: TrainingData,
    *,
    params: Teach,
    seed: int,
) -> Teacher:
    """Fit conversions, gating networks and head on the labelled training videos.

    Where these are few, a ridge regression on kernels then joins the conversions (`kernel`).
    """
    shape = Shape(
        experts={name: value.shape[-1] for name, value in lesson.features.items()},
        attention=tuple(name for name, value in lesson.features.items() if value.ndim == 3),
        hidden=params.hidden,
        dim=params.dim,
        gate_dim=params.gate_dim,
        importance=params.importance,
        levels=lesson.target.shape[1],
        dropout=params.dropout,
        others=lesson.others,
    )
    with initialisation(seed):
        teacher = Teacher(shape)
    teacher.fit_scales(lesson.of(lesson.train))

    fit(
        teacher,
        objective=_Objective(teacher, lesson, params),
        rows=lesson.labelled(),
        content=lesson.content,
        schedule=params,
        seed=seed,
    )
    if params.kernel and len(lesson.labelled()) <= params.kernel_videos:
        add_kernels(teacher, lesson, share=params.kernel)
    return teacher


class _Objective(Objective):
    def __init__(self, teacher: Teacher, lesson: TrainingData, params: Teach) -> None:
        super().__init__()
        self.teacher, self.lesson, self.params = teacher, lesson, params
        self.present = present(lesson.features)

    def draw(self, rows: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        chance = self.params.expert_dropout
        return {"drop": drop_experts(self.present[rows], chance, generator)}

    def forward(self, rows: Tensor, drawn: dict[str, Tensor]) -> dict[str, Tensor]:
        return self._predict(rows, drawn["drop"])

    def loss(self, rows: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """L1 of some videos."""
        return prediction(
            outputs, "first", self.lesson.target[rows], self.lesson, rows, self.params
        )

    def validate(self) -> float:
        rows = self.lesson.validation
        return self.loss(rows, self._predict(rows)).item()

    def _predict(self, rows: Tensor, drop: Tensor | None = None) -> dict[str, Tensor]:
        device = self.teacher.head.weight.device
        drop = drop if drop is None else drop.to(device)
        logits = self.teacher(self.lesson.of(rows, device=device), drop).logits
        return aligned_logits("first", logits, self.teacher.alignment, self.lesson, rows)


def aligned_logits(
    whose: str, logits: Tensor, alignment: DatasetShift, lesson: TrainingData, rows: Tensor
) -> dict[str, Tensor]:
    """The logits of the `first` or `second` prediction, as they are and aligned to their sets."""
    aligned = alignment(logits, lesson.dataset[rows].to(logits.device))
    return {f"{whose}_logits": logits, f"{whose}_aligned": aligned}


def prediction(
    outputs: Mapping[str, Tensor],
    whose: str,
    target: Tensor,
    lesson: TrainingData,
    rows: Tensor,
    weights: losses.Weights,
) -> Tensor:
    """L1 (`first`) or L2 (`second`) of some videos, on the device of the outputs."""
    logits = outputs[f"{whose}_logits"]
    return losses.prediction(
        logits,
        target.to(logits.device),
        lesson.values.to(logits.device),
        weights,
        dataset=lesson.dataset[rows].to(logits.device),
        content=lesson.content[rows].to(logits.device),
        aligned=outputs[f"{whose}_aligned"],
    )


def present(features: Mapping[str, Tensor]) -> Tensor:
    """Which experts have features of which video: `batch experts`."""
    return torch.stack([~torch.isnan(value).flatten(1).any(1) for value in features.values()], 1)
