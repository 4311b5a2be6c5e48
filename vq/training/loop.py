"""The one training loop: epochs over rows, validation, patience, the best weights at the end."""

import hashlib
import logging
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from vq.errors import DivergedError
from vq.params import Recipe
from vq.training.checkpoint import Checkpoint, CheckpointState
from vq.training.fabric import agree, expect, gather, share, start

log = logging.getLogger(__name__)


class Objective(nn.Module):
    """What a model is trained for; holds the model, and whatever else its loss needs.

    Processes that train together each compute the outputs of a share of a batch, and all of them
    take the loss of the whole: correlations and ranks are of a batch, not of a video.
    """

    def draw(self, rows: Int[Tensor, " rows"], generator: torch.Generator) -> dict[str, Tensor]:
        """What is random about a batch of rows (videos); row n of each tensor is of `rows[n]`."""
        raise NotImplementedError

    def forward(self, rows: Int[Tensor, " rows"], drawn: dict[str, Tensor]) -> dict[str, Tensor]:
        """The model's outputs for some rows: tensors of `rows width`, on the model's device."""
        raise NotImplementedError

    def loss(self, rows: Int[Tensor, " rows"], outputs: dict[str, Tensor]) -> Float[Tensor, ""]:
        """Of a whole batch; each output takes part, if only times zero (DDP waits for it)."""
        raise NotImplementedError

    def validate(self) -> float:
        """The model's loss on validation; it is in evaluation mode. Lower is better."""
        raise NotImplementedError


def fit(
    model: nn.Module,
    *,
    objective: Objective,
    rows: Int[Tensor, " rows"],
    content: Int[Tensor, " videos"],
    schedule: Recipe,
    seed: int,
    slow: nn.Module | None = None,
    slow_rate: float = 1.0,
    hold_norms: bool = False,
    checkpoint: Checkpoint | None = None,
    record: Callable[[int, dict[str, float]], None] = lambda epoch, values: None,
) -> float:
    """Train in place; the model ends in evaluation mode, with the weights of its best epoch.

    An epoch's randomness depends on the seed and its number alone, so that a run that was killed
    and resumed ends with the same bits as one that was not. Processes of one torchrun share each
    batch, and come to the weights that one alone comes to; but dropout drops other units, and
    batch normalisation that is not held measures each share apart.

    Args:
        model: everything that learns.
        objective: what for.
        rows: of the training videos.
        content: number of what each video shows, by row.
        schedule: epochs, patience, batch size, rates, precision; the rate decays as a cosine. With
            `ema`, the moving average of the weights is what is validated and kept.
        seed: of order, dropout and whatever `objective` draws.
        slow: part of the model whose learning rate is scaled by `slow_rate`.
        slow_rate: see there.
        hold_norms: keep batch normalisation at its pretrained statistics: a batch here is a few
            videos of many alike pictures, whose own statistics would mislead.
        checkpoint: where to save after each epoch, and to resume from.
        record: called with each epoch's training and validation loss, in the first process alone;
            where a run is resumed, with those of the epochs before as well.

    Returns:
        The best validation loss.

    Raises:
        DivergedError: a loss is no finite number.
        ParamsError: this machine cannot train with the precision asked for.
    """
    fabric = start(schedule.precision)
    optimizer = torch.optim.AdamW(
        _groups(model, slow, schedule.learning_rate, slow_rate), weight_decay=schedule.weight_decay
    )
    wrapped, wrapped_optimizer = fabric.setup(objective, optimizer)
    scaler = getattr(fabric.strategy.precision, "scaler", None)
    average = _average(model, schedule.ema) if schedule.ema else None
    run = _Run(fabric, model, average, objective, wrapped, wrapped_optimizer, schedule)
    parts = {"model": model} | ({"average": average} if average else {})
    done, best, best_epoch, kept = 0, math.inf, 0, _copy(model)
    history: list[dict[str, float]] = []
    if checkpoint and (state := checkpoint.load(parts, optimizer, scaler)):
        done, best, best_epoch, kept = state.epoch, state.best, state.best_epoch, state.kept
        history = state.history
        log.info("resumed after epoch %d of %d", done, schedule.epochs)
        if fabric.is_global_zero:
            for epoch, values in enumerate(history):
                record(epoch, values)
    expect(fabric, done, "epochs done; keep checkpoints where all machines see them")
    for epoch in range(done, schedule.epochs):
        if epoch - best_epoch > schedule.patience:
            break
        model.train()
        if hold_norms:
            _hold_norms(model)
        with randomness(seed, epoch, process=fabric.global_rank) as generator:
            training = run.epoch(epoch, rows, content, generator)
        for part in parts.values():
            agree(fabric, part)
        model.eval()
        with _averaged_weights(model, average):
            with torch.inference_mode():
                validation = fabric.broadcast(objective.validate())
            if validation < best:
                best, best_epoch, kept = validation, epoch, _copy(model)
        if not (math.isfinite(training) and math.isfinite(validation)):
            raise DivergedError(
                f"training diverged in epoch {epoch + 1}: its loss is {training:g}, on validation "
                f"{validation:g}; lower learning_rate ({schedule.learning_rate:g})"
            )
        if fabric.is_global_zero:
            history.append({"train_loss": training, "validation_loss": validation})
            record(epoch, history[-1])
            if checkpoint:
                state = CheckpointState(epoch + 1, best, best_epoch, kept, history)
                checkpoint.save(parts, optimizer, state, scaler)
    model.load_state_dict(kept)
    objective.cpu()
    model.eval()
    return best


