"""What a student costs, counted from its network: the same on every machine and every day.

Milliseconds are not: a stage of dvc that measured them would give another verdict on a busy
machine. Time is measured at release, where the flow runs (`vq.registry.release_gates`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import onnx
from google.protobuf.message import DecodeError
from onnx import NodeProto, shape_inference

from vq.errors import WeightsError

FLOAT_BYTES = 4


@dataclass(frozen=True)
class Cost:
    """Of one video."""

    gmacs: float
    """Multiply-accumulates in 1e9: convolutions and matrix products, as in published numbers."""
    memory_mb: float
    """Weights, and the most that intermediate results take while the network is run node by node.

    The runtime may need less, by fusing nodes; decoding is not in it."""


def of_network(network: bytes, **sizes: int) -> Cost:
    """Count what one run of an ONNX network costs.

    `sizes` are those of its free dimensions, by name.

    Raises:
        WeightsError: a dimension stays unknown, or this is no ONNX network.
    """
    try:
        model = onnx.load_model_from_string(network)
        _fix(model, sizes)
        # Said anew, with the sizes: the exporter's notes know the free dimensions only.
        del model.graph.value_info[:]
        graph = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    except (DecodeError, shape_inference.InferenceError) as error:
        raise WeightsError(f"the network's shapes cannot be worked out ({error})") from error
    shapes = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    weights = sum(math.prod(shape) for shape in shapes.values())
    for port in (*graph.input, *graph.value_info, *graph.output):
        shapes[port.name] = tuple(d.dim_value for d in port.type.tensor_type.shape.dim)
    if unknown := [o for node in graph.node for o in node.output if 0 in shapes.get(o, (0,))]:
        raise WeightsError(f"the network's shapes cannot be worked out: {unknown[0]!r} is unknown")
    nodes = list(graph.node)
    memory = (weights + _peak(nodes, {i.name for i in graph.input}, shapes)) * FLOAT_BYTES
    return Cost(gmacs=sum(_macs(node, shapes) for node in nodes) / 1e9, memory_mb=memory / 1e6)


def _fix(model: onnx.ModelProto, sizes: Mapping[str, int]) -> None:
    for port in model.graph.input:
        for dimension in port.type.tensor_type.shape.dim:
            if dimension.dim_param in sizes:
                dimension.dim_value = sizes[dimension.dim_param]


def _macs(node: NodeProto, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Of each number that comes out, how many products were summed."""
    if node.op_type == "Conv":
        summed = math.prod(shapes[node.input[1]][1:])
    elif node.op_type == "MatMul":
        summed = shapes[node.input[0]][-1]
    elif node.op_type == "Gemm":
        turned = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        summed = shapes[node.input[0]][0 if turned else 1]
    else:
        return 0
    return summed * math.prod(shapes[node.output[0]])


def _peak(nodes: list[NodeProto], inputs: set[str], shapes: Mapping[str, tuple[int, ...]]) -> int:
    """The most numbers that are alive at once: made, and still to be read."""
    last_read = {name: place for place, node in enumerate(nodes) for name in node.input}
    alive = {name: math.prod(shapes[name]) for name in inputs}
    peak = 0
    for place, node in enumerate(nodes):
        alive |= {name: math.prod(shapes[name]) for name in node.output if name}
        peak = max(peak, sum(alive.values()))
        for name in {*node.input}:
            if last_read[name] == place:
                alive.pop(name, None)
    return peak
