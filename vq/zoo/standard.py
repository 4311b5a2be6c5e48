"""Features on a common footing: standardisation that is fitted once and saved with the model."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Standard(nn.Module):
    """Zero mean and unit spread in each dimension, as fitted; outliers are clipped."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def forward(self, given: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch width"]:
        """Standardise."""
        return ((given - self.mean) / self.scale).clamp(-5, 5)

    @torch.no_grad()
    def fit(self, rows: Float[Tensor, "rows width"]) -> None:
        """Fit on the rows that are not NaN; a constant dimension keeps its unit."""
        known = rows[~torch.isnan(rows).any(1)].double()
        if len(known) > 1:
            spread = known.std(0)
            self.mean.copy_(known.mean(0))
            self.scale.copy_(torch.where(spread > 1e-8, spread, 1.0))
