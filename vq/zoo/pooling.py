"""From feature maps to one row a picture."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor


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
