"""The recipe of `restoration`: predict what a damaged picture has lost.

    vq pretrain restoration --seed 7

Expected on scenes held out: see `vq/zoo/weights/restoration.json`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vq.zoo.networks import Restorer
from vq.zoo.pooling import pool
from vq.zoo.pretrain import material
from vq.zoo.pretrain.judge import look, probes, rounded, srcc
from vq.zoo.pretrain.loop import Settings
from vq.zoo.pretrain.material import MOMENTS, Scene
from vq.zoo.pretrain.pictures import SIDES_PX, crop, grids, shuffled
from vq.zoo.pretrain.pixels import normalise
from vq.zoo.pretrain.recipe import Recipe

BLOCK_PX = 8
FAINT = 0.008
"""One step of a byte, in units of half the range of pixels: a smaller residual counts as none."""
_LEAST = 0.02
"""Added to what residuals are divided by: that of a picture which lost nothing is not magnified."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Damaged pictures, and what they were made of."""

    damaged: Float[Tensor, "batch 3 side side"]
    whole: Float[Tensor, "batch 3 side side"]


def batches(
    scenes: Sequence[Scene], settings: Settings, rng: np.random.Generator
) -> Iterator[Batch]:
    """Endless: every version of every scene at every moment once, then in another order."""
    every = np.array(
        [
            (number, version, moment)
            for number, scene in enumerate(scenes)
            for version in range(len(scene.pictures))
            for moment in range(len(MOMENTS))
        ]
    )
    for chosen in shuffled(every, settings.pairs, rng):
        side_px = int(rng.choice(SIDES_PX))
        pairs = [
            crop((scenes[n].pictures[version, m], scenes[n].rendered[m]), side_px, rng)
            for n, version, m in chosen
        ]
        damaged, whole = (
            normalise(torch.from_numpy(np.stack(pictures))) for pictures in zip(*pairs, strict=True)
        )
        yield Batch(damaged, whole)


def loss(network: nn.Module, batch: Batch) -> Float[Tensor, ""]:
    """Mean absolute error of the residual, and of the logarithm of its size from block to block.

    The former is relative to the residual of each picture: an over-exposed one is off by a hundred
    times as much as a well encoded one, which is to count as well.
    """
    *_, size, told = network(batch.damaged)
    residual = batch.whole - batch.damaged
    wrong = (told - residual).abs().mean((1, 2, 3)) / (residual.abs().mean((1, 2, 3)) + _LEAST)
    return wrong.mean() + functional.smooth_l1_loss(size, sizes(residual), beta=0.5)


def sizes(residual: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 rows columns"]:
    """Natural logarithm of the mean absolute residual of 8 x 8 pixels, bounded below."""
    return (functional.avg_pool2d(residual.abs().mean(1, keepdim=True), BLOCK_PX) + FAINT).log()


def feature(network: nn.Module, pictures: Tensor) -> Float[Tensor, "batch dim"]:
    """Pool all maps, the residual among them."""
    return pool(network(pictures))


@torch.inference_mode()
def restored(network: nn.Module, scene: Scene) -> Float[np.ndarray, "versions 4"]:
    """Mean squared error of each version, as it is and restored, and how much it is off.

    Columns: error before, error after, mean logarithmic size of the residual as told, and as it is.
    """
    found = []
    for moment in range(len(MOMENTS)):
        damaged = normalise(torch.from_numpy(grids(scene.pictures[:, moment])))
        residual = normalise(torch.from_numpy(grids(scene.rendered[[moment]]))) - damaged
        *_, size, told = network(damaged)
        wrong = (damaged + told).clamp(-1, 1) - damaged - residual
        means = (residual.square(), wrong.square(), size, sizes(residual))
        found.append(torch.stack([value.mean((1, 2, 3)) for value in means], 1))
    return torch.stack(found).mean(0).numpy()


def measure(
    network: nn.Module, untrained: nn.Module, scenes: Sequence[Scene]
) -> Mapping[str, float]:
    """Compare what a network restores with what there was.

    Returns:
        gain_db: by how much the peak signal-to-noise ratio of a version grows, mean over versions;
            an untrained network changes nothing.
        better: share of versions whose ratio grows.
        size_srcc: rank correlation of the size of the residual as told and as it is;
            untrained_size_srcc: the same of a network with random weights.
        Further ones as of `judge.probes`.
    """
    rows, blank = (
        np.concatenate([restored(some, scene) for scene in scenes]) for some in (network, untrained)
    )
    gain = 10 * np.log10(rows[:, 0] / rows[:, 1])
    seen, blind = (look(partial(feature, some), scenes) for some in (network, untrained))
    return rounded(
        {
            "gain_db": gain.mean(),
            "better": np.mean(gain > 0),
            "size_srcc": srcc(rows[:, 2], rows[:, 3]),
            "untrained_size_srcc": srcc(blank[:, 2], blank[:, 3]),
            **probes(seen, blind, scenes),
        }
    )


RECIPE = Recipe(
    name="restoration",
    version=1,
    amount=material.Versions(),
    settings=Settings(steps=1400, pairs=48, learning_rate=3e-3, weight_decay=1e-4),
    facts={
        "architecture": "unet_small",
        "levels": tuple(range(len(Restorer.channels))),
        "sides_px": SIDES_PX,
        "pretext": "the residual of a damaged picture to the rendered one it was made of, and its "
        "size from block to block",
        "classes": material.CLASSES,
        "data": material.DATA,
    },
    material=material.scenes,
    build=lambda: Restorer().to(memory_format=torch.channels_last),
    batches=batches,
    loss=loss,
    measure=measure,
    ship=lambda network: (network, None),
)
