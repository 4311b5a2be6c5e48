"""Fit a teacher: L1, first prediction against label (claims 1 to 5)."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from vq.models.dataset_shift import DatasetShift
from vq.models.teacher import Shape, Teacher, drop_experts
from vq.params import Recipe, TeacherRecipe
from vq.training import losses
from vq.training.loop import Objective, fit, initialisation
from vq.training.ridge import add_kernels
from vq.training.training_data import TrainingData


def teach(
    data: TrainingData,
    *,
    params: TeacherRecipe,
    seed: int,
    record: Callable[[int, dict[str, float]], None] = lambda epoch, values: None,
) -> Teacher:
    """Fit conversions, gating networks and head on the labelled training videos.

    Where these are few, a ridge regression on kernels then joins the conversions (`kernel`). For
    `record` see `fit`.
    """
    shape = Shape(
        experts={name: value.shape[-1] for name, value in data.features.items()},
        attention=tuple(name for name, value in data.features.items() if value.ndim == 3),
        hidden=params.hidden,
        dim=params.dim,
        gate_dim=params.gate_dim,
        importance=params.importance,
        levels=data.target.shape[1],
        dropout=params.dropout,
        others=data.others,
    )
    with initialisation(seed):
        teacher = Teacher(shape)
    teacher.fit_scales(data.of(data.train))

    fit(
        teacher,
        objective=_Objective(teacher, data, params),
        rows=data.labelled(),
        content=data.content,
        schedule=params,
        seed=seed,
        record=record,
    )
    if params.kernel and len(data.labelled()) <= params.kernel_videos:
        add_kernels(teacher, data, share=params.kernel)
    return teacher


class _Objective(Objective):
    def __init__(self, teacher: Teacher, data: TrainingData, params: TeacherRecipe) -> None:
        super().__init__()
        self.teacher, self.data, self.params = teacher, data, params
        self.present = present(data.features)

    def draw(self, rows: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        chance = self.params.expert_dropout
        return {"drop": drop_experts(self.present[rows], chance, generator)}

    def forward(self, rows: Tensor, drawn: dict[str, Tensor]) -> dict[str, Tensor]:
        return self._predict(rows, drawn["drop"])

    def loss(self, rows: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """L1 of some videos."""
        return prediction(outputs, "first", self.data.target[rows], self.data, rows, self.params)

    def validate(self) -> float:
        rows = self.data.validation
        return self.loss(rows, self._predict(rows)).item()

    def _predict(self, rows: Tensor, drop: Tensor | None = None) -> dict[str, Tensor]:
        device = self.teacher.head.weight.device
        drop = drop if drop is None else drop.to(device)
        logits = self.teacher(self.data.of(rows, device=device), drop).logits
        return aligned_logits("first", logits, self.teacher.alignment, self.data, rows)


def aligned_logits(
    whose: str, logits: Tensor, alignment: DatasetShift, data: TrainingData, rows: Tensor
) -> dict[str, Tensor]:
    """The logits of the `first` or `second` prediction, as they are and aligned to their sets."""
    aligned = alignment(logits, data.dataset[rows].to(logits.device))
    return {f"{whose}_logits": logits, f"{whose}_aligned": aligned}


def prediction(
    outputs: Mapping[str, Tensor],
    whose: str,
    target: Tensor,
    data: TrainingData,
    rows: Tensor,
    weights: Recipe,
) -> Tensor:
    """L1 (`first`) or L2 (`second`) of some videos, on the device of the outputs."""
    logits = outputs[f"{whose}_logits"]
    return losses.prediction(
        logits,
        target.to(logits.device),
        data.values.to(logits.device),
        weights,
        dataset=data.dataset[rows].to(logits.device),
        content=data.content[rows].to(logits.device),
        aligned=outputs[f"{whose}_aligned"],
    )


def present(features: Mapping[str, Tensor]) -> Tensor:
    """Which experts have features of which video: `batch experts`."""
    return torch.stack([~torch.isnan(value).flatten(1).any(1) for value in features.values()], 1)
