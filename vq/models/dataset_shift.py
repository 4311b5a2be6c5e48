"""Data sets on a common footing: what one set's raters call good, another's may call fair."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

REACH = 30.0
"""Logits for a unit of the parameter. A step of Adam moves every weight alike, and a head moves its
logits through all weights of a feature; a bare shift would trail behind by about that factor."""


class DatasetShift(nn.Module):
    """A learnt shift of the logits for each data set beside the primary, which has none.

    It belongs to classification in training: what a set's raters would say of a video, where the
    logits say what the primary's would. Data-set-specific alignment is of Li, Jiang and Jiang (IJCV
    2021, MDTVSFA), who scale and shift a score; ours moves levels. With no other set it holds no
    parameter.
    """

    def __init__(self, others: int, levels: int) -> None:
        super().__init__()
        shift = nn.Parameter(torch.zeros(others, levels)) if others else None
        self.register_parameter("shift", shift)

    def forward(
        self, logits: Float[Tensor, "batch levels"], dataset: Int[Tensor, " batch"]
    ) -> Float[Tensor, "batch levels"]:
        """Logits as each video's own data set has them; 0 is the primary."""
        if self.shift is None:
            return logits
        return logits + REACH * functional.pad(self.shift, (0, 0, 1, 0))[dataset]
