"""Statistics of pictures that the student computes beside its backbone: cheap, with no weights."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

WINDOW_PX = 7
"""Side of the window of local mean and spread, as in BRISQUE (which weighs it by a Gaussian)."""
STILL = (0.25, 1.0, 4.0)
"""Mean absolute change of brightness, 0 to 255, below which a picture is still: soft bounds."""
WIDTH = 4 * 13 + 6 + 4 + len(STILL)
"""How many numbers `describe` gives."""


def describe(
    pixels: Float[Tensor, "pictures 4 side side"], patch_px: int
) -> Float[Tensor, "pictures statistics"]:
    """Natural scene statistics of a picture and of its change to the next frame, light, motion.

    Distortions change how locally normalised brightness is distributed, and how neighbouring
    values go together (Mittal et al., BRISQUE, 2012); in the difference of neighbouring frames
    they show noise, repeats and flicker (Saad et al., V-BLIINDS, 2014). Moments stand for the
    fitted distributions of these papers. A window never crosses the seam between two patches.

    Args:
        pixels: red, green, blue and the luma of the next frame, in [0, 1].
        patch_px: side of the native patches that a picture is made of.
    """
    # Not len(pixels): export would take the number of the example for a constant, as it should the
    # side of a picture.
    count, grid = pixels.shape[0], int(pixels.shape[-1]) // patch_px
    split = pixels.view(count, 4, grid, patch_px, grid, patch_px)
    patches = 255 * split.permute(0, 2, 4, 1, 3, 5).reshape(-1, 4, patch_px, patch_px)
    red, green, blue, following = patches.split(1, dim=1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    change = following - luma
    maps = [luma, change, functional.avg_pool2d(luma, 2), functional.avg_pool2d(change, 2)]
    scenes = [normalised(each) for each in maps]
    numbers = torch.cat([*scenes, light(luma, red, green, blue)], 1)
    averaged = numbers.view(count, grid * grid, -1).mean(1)
    return torch.cat([averaged, motion(change.abs().mean((1, 2, 3)).view(count, grid * grid))], 1)


def normalised(given: Float[Tensor, "patches 1 rows columns"]) -> Float[Tensor, "patches 13"]:
    """Local spread, then moments and products of neighbours of the locally normalised values."""
    mean, square = local_mean(given), local_mean(given * given)
    spread = (square - mean * mean).clamp_min(0).sqrt()
    edge = WINDOW_PX // 2
    inside = (given[..., edge:-edge, edge:-edge] - mean) / (spread + 1)
    log = torch.log1p(spread)
    size = inside.abs()
    found = [log, log * log, size, inside * inside, (inside * inside) ** 2]
    for one, other in (
        (inside[..., :, 1:], inside[..., :, :-1]),
        (inside[..., 1:, :], inside[..., :-1, :]),
        (inside[..., 1:, 1:], inside[..., :-1, :-1]),
        (inside[..., 1:, :-1], inside[..., :-1, 1:]),
    ):
        found += [one * other, (one * other).abs()]
    return torch.cat([each.mean((2, 3)) for each in found], 1)


def local_mean(given: Float[Tensor, "patches 1 rows columns"]) -> Float[Tensor, "patches 1 ..."]:
    """Mean over a window around each place that has a whole one; rows, then columns: 14 for 49."""
    rows = functional.avg_pool2d(given, (WINDOW_PX, 1), stride=1)
    return functional.avg_pool2d(rows, (1, WINDOW_PX), stride=1)


def light(luma: Tensor, red: Tensor, green: Tensor, blue: Tensor) -> Float[Tensor, "patches 6"]:
    """Brightness, contrast, what is nearly black or white, what is flat, how colourful it is."""
    mean = luma.mean((2, 3))
    contrast = (luma - mean[..., None, None]).abs().mean((2, 3))
    dark = torch.sigmoid((16 - luma) / 4).mean((2, 3))
    bright = torch.sigmoid((luma - 239) / 4).mean((2, 3))
    flat = torch.exp(-(luma[..., :, 1:] - luma[..., :, :-1]).abs()).mean((2, 3))
    colour = ((red - green).abs() + (green - blue).abs()).mean((2, 3))
    return torch.cat([mean / 255, contrast / 64, dark, bright, flat, colour / 64], 1)


def motion(patches: Float[Tensor, "pictures patches"]) -> Float[Tensor, "pictures motion"]:
    """Change of brightness to the next frame: amount, spread, extremes, and whether it is still.

    A frozen or repeated frame changes nothing anywhere; no single picture shows that.

    Args:
        patches: mean absolute change of each patch, 0 to 255.
    """
    amount = patches.mean(1, keepdim=True)
    bounds = torch.tensor(STILL, device=patches.device, dtype=patches.dtype)
    log = torch.log1p(patches)
    spread = (log * log).mean(1) - log.mean(1) ** 2
    each = torch.stack([log.mean(1), spread, log.amin(1), log.amax(1)], 1)
    return torch.cat([each, torch.sigmoid(4 * (bounds - amount) / bounds)], 1)
