"""The recipe of `distortion`: tell type and strength of distortions in procedural scenes.

    vq pretrain distortion --seed 7

Expected on scenes held out: see `vq/models/weights/distortion.json`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vq.models import builtin_weights
from vq.pretrain import material
from vq.pretrain.crops import PATCH_PX, changed, cut, grids, shuffled, spread
from vq.pretrain.linear_probe import extract, over_moments, probes, rounded, srcc
from vq.pretrain.loop import Settings as Common
from vq.pretrain.material import MOMENTS, TYPES, Scene
from vq.pretrain.multi_head import MultiHead
from vq.pretrain.pixels import normalise
from vq.pretrain.recipe import Recipe

ARCHITECTURE = "mobilenetv3_small_050"
LEVELS = (1, 2, 3, 4)
GRIDS = (3, 4, 5)
"""Sides of the pictures, in patches."""
QUESTIONS = {"kind": len(material.CLASSES), "strength": len(TYPES), "damage": 1}
"""Logit of each class, pristine first; strength of each type, meant to lie in [0, 1], which says
nothing of absent ones; how much the picture has lost, on the scale of `material.Scene.damage`."""


@dataclass(frozen=True)
class Settings(Common):
    """Knobs of the training."""

    grid: float = 0.6
    """Share of batches seen as grids of patches; the others are crops."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Ground truth of a batch of pairs: picture 2i is less damaged than 2i + 1."""

    kind: Float[Tensor, "batch classes"]
    """Share of each class; a picture with two distortions belongs to both by half."""
    strength: Float[Tensor, "batch types"]
    """Strength of each type, in (0, 1]; 0 where it is absent."""
    damage: Float[Tensor, " batch"]


def build() -> MultiHead:
    """The network in training."""
    backbone = builtin_weights.build(ARCHITECTURE)
    channels = builtin_weights.channels(backbone)
    network = MultiHead(backbone, channels=channels, levels=LEVELS, questions=QUESTIONS)
    return network.to(memory_format=torch.channels_last)


def batches(
    scenes: Sequence[Scene], settings: Settings, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Truth]]:
    """Endless: every pair of every scene at every moment once, then in another order."""
    every = np.array(
        [
            (number, moment, *pair)
            for number, scene in enumerate(scenes)
            for moment in range(len(MOMENTS))
            for pair in scene.pairs
        ]
    )
    for chosen in shuffled(every, settings.pairs, rng):
        # Sizes vary, so that the features do not depend on the size of a picture.
        side = int(rng.choice(GRIDS))
        grid, patch_px = (side, PATCH_PX) if rng.random() < settings.grid else (1, side * PATCH_PX)
        yield batch(scenes, chosen, grid=grid, patch_px=patch_px, rng=rng)


def batch(
    scenes: Sequence[Scene],
    chosen: Int[np.ndarray, "pairs 4"],
    *,
    grid: int,
    patch_px: int,
    rng: np.random.Generator,
) -> tuple[Float[Tensor, "batch 3 side side"], Truth]:
    """Cut both pictures of each pair (scene, moment, weaker, stronger) at the same places."""
    pictures = []
    for number, moment, *pair in chosen:
        height, width = scenes[number].pictures.shape[2:4]
        places = spread(height, width, grid=grid, patch_px=patch_px, rng=rng)
        frames = [scenes[number].pictures[version, moment] for version in pair]
        pictures += changed([cut(frame, places, patch_px=patch_px) for frame in frames], rng)
    rows = [
        (scenes[number], version, moment) for number, moment, *pair in chosen for version in pair
    ]
    truth = Truth(
        torch.from_numpy(np.stack([scene.kind[version] for scene, version, _ in rows])),
        torch.from_numpy(np.stack([scene.strength[version] for scene, version, _ in rows])),
        torch.from_numpy(
            np.stack([scene.damage[version, moment] for scene, version, moment in rows])
        ),
    )
    return normalise(torch.from_numpy(np.stack(pictures))), truth


def loss(network: nn.Module, batch: tuple[Tensor, Truth]) -> Float[Tensor, ""]:
    """Distance of the predictions of a network from the truth."""
    pictures, truth = batch
    return distance(network(pictures), truth)


