"""Training of the network on scenes."""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from vq.zoo.pretrain.cut import PATCH_PX, cut, spread
from vq.zoo.pretrain.material import MOMENTS, TYPES, Scene
from vq.zoo.pretrain.network import Pretext, Truth, loss, normalise

log = logging.getLogger(__name__)

_LOG_EVERY = 50
_LAG = 0.25

GRIDS = (3, 4, 5)
"""Sides of the pictures, in patches."""


@dataclass(frozen=True)
class Settings:
    """Knobs of the training; the defaults made the weights that are shipped."""

    steps: int = 6000
    pairs: int = 32
    """Pairs of pictures in one step."""
    learning_rate: float = 3e-3
    weight_decay: float = 2e-2
    warm_up: float = 0.05
    """Share of the training in which the learning rate rises from nothing."""
    grid: float = 0.6
    """Share of batches seen as grids of patches; the others are crops."""
    threads: int = 1
    """Of torch. Sums depend on it; two of them wait for each other on a busy machine."""
    minutes: float = 60.0
    """Limit; a machine too slow for all steps goes through the schedule faster."""


def fit(scenes: Sequence[Scene], settings: Settings, *, seed: int) -> Pretext:
    """Train a network from random weights; returned in evaluation mode.

    Same scenes, settings and seed, same bits, on one machine with one number of threads, unless
    the limit of minutes cuts in (which is logged).
    """
    rng = np.random.default_rng(seed)
    # timm and dropout draw from torch's global generator: borrowed, and given back as it was.
    with torch.random.fork_rng(), threads(settings.threads):
        torch.manual_seed(seed)
        network = Pretext(len(TYPES)).to(memory_format=torch.channels_last).train()
        _train(network, scenes, settings, rng)
    return network.eval()


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch compute with so many threads, then with as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train(
    network: Pretext, scenes: Sequence[Scene], settings: Settings, rng: np.random.Generator
) -> None:
    filters = [value for value in network.parameters() if value.ndim > 1]
    others = [value for value in network.parameters() if value.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [
            {"params": filters, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
    )
    began, recent = time.monotonic(), []
    for step, (pictures, truth) in enumerate(batches(scenes, settings, rng)):
        spent = (time.monotonic() - began) / 60 / settings.minutes
        # The clock may lag by a quarter: a run that fits in its time never depends on it.
        done = max(step / settings.steps, (spent - _LAG) / (1 - _LAG))
        if done >= 1:
            if step < settings.steps:
                log.warning("stopped by the clock after %d of %d steps", step, settings.steps)
            return
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _schedule(done, settings.warm_up)
        value = loss(network(pictures), truth)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        recent.append(value.item())
        if step % _LOG_EVERY == _LOG_EVERY - 1:
            log.info("step %d: loss %.3f, %.0f %% done", step + 1, np.mean(recent), 100 * done)
            recent.clear()


def _schedule(done: float, warm_up: float) -> float:
    """Rise from nothing, then half a cosine down to nothing; a factor in [0, 1]."""
    if done < warm_up:
        return done / warm_up
    return 0.5 * (1 + float(np.cos(np.pi * (done - warm_up) / (1 - warm_up))))


def batches(
    scenes: Sequence[Scene], settings: Settings, rng: np.random.Generator
) -> Iterator[tuple[Float[Tensor, "batch 3 side side"], Truth]]:
    """Endless batches: every pair of every scene at every moment once, then in another order."""
    every = np.array(
        [
            (number, moment, *pair)
            for number, scene in enumerate(scenes)
            for moment in range(len(MOMENTS))
            for pair in scene.pairs
        ]
    )
    size = min(settings.pairs, len(every))
    while True:
        order = rng.permutation(len(every))
        for start in range(0, len(order) - size + 1, size):
            chosen = every[order[start : start + size]]
            # Sizes vary, so that the features do not depend on the size of a picture.
            side = int(rng.choice(GRIDS))
            grid, patch_px = (
                (side, PATCH_PX) if rng.random() < settings.grid else (1, side * PATCH_PX)
            )
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
        # Colours change places in some pairs: scenes have other colours than the world.
        channels = rng.permutation(3) if rng.random() < 0.3 else np.arange(3)
        mirrored = -1 if rng.random() < 0.5 else 1
        pictures += [
            cut(scenes[number].pictures[version, moment], places, patch_px=patch_px)[
                :, ::mirrored, channels
            ]
            for version in pair
        ]
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
