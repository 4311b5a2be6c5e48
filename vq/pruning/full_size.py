"""Trials at the full fidelity: an expert's last blocks, and a real student, trained on pixels.

What "fine-tuned" means in claim 8 is taken literally here, at a hundred times the cost of `probe`:

    own head   the network of the expert, its last blocks and a head of its own trained on labels
    student    the student that ships, trained on its views, taught by a teacher on cached features

Expert and student are shown the same pixels, the views of the student: claim 8 compares networks,
not what each is shown. Experts that learn nothing, see clips, or are of other packages keep a head
on their cached feature, and so do combinations: a teacher's experts are frozen (claim 2).
"""

import logging
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from vq.models import builtin_weights
from vq.models.student import Student, Trunk
from vq.params import Fusion
from vq.pruning.trial import Effect, Repeats, Trial, student_srcc, teacher_srcc
from vq.training.distillation_loss import distill
from vq.training.loop import initialisation
from vq.training.probe_recipe import FULL, FULL_STUDENT
from vq.training.teach import teach
from vq.training.train_student import train_student, untrained
from vq.training.training_data import TrainingData
from vq.zoo.expert import Expert
from vq.zoo.onnx_expert import Native, Square

log = logging.getLogger(__name__)

VERSION = 1
"""Of what is computed here, as `vq.pruning.trial.VERSION`."""

LEARNS = 0.25
"""Share of an expert's tensors that learn: the last ones."""


class Tuned(nn.Module):
    """The network of an image expert as a trunk: it sees the pictures of the views."""

    def __init__(
        self, network: nn.Module, *, fusion: Fusion, dim: int, side_px: int | None = None
    ) -> None:
        """Take a copy of the network, all but its last blocks frozen.

        Args:
            network: from "rows height width 3", 0 to 255, to "rows dim".
            fusion: of its rows; `attention` is learnt by a teacher, here it is their mean.
            dim: numbers in a row.
            side_px: of the pictures that it takes; none: any.
        """
        super().__init__()
        self.network = deepcopy(network)
        self.fusion, self.side_px = fusion, side_px
        self.width, self.looks = (2 * dim if fusion == "mean_std" else dim), 1
        parameters = list(self.network.parameters())
        first = len(parameters) - round(LEARNS * len(parameters))
        for index, parameter in enumerate(parameters):
            parameter.requires_grad_(index >= first)

    def forward(
        self, views: UInt8[Tensor, "batch moments 4 side side"]
    ) -> Float[Tensor, "batch width"]:
        """Describe each picture of a video, and fuse what it says of them."""
        pictures = views[:, :, :3].flatten(0, 1)
        if self.side_px not in (None, pictures.shape[-1]):
            size = (self.side_px, self.side_px)
            scaled = functional.interpolate(pictures.float(), size, mode="bilinear", antialias=True)
            pictures = scaled.round().clamp(0, 255).to(torch.uint8)
        rows = self.network(pictures.permute(0, 2, 3, 1)).view(*views.shape[:2], -1)
        if self.fusion == "mean_std":
            return torch.cat([rows.mean(1), rows.std(1, correction=0)], 1)
        return rows.mean(1)


@dataclass(frozen=True, eq=False)
class Full:
    """The full fidelity."""

    trunks: Mapping[str, nn.Module]
    """Experts that can be fine-tuned: see `tunable`."""
    seen: str
    """Hash of the views of all videos."""
    name: str = "full"

    @property
    def depends(self) -> Mapping[str, Any]:
        """Recipes and versions that a trial's numbers come from."""
        recipes = {"teacher": FULL, "student": FULL_STUDENT, "tuned": FULL_STUDENT}
        settings = {name: one.model_dump(mode="json") for name, one in recipes.items()}
        return (
            settings
            | {"version": VERSION, "learns": LEARNS, "seen": self.seen}
            | {"start": builtin_weights.card(FULL_STUDENT.start).sha256}
        )

    def of(self, experts: tuple[str, ...]) -> "Full":
        """With what a trial of some experts needs: less travels to other processes."""
        return replace(self, trunks={n: t for n, t in self.trunks.items() if n in experts})

    def effect(self, trial: Trial, repeats: Repeats, *, seed: int) -> Effect:
        """Fine-tune, fit a teacher, distil from it, on each repeat."""
        effect = Effect(np.full(len(repeats), np.nan), np.full(len(repeats), np.nan))
        for number, data in enumerate(repeats):
            part = replace(data, features={n: data.features[n] for n in trial.experts})
            teacher = teach(part, params=FULL, seed=seed) if trial.experts else None
            tuned = self.trunks.get(trial.experts[0]) if len(trial.experts) == 1 else None
            if tuned is not None:
                effect.teacher[number] = self._tune(tuned, part, seed)
            elif teacher is not None:
                effect.teacher[number] = teacher_srcc(teacher, part)
            if trial.student:
                student = untrained(FULL_STUDENT, part, seed)
                if teacher is None:
                    train_student(student, part, params=FULL_STUDENT, seed=seed)
                else:
                    distill(student, teacher, part, params=FULL_STUDENT, seed=seed)
                effect.student[number] = student_srcc(student, part)
        return effect

    def _tune(self, trunk: Trunk, data: TrainingData, seed: int) -> float:
        with initialisation(seed):
            tuned = Student(
                deepcopy(trunk),
                # As wide as the teacher's, and never as wide as what it converts (claim 6).
                dim=FULL.dim + (trunk.width == FULL.dim),
                levels=data.target.shape[1],
                dropout=FULL_STUDENT.dropout,
                others=data.others,
            )
        train_student(tuned, data, params=FULL_STUDENT, seed=seed)
        return student_srcc(tuned, data)


def tunable(expert: Expert, fusion: Fusion) -> Tuned | None:
    """The expert as a trunk that can be fine-tuned on views; None where there is nothing to tune.

    Those that learnt nothing have no network, clip experts no clips in the views, an ONNX file is
    nothing that torch can train, and what another package brings is closed to us.
    """
    if expert.catalog == "onnx":
        return None
    if isinstance(expert, Square):
        return Tuned(expert.network.module, fusion=fusion, dim=expert.dim, side_px=expert.side_px)
    if isinstance(expert, Native):
        return Tuned(expert.network.module, fusion=fusion, dim=expert.dim)
    return None
