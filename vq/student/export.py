"""The student as an ONNX network, which is what scoring runs."""

import logging
import warnings
from pathlib import Path

import onnx
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from vq.student.network import Student

OPSET = 18


class Scorer(nn.Module):
    """Views in, probabilities of the levels out; all preprocessing is inside."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(
        self, views: UInt8[Tensor, "batch moments 4 side side"]
    ) -> Float[Tensor, "batch levels"]:
        """Classify a batch of videos."""
        return self.student(views).logits.softmax(1)


def export(student: Student, path: Path, *, moments: int, side_px: int) -> None:
    """Write the network: input `views` (uint8, any batch, any moments), output `levels` (float32).

    The same student gives the same bytes: what the exporter notes of where it ran is taken out.
    """
    # Two videos, since a batch of one would be exported as a constant.
    example = torch.zeros(2, moments, 4, side_px, side_px, dtype=torch.uint8)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter warns of its own future; nothing in them is for our users.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Scorer(student).eval(),
            (example,),
            input_names=["views"],
            output_names=["levels"],
            dynamic_shapes=({0: torch.export.Dim("batch"), 1: torch.export.Dim("moments")},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    model = program.model_proto
    _forget_where(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _forget_where(model: onnx.ModelProto) -> None:
    """Traces of the exporting machine: file names, line numbers, versions."""
    del model.metadata_props[:]
    model.doc_string = ""
    for function in [model.graph, *model.functions]:
        del function.metadata_props[:]
        function.doc_string = ""
        for part in [*function.node, *function.value_info]:
            del part.metadata_props[:]
            part.doc_string = ""
    for part in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del part.metadata_props[:]
        part.doc_string = ""
