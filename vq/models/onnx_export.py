"""From a module of torch to a graph that ONNX Runtime runs, compared with the module itself."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from vq.errors import WeightsError
from vq.models.onnx_session import REFUSALS, session

OPSET = 18
UNTRACEABLE = ("MViT",)
"""Classes that a trace gets wrong, after filling 20 GB: their squeezes depend on shapes."""
TOLERANCE = 1e-3
"""Largest difference between graph and module, as a share of the module's largest number."""


class WithNormalization(nn.Module):
    """Pixels in, one row for each picture or clip out; the normalisation is inside."""

    def __init__(
        self,
        network: nn.Module,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        """Take a network of "rows 3 height width" or "rows 3 time height width".

        Its input is (rgb / 255 - mean) / std; its output is flattened to one row each.
        """
        super().__init__()
        self.network = network
        spread = torch.tensor(std, dtype=torch.float64)
        # One product and one sum a pixel: on a large picture they are no small part of the work.
        self.register_buffer("scale", (1 / (255 * spread)).float(), persistent=False)
        shift = -torch.tensor(mean, dtype=torch.float64) / spread
        self.register_buffer("shift", shift.float(), persistent=False)

    def forward(self, pixels: UInt8[Tensor, "rows *sizes 3"]) -> Float[Tensor, "rows dim"]:
        """Describe each."""
        shape = (3, *[1] * (pixels.ndim - 2))
        first = pixels.permute(0, pixels.ndim - 1, *range(1, pixels.ndim - 1)).float()
        return self.network(first * self.scale.view(shape) + self.shift.view(shape)).flatten(1)


def export(
    module: nn.Module,
    path: Path,
    *,
    shape: Sequence[int],
    free: Mapping[int, str],
    names: tuple[str, str] = ("pixels", "rows"),
) -> None:
    """Write the graph of a module: its input (uint8, of this shape) and output by these names.

    Axes that are `free`, by their names, may have any length; the first is that of the output too.

    The exporter traces: it takes a quarter of a second for a small network, where the newer one
    takes ten. What a trace can get wrong (a length that became a constant) is looked for on noise
    of this shape, and of another where axes are free.

    Raises:
        WeightsError: it cannot be exported, or the graph says something else than the module.
    """
    if untraceable := {type(part).__name__ for part in module.modules()} & set(UNTRACEABLE):
        raise WeightsError(f"cannot be exported to ONNX: it is a {', '.join(untraceable)}")
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.integers(0, 256, shape, np.uint8))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.inference_mode(), _plain_attention(module):
        # The exporter warns of its age, tracers of every comparison; the check below decides.
        warnings.simplefilter("ignore")
        try:
            with _silent():
                torch.onnx.export(
                    module,
                    (pixels,),
                    path,
                    input_names=names[:1],
                    output_names=names[1:],
                    dynamic_axes={
                        names[0]: dict(free),
                        names[1]: {axis: name for axis, name in free.items() if axis == 0},
                    },
                    opset_version=OPSET,
                    dynamo=False,
                )
        except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
            raise WeightsError(f"cannot be exported to ONNX: {_first_line(error)}") from error
    _compare(module, path, pixels)
    if free:
        longer = [size * 3 // 2 + 1 if axis in free else size for axis, size in enumerate(shape)]
        _compare(module, path, torch.from_numpy(rng.integers(0, 256, longer, np.uint8)))


def _compare(module: nn.Module, path: Path, pixels: UInt8[Tensor, "..."]) -> None:
    with torch.inference_mode():
        expected = module(pixels).numpy()
    try:
        running = session(path)
        (actual,) = running.run(None, {running.get_inputs()[0].name: pixels.numpy()})
    except REFUSALS as error:
        raise WeightsError(
            f"cannot be exported to ONNX: ONNX Runtime refuses its graph ({_first_line(error)})"
        ) from error
    difference = (
        float(np.abs(actual - expected).max()) if actual.shape == expected.shape else np.inf
    )
    if not difference <= TOLERANCE * float(np.abs(expected).max()):
        raise WeightsError(
            f"is another network as ONNX: for pixels of {tuple(pixels.shape)} its numbers are "
            f"{difference:.3g} off, the largest is {np.abs(expected).max():.3g}"
        )


@contextmanager
def _silent() -> Iterator[None]:
    """Standard output goes nowhere: an export that fails writes its whole graph there, from C++."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


@contextmanager
def _plain_attention(module: nn.Module) -> Iterator[None]:
    """Attention as products and a softmax: the fused kind of some models cannot be traced."""
    fused = [part for part in module.modules() if getattr(part, "fused_attn", None) is True]
    for part in fused:
        part.fused_attn = False
    try:
        yield
    finally:
        for part in fused:
            part.fused_attn = True


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
