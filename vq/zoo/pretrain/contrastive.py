"""The recipe of `contrastive`: know two crops of one damage from those of all other damages.

    vq pretrain contrastive --seed 7

No label is looked at. Crops of one version of a scene, from other places and moments, are alike;
those of its other versions are not, nor those of other scenes (CONTRIQUE, Madhusudana et al., IEEE
TIP 2022; Re-IQA, Saha et al., CVPR 2023). Expected on scenes held out: see
`vq/zoo/weights/contrastive.json`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from vq.zoo import builtin
from vq.zoo.pretrain import material
from vq.zoo.pretrain.asked import Asked
from vq.zoo.pretrain.judge import look, probes, rounded
from vq.zoo.pretrain.loop import Settings as Common
from vq.zoo.pretrain.material import MOMENTS, Scene
from vq.zoo.pretrain.pictures import SIDES_PX, crop
from vq.zoo.pretrain.pixels import normalise
from vq.zoo.pretrain.recipe import Recipe

ARCHITECTURE = "convnext_atto"
# Blocks that start at full scale learn in minutes what they would else in days.
OPTIONS = {"depths": (1, 1, 2, 1), "dims": (24, 48, 96, 160), "ls_init_value": 1.0}
LEVELS = (0, 1, 2, 3)
JUDGED_PX = 112
"""Side of the crops that `measure` compares."""


@dataclass(frozen=True)
class Settings(Common):
    """Knobs of the training."""

    versions: int = 12
    """Of one scene in a step: the more, the more must be told apart by damage alone."""
    temperature: float = 0.1
    """By which similarities are divided."""


class Embedding(nn.Module):
    """A backbone and the two layers that map its pooled features to the unit sphere."""

    def __init__(self) -> None:
        super().__init__()
        backbone = builtin.build(ARCHITECTURE, OPTIONS)
        self.asked = Asked(
            backbone,
            channels=builtin.channels(backbone),
            levels=LEVELS,
            questions={"hidden": 128},
        )
        self.out = nn.Linear(128, 64)

    def forward(self, pictures: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch 64"]:
        """Embed normalised pictures."""
        return functional.normalize(self.out(self.asked(pictures)["hidden"].relu()), dim=1)

    def feature(self, pictures: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch dim"]:
        """Pool the backbone for normalised pictures: what is shipped."""
        return self.asked.feature(pictures)


@dataclass(frozen=True, eq=False)
class Batch:
    """Pictures 2i and 2i + 1 are of one version of one scene."""

    pictures: Float[Tensor, "batch 3 side side"]
    temperature: float


def batches(
    scenes: Sequence[Scene], settings: Settings, rng: np.random.Generator
) -> Iterator[Batch]:
    """Endless: several versions of scenes drawn at random, two crops each."""
    while True:
        side_px = int(rng.choice(SIDES_PX))
        pictures: list[np.ndarray] = []
        while len(pictures) < 2 * settings.pairs:
            scene = scenes[int(rng.integers(len(scenes)))]
            count = min(settings.versions, settings.pairs - len(pictures) // 2)
            pictures += _pairs(scene, count, side_px, rng)
        yield Batch(normalise(torch.from_numpy(np.stack(pictures))), settings.temperature)


def _pairs(
    scene: Scene, count: int, side_px: int, rng: np.random.Generator
) -> list[UInt8[np.ndarray, "side side 3"]]:
    """Two crops of some versions: both at the same place in all, or the place would tell them."""
    versions = rng.permutation(len(scene.pictures))[:count]
    halves = [
        crop([scene.pictures[version, moment] for version in versions], side_px, rng)
        for moment in rng.permutation(len(MOMENTS))[:2]
    ]
    return [picture for pair in zip(*halves, strict=True) for picture in pair]


def loss(network: nn.Module, batch: Batch) -> Float[Tensor, ""]:
    """Embed a batch and look for what belongs together."""
    return nt_xent(network(batch.pictures), batch.temperature)


def nt_xent(embedded: Float[Tensor, "batch dim"], temperature: float) -> Float[Tensor, ""]:
    """Cross entropy of finding the other one of a pair, rows 2i and 2i + 1, among all.

    Chen et al., ICML 2020 (SimCLR); rows have unit length.
    """
    likeness = embedded @ embedded.T / temperature
    itself = torch.eye(len(embedded), dtype=torch.bool)
    other = torch.arange(len(embedded)) ^ 1
    return functional.cross_entropy(likeness.masked_fill(itself, -torch.inf), other)


@torch.inference_mode()
def told_apart(network: nn.Module, scene: Scene) -> float:
    """Share of versions whose other crop is found among those of all versions of the scene."""
    pictures = _pairs(scene, len(scene.pictures), JUDGED_PX, np.random.default_rng(0))
    embedded = network(normalise(torch.from_numpy(np.stack(pictures))))
    nearest = (embedded[::2] @ embedded[1::2].T).argmax(1)
    return float((nearest == torch.arange(len(nearest))).float().mean())


def measure(
    network: nn.Module, untrained: nn.Module, scenes: Sequence[Scene]
) -> Mapping[str, float]:
    """Let a network find what belongs together.

    Returns:
        told_apart: share of versions whose other crop is found among all versions of its scene.
        untrained_told_apart: the same of a network with random weights.
        chance_told_apart: the same of guessing.
        Further ones as of `judge.probes`.
    """
    seen, blind = (look(some.feature, scenes) for some in (network, untrained))
    return rounded(
        {
            "told_apart": np.mean([told_apart(network, scene) for scene in scenes]),
            "untrained_told_apart": np.mean([told_apart(untrained, scene) for scene in scenes]),
            "chance_told_apart": np.mean([1 / len(scene.pictures) for scene in scenes]),
            **probes(seen, blind, scenes),
        }
    )


RECIPE = Recipe(
    name="contrastive",
    version=1,
    amount=material.Versions(),
    settings=Settings(steps=1500, pairs=60, learning_rate=2e-3, weight_decay=2e-2),
    facts={
        "architecture": ARCHITECTURE,
        "options": OPTIONS,
        "levels": LEVELS,
        "least_px": 32,
        "sides_px": SIDES_PX,
        "pretext": "two crops of one version of a scene among those of its other versions and of "
        "other scenes; no labels",
        "classes": material.CLASSES,
        "data": material.DATA,
    },
    material=material.scenes,
    build=lambda: Embedding().to(memory_format=torch.channels_last),
    batches=batches,
    loss=loss,
    measure=measure,
    ship=lambda network: (network.asked.backbone, None),
)
