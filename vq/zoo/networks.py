"""Architectures of our own, for what no library has small enough: maps of several levels."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class Restorer(nn.Module):
    """A small U-Net that predicts what a picture has lost (Ronneberger et al., MICCAI 2015).

    It works at half the size and gives a residual to add to the normalised picture, and
    how large that is from block to block, which is easier to tell than its pixels. It is
    normalised, which networks that restore for the eye are not: so it learns sooner.
    """

    channels = (16, 32, 64, 96, 64, 16, 1, 3)
    """Of the maps: four of the encoder, at 1/2 to 1/16 of the size; two of the decoder, at 1/8 and
    1/2; the logarithm of the mean absolute residual of 8 x 8 pixels; the residual."""

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth, least = self.channels[:4]
        # Six pixels wide: a convolution of 3 x 3 over pixels taken 2 x 2 at a time.
        self.stem = _conv(3, half, kernel=6, stride=2)
        self.quarter = nn.Sequential(_conv(half, quarter, stride=2), _Residual(quarter))
        self.eighth = nn.Sequential(_conv(quarter, eighth, stride=2), _Residual(eighth))
        self.least = nn.Sequential(_conv(eighth, least, stride=2), _Residual(least))
        self.up_eighth = _Up(least, eighth)
        self.up_quarter = _Up(eighth, quarter)
        self.up_half = _Up(quarter, half)
        self.lost = nn.Conv2d(eighth, 1, 1)
        self.out = nn.Conv2d(half, 12, 3, padding=1)
        # Starts by changing nothing.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, pictures: Float[Tensor, "batch 3 height width"]) -> list[Tensor]:
        """Maps of normalised pictures of any size; of an odd one the residual lacks the edge."""
        half = self.stem(pictures)
        quarter = self.quarter(half)
        eighth = self.eighth(quarter)
        least = self.least(eighth)
        deep = self.up_eighth(least, eighth)
        last = self.up_half(self.up_quarter(deep, quarter), half)
        residual = functional.pixel_shuffle(self.out(last), 2)
        return [half, quarter, eighth, least, deep, last, self.lost(deep), residual]


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, given: Tensor) -> Tensor:
        return (given + self.norm(self.second(self.first(given)))).relu()


class _Up(nn.Module):
    """Twice the size, and beside it what the encoder had there."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(width, 4 * out, 1)
        self.join = _conv(out, out)

    def forward(self, given: Tensor, beside: Tensor) -> Tensor:
        height, width = beside.shape[2:]
        wide = functional.pixel_shuffle(self.widen(given), 2)
        return self.join(wide[:, :, :height, :width] + beside)


class Factorised(nn.Module):
    """A small video network: convolutions over space, then over time (R(2+1)D, Tran et al. 2018).

    It sees each frame beside its difference to the next one, so that a repeated frame is a plane
    of zeros. Time is folded into the height of the maps.
    """

    channels = (32, 48, 96, 128)
    """Of the maps, at 1/4 to 1/16 of the size, the last two alike."""

    def __init__(self) -> None:
        super().__init__()
        quarter, eighth, sixteenth, last = self.channels
        self.stem = _Space(6, quarter, kernel=5, stride=4)
        self.eighth = nn.Sequential(_Time(quarter), _Space(quarter, eighth, stride=2))
        self.sixteenth = nn.Sequential(_Time(eighth), _Space(eighth, sixteenth, stride=2))
        self.last = nn.Sequential(_Time(sixteenth), _Space(sixteenth, last), _Time(last))

    def forward(self, clips: Float[Tensor, "batch 3 time height width"]) -> list[Tensor]:
        """Maps "batch channels time*rows columns" of normalised clips, a row of time a change."""
        if clips.shape[2] == 1:
            clips = clips.repeat(1, 1, 2, 1, 1)
        before, after = clips[:, :, :-1], clips[:, :, 1:]
        # Changes are small beside the pixels.
        quarter = self.stem(torch.cat([before, 4 * (after - before)], 1))
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        maps = [quarter, eighth, sixteenth, self.last(sixteenth)]
        return [level.flatten(2, 3) for level in maps]


class _Space(nn.Sequential):
    def __init__(self, given: int, out: int, *, kernel: int = 3, stride: int = 1) -> None:
        pad = kernel // 2
        conv = nn.Conv3d(
            given, out, (1, kernel, kernel), (1, stride, stride), (0, pad, pad), bias=False
        )
        super().__init__(conv, nn.BatchNorm3d(out), nn.ReLU())


class _Time(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(width, width, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.norm = nn.BatchNorm3d(width)

    def forward(self, given: Tensor) -> Tensor:
        return (given + self.norm(self.conv(given))).relu()


def _conv(given: int, out: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(given, out, kernel, stride, padding=(kernel - 1) // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU())


OWN: Mapping[str, Callable[[], nn.Module]] = MappingProxyType(
    {"unet_small": Restorer, "factorised3d": Factorised}
)
"""Networks by the name of their architecture; each has `channels`, one number a map."""
