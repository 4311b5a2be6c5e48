"""Architectures of our own, for what no library has small enough: maps of several levels."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor, nn


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
    def __init__(self, channels: int, out: int, *, kernel: int = 3, stride: int = 1) -> None:
        pad = kernel // 2
        conv = nn.Conv3d(
            channels, out, (1, kernel, kernel), (1, stride, stride), (0, pad, pad), bias=False
        )
        super().__init__(conv, nn.BatchNorm3d(out), nn.ReLU())


class _Time(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(width, width, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.norm = nn.BatchNorm3d(width)

    def forward(self, maps: Tensor) -> Tensor:
        return (maps + self.norm(self.conv(maps))).relu()


OWN: Mapping[str, Callable[[], nn.Module]] = MappingProxyType({"factorised3d": Factorised})
"""Networks by the name of their architecture; each has `channels`, one number a map."""
