"""The student: from the views of a video to second feature and second prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import timm
import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor, nn

from vq.errors import ParamsError
from vq.student import statistics
from vq.zoo.alignment import Alignment
from vq.zoo.pooling import pool
from vq.zoo.standard import Standard


@dataclass(frozen=True, eq=False)
class Second:
    """What the student says of a batch of videos (claim 6)."""

    feature: Float[Tensor, "batch dim"]
    logits: Float[Tensor, "batch levels"]


@runtime_checkable
class Trunk(Protocol):
    """Gives the second initial feature; `width` numbers (d_s) for each video."""

    width: int

    def __call__(self, given: Shaped[Tensor, "batch ..."]) -> Float[Tensor, "batch width"]:
        """Describe a batch of videos."""


class Student(nn.Module):
    """Trunk, dimension conversion to D, classification over K levels (claim 6)."""

    def __init__(
        self, trunk: Trunk, *, dim: int, levels: int, dropout: float, others: int = 0
    ) -> None:
        """Put the parts together.

        Args:
            trunk: gives the second initial feature.
            dim: D, width of the second feature.
            levels: K.
            dropout: of units in the second feature, before classification alone.
            others: data sets beside the primary that it learns from.

        Raises:
            ParamsError: the trunk is as wide as D: claim 6 wants a conversion.
        """
        super().__init__()
        if trunk.width == dim:
            raise ParamsError(
                f"the student's second initial feature and teach.dim are both {dim} wide; "
                "claim 6 wants them different: change teach.dim, distill.backbone or distill.stages"
            )
        self.trunk = trunk
        self.standard = Standard(trunk.width)
        self.conversion = nn.Sequential(nn.Linear(trunk.width, dim), nn.LayerNorm(dim), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(dim, levels)
        self.alignment = Alignment(others, levels)

    def forward(self, given: Shaped[Tensor, "batch ..."]) -> Second:
        """Describe and classify a batch of videos."""
        feature = self.conversion(self.standard(self.trunk(given)))
        # The head alone goes without some units: L3 compares whole features.
        return Second(feature, self.head(self.dropout(feature)))


class Features(nn.Module):
    """A trunk that passes cached features through: the student of a probe trial."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, given: Float[Tensor, "batch width"]) -> Float[Tensor, "batch width"]:
        """Pass them through."""
        return given


class Pixels(nn.Module):
    """A small backbone over the views of a video, and statistics of pictures and motion."""

    def __init__(
        self,
        backbone: str,
        *,
        stages: Sequence[int],
        patch_px: int,
        mean: Sequence[float],
        std: Sequence[float],
        answers: int = 0,
    ) -> None:
        """Build it, with random weights.

        Args:
            backbone: timm name.
            stages: feature levels to pool; 0 is the finest.
            patch_px: side of the native patches that a view is made of.
            mean: of the backbone's input, for pixels in [0, 1].
            std: of the same.
            answers: how many numbers the backbone was pretrained to tell by a linear map of its
                pooled channels; they join the statistics. 0 where it was not.

        Raises:
            ParamsError: timm has no such backbone, or it has no such feature level.
        """
        super().__init__()
        try:
            self.backbone = timm.create_model(
                backbone, pretrained=False, features_only=True, out_indices=tuple(stages)
            )
        except (RuntimeError, IndexError, AssertionError) as error:
            raise ParamsError(
                f"distill: backbone {backbone!r}, stages {stages}: {error}"
            ) from error
        self.patch_px = patch_px
        pooled = 2 * sum(self.backbone.feature_info.channels())
        self.answers = nn.Linear(pooled, answers) if answers else None
        self.width = pooled + 2 * (statistics.WIDTH + answers)
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))

    def forward(
        self, views: UInt8[Tensor, "batch moments 4 side side"]
    ) -> Float[Tensor, "batch width"]:
        """Channels pooled over a picture, averaged over moments; answers, statistics over both."""
        batch, moments = views.shape[:2]
        # Whole numbers, so that an export knows them; how many pictures there are stays free.
        pixels = views.reshape(-1, *map(int, views.shape[2:])).float() / 255
        seen = (pixels[:, :3] - self.mean) / self.std
        # A quarter faster on a CPU, where depthwise convolutions read along the channels.
        levels = self.backbone(seen.contiguous(memory_format=torch.channels_last))
        pooled = pool(levels)
        told = statistics.describe(pixels, self.patch_px)
        if self.answers is not None:
            told = torch.cat([told, self.answers(pooled)], 1)
        told = told.view(batch, moments, -1)
        average = told.mean(1)
        # How a statistic varies over the moments: a freeze is still at some of them only.
        varies = (told - average.unsqueeze(1)).abs().mean(1)
        return torch.cat([pooled.view(batch, moments, -1).mean(1), average, varies], 1)
