"""The student as an ONNX network, which is what scoring runs."""

import copy
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import onnxruntime
from jaxtyping import UInt8
from onnx import NodeProto, numpy_helper
from torch import Tensor, nn

from vq.models.onnx_export import export as trace
from vq.models.student import Student, Trunk


def export(student: Student, path: Path, *, moments: int, side_px: int) -> None:
    """Write the network: input `views` (uint8, any batch, any moments), output `levels` (float32).

    The same student gives the same bytes, whatever it learnt of other data sets.

    Raises:
        WeightsError: its backbone cannot be exported, or the network says something else than it.
    """
    _export(_Levels(student), path, shape=(moments, 4, side_px, side_px), output="levels")


def export_trunk(trunk: Trunk, path: Path, *, shape: Sequence[int]) -> None:
    """Write the trunk alone: input `views`, output `feature` ("batch width", float32).

    `shape` is that of the views of one video.

    Raises:
        WeightsError: as `export`.
    """
    _export(nn.Sequential(trunk), path, shape=shape, output="feature")


class _Levels(nn.Module):
    """Views in, probability of each quality level out; nothing of other data sets."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = copy.deepcopy(student)
        del self.student.alignment

    def forward(self, views: UInt8[Tensor, "batch moments 4 side side"]) -> Tensor:
        return self.student(views).logits.softmax(1)


def _export(module: nn.Module, path: Path, *, shape: Sequence[int], output: str) -> None:
    with TemporaryDirectory() as folder:
        traced = Path(folder) / "traced.onnx"
        # Two videos: of one, a trace might take the batch for a constant.
        trace(
            module.eval(),
            traced,
            shape=(2, *shape),
            free={0: "batch", 1: "moments"},
            names=("views", output),
        )
        _fold(traced, path)


def _fold(traced: Path, path: Path) -> None:
    """Work out what is constant once, here, instead of at every start: 15 ms of 45 to load it."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns that what it writes may be made for this machine
    # Basic: what holds on every machine.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(traced, options, providers=["CPUExecutionProvider"])
    model = onnx.load(path)
    # It names every set of operators that it knows, used or not.
    used = {node.domain for node in model.graph.node}
    kept = [each for each in model.opset_import if each.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    join_padding(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def join_padding(model: onnx.ModelProto) -> None:
    """Give zeros that are padded before a convolution to the convolution itself.

    ONNX Runtime has no fast layout for a padding of its own: the maps around it were copied back
    and forth, which took more than half of the network's time.
    """
    graph = model.graph
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    readers: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for padding in [node for node in graph.node if node.op_type == "Pad"]:
        after = readers.get(padding.output[0], [])
        if len(after) != 1 or after[0].op_type != "Conv" or padding.input[1] not in constants:
            continue
        value = constants.get(padding.input[2]) if len(padding.input) > 2 else None
        mode = [each.s for each in padding.attribute if each.name == "mode"]
        ends = constants[padding.input[1]].tolist()
        own = next((each for each in after[0].attribute if each.name == "pads"), None)
        if (value is not None and value.any()) or mode not in ([], [b"constant"]) or any(ends[:2]):
            continue
        if len(ends) != 8 or (own is not None and any(own.ints)) or min(ends) < 0:
            continue
        if own is not None:
            after[0].attribute.remove(own)
        joined = [ends[2], ends[3], ends[6], ends[7]]
        after[0].attribute.append(onnx.helper.make_attribute("pads", joined))
        after[0].input[0] = padding.input[0]
        graph.node.remove(padding)
    used = {name for node in graph.node for name in node.input}
    for each in [each for each in graph.initializer if each.name not in used]:
        graph.initializer.remove(each)