def distance(predicted: Mapping[str, Tensor], truth: Truth) -> Float[Tensor, ""]:
    """Cross entropy of the class, distance of strength and damage, and order within each pair."""
    kind = functional.cross_entropy(predicted["kind"], truth.kind)
    present = truth.strength > 0
    strength = functional.smooth_l1_loss(
        predicted["strength"][present], truth.strength[present], beta=0.1
    )
    predicted_damage = predicted["damage"].squeeze(1)
    damage = functional.smooth_l1_loss(predicted_damage, truth.damage, beta=0.1)
    # Ten times the difference: a tenth of the scale should count as a clear order.
    order = functional.softplus(-10 * (predicted_damage[1::2] - predicted_damage[::2])).mean()
    return kind + 2 * strength + 2 * damage + 0.5 * order


@torch.inference_mode()
def predict(
    network: MultiHead, scenes: Sequence[Scene]
) -> dict[str, Float[np.ndarray, "versions _"]]:
    """Predictions for every version of every scene; moments are averaged."""
    parts: dict[str, list[Tensor]] = {name: [] for name in QUESTIONS}
    for scene in scenes:
        for moment in range(len(MOMENTS)):
            answer = network(normalise(torch.from_numpy(grids(scene.pictures[:, moment]))))
            for name, value in (answer | {"kind": answer["kind"].softmax(1)}).items():
                parts[name].append(value)
    return {name: over_moments(values) for name, values in parts.items()}


def measure(
    network: MultiHead, untrained: MultiHead, scenes: Sequence[Scene]
) -> Mapping[str, float]:
    """Compare predictions for scenes with the distortions that were applied to them.

    Returns:
        kind_accuracy: share of versions with one distortion or none whose class is right.
        strength_srcc: rank correlation of predicted and true strength, mean over the types.
        damage_srcc: the same of damage, over all versions.
        order_accuracy: share of pairs predicted in the right order.
        Further ones as of `linear_probe.probes`.
    """
    kind = np.concatenate([scene.kind for scene in scenes])
    strength = np.concatenate([scene.strength for scene in scenes])
    damage = np.concatenate([scene.damage.mean(1) for scene in scenes])
    starts = np.cumsum([0, *(len(scene.kind) for scene in scenes[:-1])])
    pairs = np.concatenate(
        [scene.pairs + start for scene, start in zip(scenes, starts, strict=True)]
    )
    pure, single = kind.max(1) == 1, (strength > 0).sum(1) == 1
    predicted = predict(network, scenes)
    predicted_damage = predicted["damage"][:, 0]
    features, baseline = (extract(model.feature, scenes) for model in (network, untrained))
    return rounded(
        {
            "kind_accuracy": np.mean(predicted["kind"][pure].argmax(1) == kind[pure].argmax(1)),
            "strength_srcc": np.mean(
                [
                    srcc(predicted["strength"][rows, column], strength[rows, column])
                    for column in range(len(TYPES))
                    if (rows := single & (strength[:, column] > 0)).sum() > 2
                ]
            ),
            "damage_srcc": srcc(predicted_damage, damage),
            "order_accuracy": np.mean(
                predicted_damage[pairs[:, 0]] < predicted_damage[pairs[:, 1]]
            ),
            **probes(features, baseline, scenes),
        }
    )


RECIPE = Recipe(
    name="distortion",
    version=2,
    amount=material.Versions(scenes=640, held_out=24),
    settings=Settings(),
    facts={
        "architecture": ARCHITECTURE,
        "levels": LEVELS,
        "sides_px": tuple(PATCH_PX * grid for grid in GRIDS),
        "pretext": "class and strength of the distortion, gradient deviation (GMSD) from the "
        "pristine picture, and which of two strengths of one distortion of one content is the "
        "stronger",
        "classes": material.CLASSES,
        "data": material.DATA,
    },
    material=material.scenes,
    build=build,
    batches=batches,
    loss=loss,
    measure=measure,
    ship=lambda network: (network.backbone, network.folded()),
)
