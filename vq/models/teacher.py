"""The gated ensemble teacher: from initial features to first feature and first prediction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from vq.models.dataset_shift import DatasetShift
from vq.models.kernel import Kernel
from vq.models.standardize import Standardize

Weights = Float[Tensor, "batch experts"]
Marks = Bool[Tensor, "batch experts"]


@dataclass(frozen=True)
class Shape:
    """What a teacher is built from."""

    experts: Mapping[str, int]
    """Width of each expert's initial feature, by name, in the order of the importances."""
    attention: tuple[str, ...]
    """Experts whose frame features are fused by learnt attention; the others come fused."""
    hidden: int
    """Width of the hidden layer in each dimension conversion."""
    dim: int
    """D, width of target and first feature."""
    gate_dim: int
    importance: Literal["softmax", "sparse", "equal"]
    """How the answers of the gating network become importances."""
    levels: int
    dropout: float
    others: int = 0
    """Data sets beside the primary that it learns from."""
    landmarks: int = 0
    """Videos that the kernel part of the conversions compares with; 0 where there is none."""


@dataclass(frozen=True, eq=False)
class TeacherOutput:
    """What the teacher says of a batch of videos (claim 2)."""

    feature: Float[Tensor, "batch dim"]
    logits: Float[Tensor, "batch levels"]
    importance: Weights
    """Sums to one over the experts; 0 where an expert is missing or left out."""


class Teacher(nn.Module):
    """Sum over experts of importance x target feature, then classification (claims 2 to 5)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        dims = shape.experts
        self.attention = PerExpert({n: Attention(dims[n]) for n in shape.attention})
        self.standard = PerExpert({name: Standardize(width) for name, width in dims.items()})
        self.conversion = PerExpert(
            {
                name: nn.Sequential(
                    nn.Linear(width, shape.hidden),
                    nn.GELU(),
                    nn.Dropout(shape.dropout),
                    # No normalisation behind it: how sure an expert is may show in the length.
                    nn.Linear(shape.hidden, shape.dim),
                    nn.ReLU(),
                )
                for name, width in dims.items()
            }
        )
        self.gating = PerExpert(
            {
                name: nn.Sequential(
                    nn.Linear(width, shape.gate_dim), nn.Tanh(), nn.Linear(shape.gate_dim, 1)
                )
                for name, width in dims.items()
            }
        )
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(shape.dim, shape.levels)
        self.alignment = DatasetShift(shape.others, shape.levels)
        self.kernels = Kernels(shape) if shape.landmarks else None

    def forward(self, features: Mapping[str, Tensor], drop: Marks | None = None) -> TeacherOutput:
        """Combine what the experts say.

        Args:
            features: initial features by expert, `batch width` (`batch time width` where attention
                fuses them); a row of NaN means that the expert says nothing of this video.
            drop: experts to leave out of this step, true where left out.
        """
        initials, targets, gates, missing = [], [], [], []
        for name in self.shape.experts:
            values = features[name]
            missing.append(torch.isnan(values).flatten(1).any(1))
            initial = self.initial(name, torch.nan_to_num(values))
            initials.append(initial)
            targets.append(self.dropout(self.conversion[name](initial)))
            gates.append(self.gating[name](initial).squeeze(1))
        absent = torch.stack(missing, 1)
        out = absent if drop is None else absent | drop
        importance = NORMALISE[self.shape.importance](torch.stack(gates, 1), out)
        feature = torch.einsum("be,ebd->bd", importance, torch.stack(targets))
        if self.kernels is not None:
            named = dict(zip(self.shape.experts, initials, strict=True))
            importance, feature = self.kernels(importance, feature, named, out)
        return TeacherOutput(feature, self.head(feature), importance)

    def initial(self, name: str, values: Tensor) -> Float[Tensor, "batch width"]:
        """One expert's initial feature, standardised; its attention, if any, fuses the frames."""
        standard = self.standard[name](values)
        return self.attention[name](standard) if name in self.attention else standard

    @torch.no_grad()
    def fit_scales(self, features: Mapping[str, Tensor]) -> None:
        """Fit the standardisation of every expert on the training videos."""
        for name in self.shape.experts:
            self.standard[name].fit(features[name].flatten(0, -2))


