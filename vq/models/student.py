"""The student: from the views of a video to second feature and second prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import timm
import torch
from jaxtyping import Float, Shaped, UInt8
from timm.layers import Conv2dSame
from timm.layers.padding import pad_same_arg
from torch import Tensor, nn
from torch.nn import functional

from vq.errors import ParamsError
from vq.models import builtin_weights, motion_statistics
from vq.models.dataset_shift import DatasetShift
from vq.models.pooling import pool, pool_cells, width
from vq.models.standardize import Standardize

Pooling = Literal["whole", "cells"]

NOISE_PX = 128
"""Side of the noise that dithers; it is repeated."""
SEED = 7
"""Of that noise."""
BLUR_PX = 1.5
"""Standard deviation of the Gaussian of an unsharp mask."""


@dataclass(frozen=True, eq=False)
class StudentOutput:
    """What the student says of a batch of videos (claim 6)."""

    feature: Float[Tensor, "batch dim"]
    logits: Float[Tensor, "batch levels"]


@runtime_checkable
class Trunk(Protocol):
    """Gives the second initial feature; `width` numbers (d_s) for each look at a video."""

    width: int
    looks: int
    """One, or two of which the better counts."""

    def __call__(self, inputs: Shaped[Tensor, "batch ..."]) -> Float[Tensor, "batch described"]:
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
                f"the student's second initial feature and training.dim are both {dim} wide; "
                "claim 6 wants them different: change training.dim, student.backbone or stages"
            )
        self.trunk = trunk
        self.standard = Standardize(trunk.width)
        self.conversion = nn.Sequential(nn.Linear(trunk.width, dim), nn.LayerNorm(dim), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(dim, levels)
        self.alignment = DatasetShift(others, levels)

    def forward(self, inputs: Shaped[Tensor, "batch ..."]) -> StudentOutput:
        """Describe and classify a batch of videos."""
        feature = self.feature(self.trunk(inputs))
        # The head alone goes without some units: L3 compares whole features.
        return StudentOutput(feature, self.head(self.dropout(feature)))

    def feature(self, described: Float[Tensor, "batch described"]) -> Float[Tensor, "batch dim"]:
        """Second feature of a batch of videos: that of the look which scores best."""
        feature = self.conversion(self.standard(described.reshape(-1, self.trunk.width)))
        if self.trunk.looks == 1:
            return feature
        levels = self.head(feature).softmax(1)
        grades = torch.arange(self.head.out_features, dtype=levels.dtype, device=levels.device)
        score = (levels @ grades).reshape(-1, 2)
        as_it_is, sharpened = feature.reshape(-1, 2, self.head.in_features).unbind(1)
        return torch.where(score[:, :1] >= score[:, 1:], as_it_is, sharpened)


class Features(nn.Module):
    """A trunk that passes cached features through: the student of a probe trial."""

    def __init__(self, width: int, *, looks: int = 1) -> None:
        super().__init__()
        self.width, self.looks = width, looks

    def forward(
        self, features: Float[Tensor, "batch described"]
    ) -> Float[Tensor, "batch described"]:
        """Pass them through."""
        return features


class FixedSame(Conv2dSame):
    """Padding as TensorFlow's, by numbers that an export writes down: a view has one size."""

    def forward(self, maps: Tensor) -> Tensor:
        """Pad, then convolve."""
        rows, columns = (int(side) for side in maps.shape[-2:])
        padding = pad_same_arg([rows, columns], self.kernel_size, self.stride, self.dilation)
        padded = functional.pad(maps, padding)
        return functional.conv2d(
            padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )


