"""What training runs on: device, precision, processes that share a batch."""

import logging
import warnings
from collections.abc import Mapping

import torch
from jaxtyping import Int
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from lightning_fabric.strategies import DDPStrategy
from torch import Tensor, nn

from vq.errors import DataError, ParamsError
from vq.training import torchrun
from vq.words import count

# It logs how many processes there are, which the user has just chosen.
logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
# Of processes that train together; the first is Fabric's to solve, the second costs a copy.
warnings.filterwarnings("ignore", message=r"torch\.distributed\.nn\.functional\.all_gather is dep")
warnings.filterwarnings("ignore", message=r"Grad strides do not match bucket view strides")


def start(precision: str) -> Fabric:
    """Join the processes of a torchrun, or train alone: on a GPU each where there are some.

    Raises:
        ParamsError: the precision needs a GPU, and there is none, or there are too few for all.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and precision == "16-mixed":
        raise ParamsError(
            "precision 16-mixed needs a GPU, and there is none here; "
            "set precision to bf16-mixed or 32-true"
        )
    if device == "cuda" and torchrun.local_world_size() > torch.cuda.device_count():
        raise ParamsError(
            f"{count(torchrun.local_world_size(), 'process', 'processes')} on a machine with "
            f"{count(torch.cuda.device_count(), 'GPU')}; start as many as there are: torchrun "
            "--nproc-per-node"
        )
    together = torchrun.world_size() > 1
    fabric = Fabric(
        accelerator=device,
        precision=precision,
        devices=torchrun.local_world_size(),
        num_nodes=torchrun.world_size() // torchrun.local_world_size(),
        # A backbone may have blocks above the last level that is pooled: nothing trains them, in
        # any step, and DDP is not to wait for them.
        strategy=DDPStrategy(static_graph=True) if together else "auto",
        # Alone, whatever scheduler started us: Fabric would count the tasks of its job.
        plugins=None if together else LightningEnvironment(),
    )
    fabric.launch()
    return fabric


def share(fabric: Fabric, count: int) -> Int[Tensor, " share"]:
    """This process's places in a batch; all have as many, so the last ones may repeat a few."""
    each = -(-count // fabric.world_size)
    first = each * fabric.global_rank
    return torch.arange(first, first + each) % count


def gather(fabric: Fabric, outputs: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """The outputs of all processes for their shares, as one batch; gradients flow back.

    Outputs are tensors of `share width`; what comes after `count` rows was a repetition.
    """
    # As one tensor: a step waits for the others once on its way there, and once back.
    joined = fabric.all_gather(torch.cat(list(outputs.values()), 1), sync_grads=True)
    parts = joined.flatten(0, 1)[:count].split([value.shape[1] for value in outputs.values()], 1)
    return dict(zip(outputs, parts, strict=True))


def expect(fabric: Fabric, value: int, what: str) -> None:
    """All processes have the same number.

    Raises:
        DataError: they differ, in every process.
    """
    if fabric.world_size > 1:
        every = fabric.all_gather(torch.tensor(value)).tolist()
        if len(set(every)) > 1:
            raise DataError(f"processes disagree on {what} (they have {every})")


def agree(fabric: Fabric, module: nn.Module) -> None:
    """Let what a module measures of its batches, a share in each process, be the same in all."""
    if fabric.world_size > 1:
        for buffer in module.buffers():
            if buffer.is_floating_point():
                buffer.copy_(fabric.all_reduce(buffer.clone(), reduce_op="mean"))
