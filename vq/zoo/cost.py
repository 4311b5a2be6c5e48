"""What a network costs: its parameters, and the multiply-accumulates of one row.

Counted, not timed: the same on every machine. Convolutions, matrix products and attention count;
normalisations and activations do not, as in published numbers.
"""

from typing import Any

import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode


def parameters(network: nn.Module) -> int:
    """Numbers that a network has learnt; the statistics of its normalisations do not count."""
    return sum(parameter.numel() for parameter in network.parameters())


def gmacs(network: nn.Module, *shape: int) -> float:
    """Multiply-accumulates of a forward pass over one input of a shape, in 1e9.

    Nothing is computed: tensors of the meta device have a shape and no numbers.
    """
    return _run(network, shape)[1]


def outcome(network: nn.Module, *shape: int) -> tuple[int, float]:
    """Numbers in the feature of one input of a shape, and what `gmacs` says."""
    output, giga_macs = _run(network, shape)
    return output.flatten(1).shape[1], giga_macs


def _run(network: nn.Module, shape: tuple[int, ...]) -> tuple[Any, float]:
    state = [*network.named_parameters(), *network.named_buffers()]
    # Detached: the counter would follow gradients that `no_grad` has switched off.
    shapes = {name: tensor.detach().to("meta") for name, tensor in state}
    # Not inference_mode: the counter would not see what a linear layer is made of.
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = functional_call(network, shapes, (torch.zeros(*shape, device="meta"),))
    # A multiplication and an addition are two operations, and one multiply-accumulate.
    return output, counter.get_total_flops() / 2e9
