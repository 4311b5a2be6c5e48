"""The student as an ONNX network, which is what scoring runs."""

from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import onnxruntime
from torch import nn

from vq.student.network import Student
from vq.zoo.export import export as trace


def export(student: Student, path: Path, *, moments: int, side_px: int) -> None:
    """Write the network: input `views` (uint8, any batch, any moments), output `levels` (float32).

    The same student gives the same bytes, whatever it learnt of other data sets.

    Raises:
        WeightsError: its backbone cannot be exported, or the network says something else than it.
    """
    scoring = [student.trunk, student.standard, student.conversion, student.head, nn.Softmax(1)]
    with TemporaryDirectory() as folder:
        traced = Path(folder) / "traced.onnx"
        # Two videos: of one, a trace might take the batch for a constant.
        trace(
            nn.Sequential(*scoring).eval(),
            traced,
            shape=(2, moments, 4, side_px, side_px),
            free={0: "batch", 1: "moments"},
            names=("views", "levels"),
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
    path.write_bytes(model.SerializeToString(deterministic=True))
