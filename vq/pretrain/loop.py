"""Training of a network from random weights, on batches that never end."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

log = logging.getLogger(__name__)

_LOG_EVERY = 50
_LAG = 0.25


@dataclass(frozen=True)
class Settings:
    """Knobs of the training; those of each recipe made the weights that are shipped."""

    steps: int = 6000
    pairs: int = 32
    """Pairs of pictures in one step, or clips."""
    learning_rate: float = 3e-3
    backbone_rate: float = 1.0
    """Learning rate of what the recipe calls `backbone`, as a share: less for a pretrained one."""
    weight_decay: float = 2e-2
    warm_up: float = 0.05
    """Share of the training in which the learning rate rises from nothing."""
    threads: int = 1
    """Of torch. Sums depend on it; two of them wait for each other on a busy machine."""
    minutes: float = 60.0
    """Limit; a machine too slow for all steps goes through the schedule faster."""


def fit(
    build: Callable[[], nn.Module],
    loss: Callable[[nn.Module, Any], Tensor],
    batches: Callable[[np.random.Generator], Iterator[Any]],
    settings: Settings,
    *,
    seed: int,
) -> nn.Module:
    """Train a network from random weights; returned in evaluation mode.

    Same batches, settings and seed, same bits, on one machine with one number of threads, unless
    the limit of minutes cuts in (which is logged). The batches never end; the seed is that of
    weights, batches and dropout.
    """
    rng = np.random.default_rng(seed)
    # timm and dropout draw from torch's global generator; its state is restored afterwards.
    with torch.random.fork_rng(), threads(settings.threads):
        torch.manual_seed(seed)
        network = build().train()
        _train(network, loss, batches(rng), settings)
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
    network: nn.Module,
    loss: Callable[[nn.Module, Any], Tensor],
    batches: Iterator[Any],
    settings: Settings,
) -> None:
    optimiser = torch.optim.AdamW(_groups(network, settings))
    began, recent = time.monotonic(), []
    for step, batch in enumerate(batches):
        spent = (time.monotonic() - began) / 60 / settings.minutes
        # The clock may lag by a quarter: a run that fits in its time never depends on it.
        done = max(step / settings.steps, (spent - _LAG) / (1 - _LAG))
        if done >= 1:
            if step < settings.steps:
                log.warning("stopped by the clock after %d of %d steps", step, settings.steps)
            return
        for group in optimiser.param_groups:
            group["lr"] = group["full_rate"] * _schedule(done, settings.warm_up)
        value = loss(network, batch)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        recent.append(value.item())
        if step % _LOG_EVERY == _LOG_EVERY - 1:
            log.info("step %d: loss %.3f, %.0f %% done", step + 1, np.mean(recent), 100 * done)
            recent.clear()


def _groups(network: nn.Module, settings: Settings) -> list[dict[str, Any]]:
    """Parameters by learning rate; biases and normalisations do not decay."""
    groups: dict[tuple[bool, bool], list[Tensor]] = {}
    for name, value in network.named_parameters():
        if value.requires_grad:
            groups.setdefault((name.startswith("backbone."), value.ndim > 1), []).append(value)
    return [
        {
            "params": values,
            "weight_decay": settings.weight_decay if filters else 0.0,
            "full_rate": settings.learning_rate * (settings.backbone_rate if backbone else 1.0),
        }
        for (backbone, filters), values in groups.items()
    ]


def _schedule(done: float, warm_up: float) -> float:
    """Rise from nothing, then half a cosine down to nothing; a factor in [0, 1]."""
    if done < warm_up:
        return done / warm_up
    return 0.5 * (1 + float(np.cos(np.pi * (done - warm_up) / (1 - warm_up))))
