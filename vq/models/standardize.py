"""Features on a common footing: standardisation that is fitted once and saved with the model."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Standardize(nn.Module):
    """Zero mean and equal spread in each dimension, as fitted, unit length overall.

    Divided by the root of the width: a step of Adam moves every weight alike, and would otherwise
    move what is made of a wide feature more than what is made of a narrow one.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def forward(self, features: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Standardise; an outlier counts for no more than five times the spread."""
        return ((features - self.mean) / self.scale).clamp(-5, 5) / len(self.mean) ** 0.5

    @torch.no_grad()
    def fit(self, rows: Float[Tensor, "rows width"]) -> None:
        """Fit on the rows that are not NaN; a constant dimension keeps its unit."""
        complete = rows[~torch.isnan(rows).any(1)].double()
        if len(complete) > 1:
            spread = complete.std(0)
            self.mean.copy_(complete.mean(0))
            self.scale.copy_(torch.where(spread > 1e-8, spread, 1.0))