class PerExpert(nn.ModuleDict):
    """Modules by expert. A `ModuleDict` refuses names of its own methods, such as `half`."""

    def __getitem__(self, name: str) -> nn.Module:
        return super().__getitem__(f"expert_{name}")

    def __setitem__(self, name: str, module: nn.Module) -> None:
        super().__setitem__(f"expert_{name}", module)

    def __contains__(self, name: str) -> bool:
        return super().__contains__(f"expert_{name}")


class Kernels(nn.Module):
    """The kernel part of all conversions, fitted in closed form: a share of the first feature.

    What an expert's kernel says of a video moves its target feature along one direction, which the
    head reads as levels. It has an importance of its own, the same for all experts: few labels do
    not tell whom to listen to when. The kernels were fitted to add up, so that they say nothing of
    a video that an expert is missing of, or left out: the learnt part is alone there.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.scores = PerExpert(
            {name: Kernel(width, shape.landmarks) for name, width in shape.experts.items()}
        )
        self.register_buffer("direction", torch.zeros(shape.dim))
        self.register_buffer("offset", torch.zeros(shape.dim))
        self.register_buffer("share", torch.zeros(()))

    def forward(
        self,
        importance: Weights,
        learnt: Float[Tensor, "batch dim"],
        initials: Mapping[str, Float[Tensor, "batch _"]],
        out: Marks,
    ) -> tuple[Weights, Float[Tensor, "batch dim"]]:
        """Importances and first feature of both parts, from those of the learnt one."""
        score = torch.stack([self.scores[name](one) for name, one in initials.items()]).mean(0)
        fitted = score[:, None] * self.direction + self.offset
        share = (self.share * ~out.any(1))[:, None]
        alike = 1 / len(initials)
        return (1 - share) * importance + share * alike, (1 - share) * learnt + share * fitted


class Attention(nn.Module):
    """Weigh the frames of a video by a learnt query; it starts as their mean (claim 5)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(width))

    def forward(self, frames: Float[Tensor, "batch time width"]) -> Float[Tensor, "batch width"]:
        """Fuse the frames."""
        weights = torch.softmax(frames @ self.query / len(self.query) ** 0.5, dim=1)
        return torch.einsum("bt,btw->bw", weights, frames)


def softmax(gates: Weights, out: Marks) -> Weights:
    """Softmax over the experts that are in; all zero where none is."""
    weights = torch.softmax(gates.masked_fill(out, -1e4), dim=1).masked_fill(out, 0)
    return weights / weights.sum(1, keepdim=True).clamp_min(1e-12)


def sparse(gates: Weights, out: Marks) -> Weights:
    """The point of the simplex nearest to the gates: weak experts get 0 (sparsemax).

    Martins and Astudillo, ICML 2016. All zero where no expert is in.
    """
    ranked = gates.masked_fill(out, -1e4).sort(1, descending=True).values
    count = torch.arange(1, gates.shape[1] + 1, device=gates.device)
    above = ranked.cumsum(1) - 1
    support = (ranked * count > above).sum(1, keepdim=True)
    threshold = above.gather(1, support - 1) / support
    return (gates - threshold).clamp_min(0).masked_fill(out, 0)


def equal(gates: Weights, out: Marks) -> Weights:
    """No gating: all experts that are in count alike."""
    return softmax(torch.zeros_like(gates), out)


NORMALISE = {"softmax": softmax, "sparse": sparse, "equal": equal}
"""From what the gating network says to importances, by the name in params."""


def drop_experts(present: Marks, chance: float, generator: torch.Generator) -> Marks:
    """Choose experts to leave out of a training step; a video keeps at least one that it has.

    Without it the gating network leans on the strongest expert.
    """
    drop = torch.rand(present.shape, generator=generator) < chance
    none_left = ~(present & ~drop).any(1, keepdim=True)
    return drop & ~none_left
