"""The one training loop: epochs over rows, validation, patience, the best weights at the end."""

import hashlib
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from vq.errors import DivergedError
from vq.learn.checkpoint import Checkpoint

log = logging.getLogger(__name__)


@runtime_checkable
class Schedule(Protocol):
    """How long and how fast: the fields that `teach` and `distill` of params share."""

    epochs: int
    patience: int
    batch: int
    learning_rate: float
    weight_decay: float


Loss = Callable[[Int[Tensor, " rows"], torch.Generator], Float[Tensor, ""]]
"""The training loss of some rows (videos); draws what is random from the generator."""


def fit(
    model: nn.Module,
    *,
    loss: Loss,
    validate: Callable[[], float],
    rows: Int[Tensor, " rows"],
    schedule: Schedule,
    seed: int,
    slow: nn.Module | None = None,
    slow_rate: float = 1.0,
    hold_norms: bool = False,
    checkpoint: Checkpoint | None = None,
    record: Callable[[int, dict[str, float]], None] = lambda epoch, values: None,
) -> float:
    """Train in place; the model ends in evaluation mode, with the weights of its best epoch.

    An epoch's randomness depends on the seed and its number alone, so that a run that was killed
    and resumed ends with the same bits as one that was not.

    Args:
        model: everything that learns.
        loss: of a batch.
        validate: called in evaluation mode; lower is better.
        rows: of the training videos.
        schedule: epochs, patience, batch size and rates; the rate decays as a cosine.
        seed: of order, dropout and whatever `loss` draws.
        slow: part of the model whose learning rate is scaled by `slow_rate`.
        slow_rate: see there.
        hold_norms: keep batch normalisation at its pretrained statistics: a batch here is a few
            videos of many alike pictures, whose own statistics would mislead.
        checkpoint: where to save after each epoch, and to resume from.
        record: is told each epoch's training and validation loss.

    Returns:
        The best validation loss.

    Raises:
        DivergedError: a loss is no finite number.
    """
    optimizer = torch.optim.AdamW(
        _groups(model, slow, schedule.learning_rate, slow_rate), weight_decay=schedule.weight_decay
    )
    rates = [group["lr"] for group in optimizer.param_groups]
    done, best, best_epoch, kept = 0, math.inf, 0, _copy(model)
    if checkpoint and (found := checkpoint.load(model, optimizer)):
        done, best, best_epoch, kept = found.epoch, found.best, found.best_epoch, found.kept
        log.info("resumed after epoch %d of %d", done, schedule.epochs)
    for epoch in range(done, schedule.epochs):
        if epoch - best_epoch > schedule.patience:
            break
        decay = 0.5 * (1 + math.cos(math.pi * epoch / schedule.epochs))
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * max(decay, 0.02)
        with randomness(seed, epoch) as generator:
            training = _epoch(model, loss, rows, schedule.batch, optimizer, generator, hold_norms)
        model.eval()
        with torch.inference_mode():
            validation = validate()
        if not (math.isfinite(training) and math.isfinite(validation)):
            raise DivergedError(
                f"training diverged in epoch {epoch + 1}: its loss is {training:g}, on validation "
                f"{validation:g}; lower learning_rate ({schedule.learning_rate:g})"
            )
        record(epoch, {"train_loss": training, "validation_loss": validation})
        if validation < best:
            best, best_epoch, kept = validation, epoch, _copy(model)
        if checkpoint:
            checkpoint.save(model, optimizer, epoch + 1, best, best_epoch, kept)
    model.load_state_dict(kept)
    model.eval()
    return best


def _epoch(
    model: nn.Module,
    loss: Loss,
    rows: Tensor,
    batch: int,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    hold_norms: bool,
) -> float:
    model.train()
    if hold_norms:
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
    order = rows[torch.randperm(len(rows), generator=generator)]
    total = 0.0
    for some in order.split(batch):
        value = loss(some, generator)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        total += value.item() * len(some)
    return total / len(rows)


@contextmanager
def randomness(seed: int, epoch: int) -> Iterator[torch.Generator]:
    """A generator for one epoch; dropout takes none, so that the global one is lent its seed."""
    digest = hashlib.sha256(f"{seed}:{epoch}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    with torch.random.fork_rng():
        torch.manual_seed(int.from_bytes(digest[7:14], "big"))
        yield generator


@contextmanager
def initialisation(seed: int) -> Iterator[None]:
    """Build a model here: its random weights depend on the seed alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def determinism(threads: int) -> None:
    """Same inputs, same bits on a CPU: fixed algorithms, a fixed number of threads to sum with."""
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(threads)


def _groups(
    model: nn.Module, slow: nn.Module | None, rate: float, slow_rate: float
) -> list[dict[str, object]]:
    apart = {id(parameter) for parameter in slow.parameters()} if slow else set()
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if id(p) not in apart], "lr": rate},
        {"params": [p for p in parameters if id(p) in apart], "lr": rate * slow_rate},
    ]
    return [group for group in groups if group["params"]]


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
