"""The student: from the views of a video to second feature and second prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import timm
import torch
from jaxtyping import Float, Shaped, UInt8
from torch import Tensor, nn
from torch.nn import functional

from vq.errors import ParamsError
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

    def __init__(self, trunk: Trunk, *, dim: int, levels: int, dropout: float = 0.2) -> None:
        """Put the parts together.

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
        self.conversion = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(trunk.width, dim), nn.LayerNorm(dim), nn.ReLU()
        )
        self.head = nn.Linear(dim, levels)

    def forward(self, given: Shaped[Tensor, "batch ..."]) -> Second:
        """Describe and classify a batch of videos."""
        feature = self.conversion(self.standard(self.trunk(given)))
        return Second(feature, self.head(feature))


class Features(nn.Module):
    """A trunk that passes cached features through: the student of a probe trial."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, given: Float[Tensor, "batch width"]) -> Float[Tensor, "batch width"]:
        """Pass them through."""
        return given


class Pixels(nn.Module):
    """A small backbone over the views of a video, with statistics of motion beside it."""

    def __init__(
        self,
        backbone: str,
        *,
        stages: Sequence[int],
        patch_px: int,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        """Build it, with random weights.

        Args:
            backbone: timm name.
            stages: feature levels to pool; 0 is the finest.
            patch_px: side of the patches that a view is made of: motion is measured on each.
            mean: of the backbone's input, for pixels in [0, 1].
            std: of the same.

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
        self.width = 2 * sum(self.backbone.feature_info.channels()) + MOTION
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))

    def forward(
        self, views: UInt8[Tensor, "batch moments 4 side side"]
    ) -> Float[Tensor, "batch width"]:
        """Mean and spread of each channel over a picture, averaged over moments; then motion."""
        batch, moments = views.shape[:2]
        pixels = views.flatten(0, 1).float() / 255
        levels = self.backbone((pixels[:, :3] - self.mean) / self.std)
        pooled = torch.cat([part for level in levels for part in spatial(level)], 1)
        over_moments = pooled.view(batch, moments, -1).mean(1)
        return torch.cat([over_moments, motion(pixels, self.patch_px, moments)], 1)


def spatial(level: Float[Tensor, "pictures channels rows columns"]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the places of a picture (as VSFA pools)."""
    mean = level.mean((2, 3))
    variance = (level * level).mean((2, 3)) - mean * mean
    # Not the bare root: its slope at zero is infinite, and a channel may be dead.
    return mean, (variance.clamp_min(0) + 1e-6).sqrt()


STILL = (0.25, 1.0, 4.0)
"""Mean absolute change of brightness, 0 to 255, below which a picture is still: soft bounds."""
MOTION = 4 + len(STILL)


def motion(
    pixels: Float[Tensor, "pictures 4 side side"], patch_px: int, moments: int
) -> Float[Tensor, "batch motion"]:
    """Change of brightness from a frame to the next: amount, spread, share of still moments.

    A frozen or repeated frame changes nothing anywhere; no single picture shows that.
    """
    red, green, blue, following = pixels.unbind(1)
    change = 255 * (following - (0.299 * red + 0.587 * green + 0.114 * blue)).abs()
    patches = functional.avg_pool2d(change.unsqueeze(1), patch_px).flatten(1)
    amount = patches.mean(1, keepdim=True)
    bounds = torch.tensor(STILL, device=pixels.device, dtype=pixels.dtype)
    still = torch.sigmoid(4 * (bounds - amount) / bounds)
    log = torch.log1p(patches)
    spread = (log * log).mean(1) - log.mean(1) ** 2
    each = torch.stack([log.mean(1), spread, log.amin(1), log.amax(1)], 1)
    return torch.cat([each, still], 1).view(-1, moments, MOTION).mean(1)
