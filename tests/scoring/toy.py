"""Student bundles and videos that are made on the spot."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests import conftest

MOMENTS, GRID, PATCH_PX = 3, 2, 8
SIDE_PX = GRID * PATCH_PX

BRIGHTNESS = np.array([1, 0, 0, 0], np.float32).reshape(1, 4, 1, 1), np.array([[0, 1]], np.float32)
"""Kernel and head of a network whose two logits are 0 and the mean red, between 0 and 1."""


def random_network(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and head of a network that is wide enough for threads to share its work."""
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(96, 4, 5, 5)).astype(np.float32)
    return kernel, rng.normal(size=(96, 5)).astype(np.float32)


def write_bundle(
    folder: Path,
    kernel: np.ndarray,
    head: np.ndarray,
    *,
    moments: int = MOMENTS,
    **changes: Any,  # noqa: ANN401 - whatever the card may say
) -> Path:
    """Convolution, ReLU, mean over place and moments, softmax; `changes` go into the card."""
    levels = head.shape[1]
    side = changes.get("views", {}).get("grid", GRID) * PATCH_PX
    nodes = [
        ("Cast", ["views"], {"to": TensorProto.FLOAT}),
        ("Div", ["0", "full"], {}),
        ("Reshape", ["1", "pictures"], {}),
        ("Conv", ["2", "kernel"], {}),
        ("Relu", ["3"], {}),
        ("GlobalAveragePool", ["4"], {}),
        ("Reshape", ["5", "videos"], {}),
        ("ReduceMean", ["6", "axis"], {"keepdims": 0}),
        ("MatMul", ["7", "head"], {}),
        ("Softmax", ["8"], {"axis": -1}),
    ]
    names = [*map(str, range(len(nodes) - 1)), "levels"]
    constants = {
        "full": np.array(255, np.float32),
        "pictures": np.array([-1, 4, side, side], np.int64),
        "kernel": kernel,
        "videos": np.array([1, -1, len(kernel)], np.int64),  # one video, any moments
        "axis": np.array([1], np.int64),
        "head": head,
    }
    shape = ["batch", "moments", 4, side, side]
    graph = helper.make_graph(
        [
            helper.make_node(kind, inputs, [name], **settings)
            for name, (kind, inputs, settings) in zip(names, nodes, strict=True)
        ],
        "toy",
        [helper.make_tensor_value_info("views", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("levels", TensorProto.FLOAT, ["batch", levels])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    network = model.SerializeToString()
    card = {
        "format": 1,
        "name": "student",
        "backbone": "toy",
        "views": {"moments": moments, "grid": GRID, "patch_px": PATCH_PX},
        "values": np.linspace(1, 5, levels).tolist(),
        "scale": {"min": 1, "max": 5},
        "opinion": "human",
        "better": "higher",
        "dataset": "toy",
        "seed": 7,
        "hashes": {},
        "validation": {"srcc": 0.9, "plcc": 0.9},
        "licences": [],
        "onnx_sha256": hashlib.sha256(network).hexdigest(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "student.onnx").write_bytes(network)
    (folder / "card.json").write_text(json.dumps({**card, **changes}))
    return folder


def write_video(
    path: Path, *, frames: int = 10, level: Callable[[int], int] = lambda _: 255
) -> Path:
    """A lossless video whose frame `n` is a flat grey of `level(n)`, 32 x 24 pixels."""
    return conftest.write_video(
        path,
        frames,
        height=24,
        pix_fmt="bgr0",
        picture=lambda number, width, height: np.full((height, width, 3), level(number), np.uint8),
    )