class Pixels(nn.Module):
    """A small backbone over the views of a video, and what changes from frame to frame."""

    def __init__(
        self,
        backbone: str,
        *,
        stages: Sequence[int],
        every: int = 1,
        pooling: Pooling = "cells",
        answers: int = 0,
        answers_only: bool = False,
        dither: float = 0.0,
        sharpen: float = 0.0,
    ) -> None:
        """Build it, with random weights.

        Args:
            backbone: timm name.
            stages: feature levels to pool; 0 is the finest.
            every: the backbone sees every n-th moment, from the first on; motion is computed from
                all. Views of neighbouring moments are alike, and the backbone is what costs.
            pooling: how levels become one row: as `vq.models.pooling.pool`, or `pool_cells`.
            answers: how many numbers the backbone was pretrained to tell by a linear map of its
                pooled levels; they join the feature. 0 where it was not.
            answers_only: the feature is the answers, the share of moments that repeat and the jump
                behind them (`motion_statistics.repeats`). The backbone knows the videos that it was
                pretrained on too well, and a head that reads its levels learns to trust them; how a
                camera moves differs from data to data.
            dither: standard deviation, in grey levels, of fixed noise that lies over all that the
                backbone sees. Noise fainter than that, which nobody sees, is nothing to it.
            sharpen: strength of an unsharp mask; 1 doubles the difference from a blurred picture.
                The backbone then looks at a video twice, the second time sharpened; the better look
                counts (`Student.feature`), so an upload that was sharpened gains next to nothing.

        Raises:
            ParamsError: timm has no such backbone, it has no such feature level, or there would be
                no feature but motion.
        """
        super().__init__()
        try:
            self.backbone = timm.create_model(
                backbone, pretrained=False, features_only=True, out_indices=tuple(stages)
            )
        except (RuntimeError, IndexError, AssertionError) as error:
            raise ParamsError(
                f"student: backbone {backbone!r}, stages {stages}: {error}"
            ) from error
        for module in self.backbone.modules():
            if isinstance(module, Conv2dSame):
                module.__class__ = FixedSame
        self.every = every
        levels = range(len(stages))
        self.strides = (
            builtin_weights.strides(self.backbone, levels) if pooling == "cells" else None
        )
        pooled = width(self.backbone.feature_info.channels(), self.strides)
        if answers_only and not answers:
            raise ParamsError(
                "student.inputs is answers, and student.start brings none with these stages; set "
                "student.inputs to all, or student.stages to nothing"
            )
        self.answers_only = answers_only
        self.answers = nn.Linear(pooled, answers) if answers else None
        self.width = (
            answers + motion_statistics.REPEATS
            if answers_only
            else pooled + 2 * answers + motion_statistics.WIDTH
        )
        self.looks = 2 if sharpen else 1
        self.dither, self.sharpen = dither, sharpen
        places = torch.arange(-round(3 * BLUR_PX), round(3 * BLUR_PX) + 1)
        blur = torch.exp(-0.5 * (places / BLUR_PX) ** 2)
        self.register_buffer("blur", blur / blur.sum(), persistent=False)
        noise = dither * np.random.default_rng(SEED).standard_normal((NOISE_PX, NOISE_PX))
        # Of the recipe, not of what is learnt.
        self.register_buffer("noise", torch.from_numpy(noise).float(), persistent=False)
        self.register_buffer("mean", torch.full((3, 1, 1), 0.5))
        self.register_buffer("std", torch.full((3, 1, 1), 0.5))

    def forward(
        self, views: UInt8[Tensor, "batch moments 4 side side"]
    ) -> Float[Tensor, "batch described"]:
        """Levels pooled over a picture and averaged over moments; answers; motion."""
        batch, side = views.shape[0], int(views.shape[-1])
        seen = views[:, :: self.every, :3].float()
        if self.sharpen:
            seen = torch.stack([seen, self.sharpened(seen)], 1)
        seen = seen.reshape(-1, 3, side, side)
        if self.dither:
            times = -(-side // NOISE_PX)
            seen = (seen + self.noise.repeat(times, times)[:side, :side]).clamp(0, 255)
        pictures = (seen / 255 - self.mean) / self.std
        # A quarter faster on a CPU, where depthwise convolutions read along the channels.
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        levels = self.backbone(pictures)
        pooled = pool(levels) if self.strides is None else pool_cells(levels, self.strides)
        rows = batch * self.looks
        parts = [] if self.answers_only else [pooled.view(rows, -1, pooled.shape[1]).mean(1)]
        if self.answers is not None:
            answers = self.answers(pooled).view(rows, -1, self.answers.out_features)
            average = answers.mean(1)
            parts.append(average)
            if not self.answers_only:
                # How an answer varies over the moments: a fault may last for some of them only.
                parts.append((answers - average.unsqueeze(1)).abs().mean(1))
        describe = motion_statistics.repeats if self.answers_only else motion_statistics.describe
        motion = describe(views.float())
        if self.sharpen:
            motion = motion.repeat_interleave(self.looks, 0)
        return torch.cat([*parts, motion], 1).reshape(batch, -1)

    def sharpened(
        self, pictures: Float[Tensor, "*batch 3 side side"]
    ) -> Float[Tensor, "*batch 3 side side"]:
        """Pictures, from 0 to 255, after the unsharp mask; across the borders of tiles, too."""
        # By hand: torchvision's gaussian_blur has a kernel that cannot be exported to ONNX.
        side, edge = pictures.shape[-1], len(self.blur) // 2
        padded = functional.pad(pictures.reshape(-1, 3, side, side), (edge,) * 4, mode="replicate")
        rows = self.blur.repeat(3, 1, 1, 1)
        blurred = functional.conv2d(padded, rows, groups=3)
        blurred = functional.conv2d(blurred, rows.mT, groups=3).view_as(pictures)
        return (pictures + self.sharpen * (pictures - blurred)).clamp(0, 255)
