"""From feature maps to one row a picture."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn


def pool(
    levels: Sequence[Float[Tensor, "pictures _ _ _"]],
) -> Float[Tensor, "pictures width"]:
    """Mean of each channel of each level over the picture, then their deviations (as VSFA)."""
    means = [level.mean((2, 3)) for level in levels]
    squares = [(level * level).mean((2, 3)) for level in levels]
    # Not the bare root: its slope at zero is infinite, and a channel may be dead.
    spreads = [
        ((square - mean * mean).clamp_min(0) + 1e-6).sqrt()
        for square, mean in zip(squares, means, strict=True)
    ]
    return torch.cat([*means, *spreads], 1)


class Pooled(nn.Module):
    """A network of feature maps, and the pooling of some of its levels."""

    def __init__(self, network: nn.Module, levels: Sequence[int]) -> None:
        super().__init__()
        self.network = network
        self.levels = tuple(levels)

    def forward(
        self, pictures: Float[Tensor, "pictures 3 *sizes"]
    ) -> Float[Tensor, "pictures dim"]:
        """Describe each picture, or clip: its network folds time into the height of its maps."""
        maps = self.network(pictures)
        return pool([maps[level] for level in self.levels])


class Levels(nn.Module):
    """A timm network up to the deepest of some feature levels, and the pooling of these."""

    def __init__(self, network: nn.Module, levels: Sequence[int]) -> None:
        super().__init__()
        network.prune_intermediate_layers(list(levels), prune_norm=True, prune_head=True)
        self.network = network
        self.levels = list(levels)

    def forward(
        self, pictures: Float[Tensor, "pictures 3 height width"]
    ) -> Float[Tensor, "pictures dim"]:
        """Describe each picture."""
        return pool(
            self.network.forward_intermediates(
                pictures, indices=self.levels, intermediates_only=True, output_fmt="NCHW"
            )
        )
