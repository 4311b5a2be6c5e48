"""Where a training run stands, as one file: safetensors, no pickle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vq.files import atomic


@dataclass(frozen=True, eq=False)
class CheckpointState:
    """How far a run had come."""

    epoch: int
    """Epochs done."""
    best: float
    best_epoch: int
    kept: dict[str, Tensor]
    """The weights of the best epoch."""
    history: list[dict[str, float]]
    """Losses of each epoch done."""


@dataclass(frozen=True)
class Checkpoint:
    """A run's file, and the key of everything the run depends on."""

    path: Path
    key: str
    """A checkpoint of another key is another run's: it is not resumed from, and is overwritten."""

    def save(
        self,
        parts: Mapping[str, nn.Module],
        optimizer: torch.optim.Optimizer,
        standing: CheckpointState,
        scaler: torch.amp.GradScaler | None = None,
    ) -> None:
        """Write atomically: a kill leaves the checkpoint before.

        Parts are the modules that change in training, by a name each.
        """
        tensors = {f"kept.{name}": value for name, value in standing.kept.items()}
        for part, module in parts.items():
            tensors |= {f"{part}.{name}": value for name, value in module.state_dict().items()}
        for number, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{name}": value for name, value in state.items()}
        metadata = {
            "key": self.key,
            "epoch": standing.epoch,
            "best": standing.best,
            "best_epoch": standing.best_epoch,
            "history": standing.history,
            "scaler": scaler.state_dict() if scaler else None,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(self.path) as partial:
            partial.write_bytes(
                save(
                    {name: value.contiguous() for name, value in tensors.items()},
                    metadata={"standing": json.dumps(metadata)},
                )
            )

    def load(
        self,
        parts: Mapping[str, nn.Module],
        optimizer: torch.optim.Optimizer,
        scaler: torch.amp.GradScaler | None = None,
    ) -> CheckpointState | None:
        """Put everything where the run stood; none if there is no run to resume."""
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                metadata = json.loads(file.metadata()["standing"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError:
            return None
        if metadata.pop("key") != self.key:
            return None
        for part, module in parts.items():
            module.load_state_dict(_under(f"{part}.", tensors))
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("optimizer.", tensors).items():
            number, field = name.split(".")
            state.setdefault(int(number), {})[field] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        scales = metadata.pop("scaler")
        if scaler:
            scaler.load_state_dict(scales)
        return CheckpointState(**metadata, kept=_under("kept.", tensors))


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
