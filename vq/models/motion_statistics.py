"""What the student knows of time: how brightness changes from a frame to the next, at each moment.

It has no weights and costs next to nothing; no single picture shows a stall.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

BLOCK_PX = 32
"""Side of the blocks whose changes are measured one by one: what moves may be small."""
ORDERS = (-8.0, -2.0, 2.0, 8.0)
"""Exponents of the means over moments, from near the least to near the greatest."""
STILL = (0.25, 1.0, 4.0)
"""Mean absolute change of brightness, 0 to 255, below which a moment is still: soft bounds."""
REST = 0.25
"""Share of the video's own change below which a moment is at rest: a soft bound."""
WIDTH = 2 * (1 + len(ORDERS)) + len(STILL) + 2
"""How many numbers `describe` gives."""
REPEATS = 3
"""How many numbers `repeats` gives: shares of moments below the first bounds of `STILL`, a jump."""


def describe(pixels: Float[Tensor, "batch moments 4 side side"]) -> Float[Tensor, "batch motion"]:
    """Amount of change over the moments of a video, and how many of them are still.

    A mean of a negative exponent is ruled by the stillest moments, one of a positive exponent by
    the liveliest; as the order of the moments does not matter, any number of them will do. Pixels
    are red, green, blue, and the brightness of the next frame, 0 to 255.
    """
    blocks = _changes(pixels)
    amount = blocks.mean(2)
    logs = torch.log1p(blocks)
    parts = []
    for rows in (logs.mean(2), power_mean(logs, 4.0, dim=2)):
        parts += [rows.mean(1), *(power_mean(rows, order, dim=1) for order in ORDERS)]
    parts += [_share_below(amount, bound) for bound in STILL]
    share = amount / (0.3 + amount.mean(1, keepdim=True))
    rests = torch.sigmoid(8 * (REST - share) / REST)
    return torch.stack([*parts, rests.mean(1), rests.amax(1)], 1)


def repeats(pixels: Float[Tensor, "batch moments 4 side side"]) -> Float[Tensor, "batch repeats"]:
    """Share of the moments that repeat, or nearly, and the jump: whatever else moves in the video.

    What a head may be told of motion where its training data moves otherwise than what it will
    score. A stall repeats a frame anywhere, but so does a camera that rests, or a clip whose frame
    rate was converted; only behind a stall does the picture jump. The jump is the greatest change
    less the mean that leans to great ones, as logarithms: 0 where all moments change alike.
    """
    amount = _changes(pixels).mean(2)
    logs = torch.log1p(amount)
    jump = logs.amax(1) - power_mean(logs, 2.0, dim=1)
    shares = [_share_below(amount, bound) for bound in STILL[: REPEATS - 1]]
    return torch.stack([*shares, jump], 1)


def _changes(
    pixels: Float[Tensor, "batch moments 4 side side"],
) -> Float[Tensor, "batch moments blocks"]:
    """Mean absolute change of brightness to the next frame, 0 to 255, in each block."""
    red, green, blue, following = pixels.unbind(2)
    change = (following - (0.299 * red + 0.587 * green + 0.114 * blue)).abs()
    return functional.avg_pool2d(change, min(BLOCK_PX, int(pixels.shape[-1]))).flatten(2)


def _share_below(amount: Float[Tensor, "batch moments"], bound: float) -> Float[Tensor, " batch"]:
    """Share of the moments that change less than the bound, which is soft."""
    return torch.sigmoid(4 * (bound - amount) / bound).mean(1)


def power_mean(rows: Tensor, order: float, *, dim: int) -> Tensor:
    """The logarithm of the mean of exp(order x), over the order: from the least to the greatest."""
    # Around the mean, or a still video would overflow beside a lively one.
    middle = rows.mean(dim, keepdim=True)
    spread = torch.exp(order * (rows - middle).clamp(-math.log1p(255), math.log1p(255)))
    return middle.squeeze(dim) + torch.log(spread.mean(dim)) / order