@dataclass(frozen=True, eq=False)
class _Run:
    fabric: Fabric
    model: nn.Module
    average: AveragedModel | None
    objective: Objective
    wrapped: nn.Module
    """The objective, called through Fabric: precision, and gradients of all processes."""
    optimizer: torch.optim.Optimizer
    schedule: Recipe

    def epoch(self, epoch: int, rows: Tensor, content: Tensor, generator: torch.Generator) -> float:
        """Go through the rows once; gives the mean loss."""
        order = shuffled(rows, content, self.schedule.together, generator)
        batches = order.split(self.schedule.batch)
        total: Tensor | float = 0.0
        for number, part in enumerate(batches):
            pace = rate(self.schedule, epoch, number, len(batches))
            for group in self.optimizer.param_groups:
                group["lr"] = group["full_rate"] * pace
            total = total + self.step(part, generator).double() * len(part)
            if self.average:
                self.average.update_parameters(self.model)
        # Read once: a GPU need not wait for us at each step.
        return float(total) / len(rows)

    def step(self, rows: Tensor, generator: torch.Generator) -> Tensor:
        """Learn from one batch; gives its loss."""
        value = self.objective.loss(rows, self.forward(rows, generator))
        self.optimizer.zero_grad()
        self.fabric.backward(value)
        self.fabric.clip_gradients(
            self.wrapped, self.optimizer, max_norm=self.schedule.clip, error_if_nonfinite=False
        )
        self.optimizer.step()
        return value.detach()

    def forward(self, rows: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """The outputs for a batch; each process computes those of its share."""
        drawn = self.objective.draw(rows, generator)
        if self.fabric.world_size == 1:
            return self.wrapped(rows, drawn)
        indices = share(self.fabric, len(rows))
        outputs = self.wrapped(
            rows[indices], {name: value[indices] for name, value in drawn.items()}
        )
        return gather(self.fabric, outputs, len(rows))


def shuffled(
    rows: Int[Tensor, " rows"],
    content: Int[Tensor, " videos"],
    together: int,
    generator: torch.Generator,
) -> Int[Tensor, " rows"]:
    """Rows in another order, up to `together` of one content side by side; 1: wherever they fall.

    What is learnt of the order of a content's versions is learnt from those that share a batch.
    """
    order = rows[torch.randperm(len(rows), generator=generator)]
    if together == 1:
        return order
    order = order[content[order].argsort(stable=True)]
    _, group, sizes = content[order].unique(return_inverse=True, return_counts=True)
    first = sizes.cumsum(0) - sizes
    place = torch.arange(len(order)) - first[group]
    few = group * (int(sizes.max()) // together + 1) + place // together
    names, chunk = few.unique(return_inverse=True)
    return order[torch.rand(len(names), generator=generator)[chunk].argsort(stable=True)]


def rate(schedule: Recipe, epoch: int, step: int, steps: int) -> float:
    """Of learning, as a share of the full one: a cosine over epochs, from a linear warm-up on.

    Epochs, and steps of an epoch, count from 0.
    """
    cosine = max(0.5 * (1 + math.cos(math.pi * epoch / schedule.epochs)), 0.02)
    if not schedule.warmup:
        return cosine
    return cosine * min(1.0, (epoch + (step + 1) / steps) / schedule.warmup)


@contextmanager
def randomness(seed: int, epoch: int, *, process: int = 0) -> Iterator[torch.Generator]:
    """A generator for one epoch; dropout takes none, so the global one gets a seed of its own.

    The generator is the same in each process, dropout is not: they see different videos.
    """
    digest = hashlib.sha256(f"{seed}:{epoch}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int.from_bytes(digest[7:14], "big") + process)
        yield generator


@contextmanager
def initialisation(seed: int) -> Iterator[None]:
    """Build a model here: its random weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def determinism(threads: int) -> None:
    """Same inputs, same bits on a CPU: fixed algorithms, a fixed number of threads to sum with."""
    # Without it the matrix products of a GPU refuse to be deterministic.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(threads)


def _groups(
    model: nn.Module, slow: nn.Module | None, rate: float, slow_rate: float
) -> list[dict[str, object]]:
    apart = {id(parameter) for parameter in slow.parameters()} if slow else set()
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if id(p) not in apart], "full_rate": rate},
        {"params": [p for p in parameters if id(p) in apart], "full_rate": rate * slow_rate},
    ]
    return [group for group in groups if group["params"]]


def _hold_norms(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def _average(model: nn.Module, decay: float) -> AveragedModel:
    # Batch normalisation goes with the weights it was measured on: both are averaged.
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


@contextmanager
def _averaged_weights(model: nn.Module, average: AveragedModel | None) -> Iterator[None]:
    """Put the averaged weights into the model, and its own back at the end."""
    if average is None:
        yield
        return
    own = _copy(model)
    model.load_state_dict(average.module.state_dict())
    yield
    model.load_state_dict(own)


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
