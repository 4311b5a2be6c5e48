"""The network in training: a backbone, its pooled features, and three questions asked of them."""

from dataclasses import dataclass

import timm
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vq.zoo.pooling import pool

ARCHITECTURE = "mobilenetv3_small_050"
LEVELS = (1, 2, 3, 4)
MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)


@dataclass(frozen=True, eq=False)
class Answer:
    """What the network says of a batch of pictures."""

    kind: Float[Tensor, "batch classes"]
    """Logit of each class of distortion, pristine first."""
    strength: Float[Tensor, "batch types"]
    """Strength of each type of distortion, meant to lie in [0, 1]; says nothing of absent ones."""
    damage: Float[Tensor, " batch"]
    """How much the picture has lost, on the scale of `material.Scene.damage`."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What is right for the same batch of pairs: picture 2i is weaker damaged than 2i + 1."""

    kind: Float[Tensor, "batch classes"]
    """Share of each class; a picture with two distortions belongs to both by half."""
    strength: Float[Tensor, "batch types"]
    """Strength of each type, in (0, 1]; 0 where it is absent."""
    damage: Float[Tensor, " batch"]


class Pretext(nn.Module):
    """A backbone whose pooled features answer by linear maps alone.

    The maps have no hidden layer, so that all which serves the answers is linear in the features:
    these are what is shipped.
    """

    def __init__(self, types: int, architecture: str = ARCHITECTURE) -> None:
        super().__init__()
        self.backbone = timm.create_model(architecture, features_only=True, pretrained=False)
        channels = self.backbone.feature_info.channels()
        dim = 2 * sum(channels[level] for level in LEVELS)
        self.standardise = nn.BatchNorm1d(dim, affine=False)
        self.drop = nn.Dropout(0.1)
        self.kind = nn.Linear(dim, types + 1)
        self.strength = nn.Linear(dim, types)
        self.damage = nn.Linear(dim, 1)

    def forward(self, pictures: Float[Tensor, "batch 3 height width"]) -> Answer:
        """Answer for normalised pictures."""
        return self.answer(self.feature(pictures))

    def feature(
        self, pictures: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch dim"]:
        """Pool `LEVELS` of the backbone for normalised pictures."""
        maps = self.backbone(pictures)
        return pool([maps[level] for level in LEVELS])

    def answer(self, feature: Float[Tensor, "batch dim"]) -> Answer:
        """Answer from pooled features."""
        # Divided, or a step of Adam, which moves every weight alike, moves answers by the width.
        feature = self.drop(self.standardise(feature)) / feature.shape[1] ** 0.5
        return Answer(self.kind(feature), self.strength(feature), self.damage(feature).squeeze(1))

    @torch.no_grad()
    def folded(self) -> nn.Linear:
        """All answers as one linear map of the pooled feature itself: kind, strength, damage."""
        heads = (self.kind, self.strength, self.damage)
        weight = torch.cat([head.weight for head in heads])
        bias = torch.cat([head.bias for head in heads])
        norm = self.standardise
        scale = (norm.running_var + norm.eps).sqrt() * weight.shape[1] ** 0.5
        one = nn.Linear(weight.shape[1], weight.shape[0])
        one.weight.copy_(weight / scale)
        one.bias.copy_(bias - one.weight @ norm.running_mean)
        return one


def normalise(pictures: Tensor) -> Float[Tensor, "batch 3 height width"]:
    """From uint8 "batch height width 3" to what the network takes."""
    scaled = pictures.permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return ((scaled - mean) / std).contiguous(memory_format=torch.channels_last)


def loss(said: Answer, truth: Truth) -> Float[Tensor, ""]:
    """Cross entropy of the class, distance of strength and damage, and order within each pair."""
    kind = functional.cross_entropy(said.kind, truth.kind)
    present = truth.strength > 0
    strength = functional.smooth_l1_loss(said.strength[present], truth.strength[present], beta=0.1)
    damage = functional.smooth_l1_loss(said.damage, truth.damage, beta=0.1)
    gain = said.damage[1::2] - said.damage[::2]
    # Ten times the difference: a tenth of the scale apart should count as well told.
    order = functional.softplus(-10 * gain).mean()
    return kind + 2 * strength + 2 * damage + 0.5 * order
