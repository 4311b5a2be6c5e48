"""From feature maps to one row a picture."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

CELL_PX = 16
"""Side of the cells of `pool_cells`, in pixels of the picture."""


def pool(levels: Sequence[Float[Tensor, "pictures _ _ _"]]) -> Float[Tensor, "pictures width"]:
    """Mean of each channel of each level over the picture, then their deviations (as VSFA)."""
    means = [level.mean((2, 3)) for level in levels]
    squares = [(level * level).mean((2, 3)) for level in levels]
    # Not the bare root: its slope at zero is infinite, and a channel may be dead.
    spreads = [
        ((square - mean * mean).clamp_min(0) + 1e-6).sqrt()
        for square, mean in zip(squares, means, strict=True)
    ]
    return torch.cat([*means, *spreads], 1)


def pool_cells(
    levels: Sequence[Float[Tensor, "pictures _ _ _"]], strides: Sequence[int]
) -> Float[Tensor, "pictures width"]:
    """Describe each cell of a picture by all levels, then pool the cells as `pool` does.

    A level that is finer than the cells gives two maps: its mean and its deviation in each cell
    (local contrast, which a blur takes away); one that is as coarse or coarser gives itself. Values
    are put on a logarithmic scale, sign kept: channels of a classifier differ by orders of
    magnitude. Each level is at least one cell large; strides are pixels of the picture for one of
    each level, powers of two.
    """
    cells = []
    for level, stride in zip(levels, strides, strict=True):
        inside = CELL_PX // stride
        if inside <= 1:
            cells.append(level)
            continue
        # Squares of what is far from zero have few digits left for a small deviation.
        middle = level.mean((2, 3), keepdim=True)
        apart = level - middle
        mean = functional.avg_pool2d(apart, inside)
        square = functional.avg_pool2d(apart * apart, inside)
        # Not the bare root: see `pool`.
        cells += [mean + middle, ((square - mean * mean).clamp_min(0) + 1e-6).sqrt()]
    logs = [cell.sign() * torch.log1p(cell.abs()) for cell in cells]
    means = [log.mean((2, 3), keepdim=True) for log in logs]
    squares = [((log - mean) ** 2).mean((2, 3)) for log, mean in zip(logs, means, strict=True)]
    spreads = [(square + 1e-6).sqrt() for square in squares]
    return torch.cat([*(mean.flatten(1) for mean in means), *spreads], 1)


def width(channels: Sequence[int], strides: Sequence[int] | None) -> int:
    """How many numbers `pool_cells` gives; without strides, how many `pool` does."""
    finer = [2 if stride < CELL_PX else 1 for stride in strides or [CELL_PX] * len(channels)]
    return 2 * sum(count * maps for count, maps in zip(channels, finer, strict=True))


class Pooled(nn.Module):
    """A network of feature maps, and the pooling of some of its levels."""

    def __init__(
        self,
        network: nn.Module,
        levels: Sequence[int],
        strides: Sequence[int] | None = None,
        answers: nn.Linear | None = None,
    ) -> None:
        """Pool as `pool` does; with the strides of the levels, as `pool_cells`.

        What `answers` make of the pooled levels comes after them.
        """
        super().__init__()
        self.network = network
        self.levels = tuple(levels)
        self.strides = strides
        self.answers = answers

    def forward(
        self, pictures: Float[Tensor, "pictures 3 *sizes"]
    ) -> Float[Tensor, "pictures dim"]:
        """Describe each picture, or clip: its network folds time into the height of its maps."""
        every = self.network(pictures)
        maps = [every[level] for level in self.levels]
        pooled = pool(maps) if self.strides is None else pool_cells(maps, self.strides)
        return pooled if self.answers is None else torch.cat([pooled, self.answers(pooled)], 1)


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
