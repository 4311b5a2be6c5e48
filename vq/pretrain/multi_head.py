"""A network in training: a backbone with one linear head for each question."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vq.models.pooling import pool


class MultiHead(nn.Module):
    """A backbone with linear heads on its pooled features.

    The heads have no hidden layer, so that whatever serves the answers is linear in the features,
    and the features are what is shipped.
    """

    def __init__(
        self,
        backbone: nn.Module,
        *,
        channels: Sequence[int],
        levels: Sequence[int],
        questions: Mapping[str, int],
    ) -> None:
        """Put heads on a backbone.

        It gives one map for each of its levels, with these channels; `levels` are those that are
        pooled. `questions` has the size of each head, by its name.
        """
        super().__init__()
        self.backbone = backbone
        self.levels = tuple(levels)
        dim = 2 * sum(channels[level] for level in levels)
        self.standardise = nn.BatchNorm1d(dim, affine=False)
        self.drop = nn.Dropout(0.1)
        self.heads = nn.ModuleDict({name: nn.Linear(dim, size) for name, size in questions.items()})

    def forward(self, pixels: Tensor) -> dict[str, Float[Tensor, "batch _"]]:
        """Answer for normalised pictures or clips."""
        return self.answer(self.feature(pixels))

    def feature(self, pixels: Tensor) -> Float[Tensor, "batch dim"]:
        """Pool the levels for normalised pictures or clips."""
        maps = self.backbone(pixels)
        return pool([maps[level] for level in self.levels])

    def answer(self, feature: Float[Tensor, "batch dim"]) -> dict[str, Float[Tensor, "batch _"]]:
        """Answer from pooled features."""
        # Divided, or a step of Adam, which moves every weight alike, moves answers by the width.
        feature = self.drop(self.standardise(feature)) / feature.shape[1] ** 0.5
        return {name: head(feature) for name, head in self.heads.items()}

    @torch.no_grad()
    def folded(self) -> nn.Linear:
        """All answers, one question after the other, as one linear map of the pooled feature."""
        weight = torch.cat([head.weight for head in self.heads.values()])
        bias = torch.cat([head.bias for head in self.heads.values()])
        norm = self.standardise
        scale = (norm.running_var + norm.eps).sqrt() * weight.shape[1] ** 0.5
        one = nn.Linear(weight.shape[1], weight.shape[0])
        one.weight.copy_(weight / scale)
        one.bias.copy_(bias - one.weight @ norm.running_mean)
        return one
