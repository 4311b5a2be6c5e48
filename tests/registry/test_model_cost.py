"""Costs that are counted from an ONNX network."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.scoring.toy import BRIGHTNESS, MOMENTS, SIDE_PX, write_bundle
from vq.errors import WeightsError
from vq.gates.model_cost import of_network


def network(*, free: str = "rows") -> bytes:
    """Rows of 4 numbers times 4 x 8 weights, ReLU, times 8 x 2 weights plus 2."""
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Gemm", ["b", "second", "offset"], ["y"]),
    ]
    weights = {"first": (4, 8), "second": (8, 2), "offset": (2,)}
    graph = helper.make_graph(
        nodes,
        "two layers",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [free, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [free, 2])],
        [numpy_helper.from_array(np.ones(s, np.float32), n) for n, s in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString()


def test_products_and_living_numbers_are_counted() -> None:
    """By hand, for 10 rows.

    10 x (4 x 8 + 8 x 2) products; 32 + 16 + 2 weights, and at most 10 x (8 + 8) numbers between
    the layers, of 4 bytes each.
    """
    cost = of_network(network(), rows=10)

    assert cost.gmacs * 1e9 == pytest.approx(480)
    assert cost.memory_mb * 1e6 == pytest.approx(4 * (50 + 160))


def test_a_convolution_counts_each_pixel(tmp_path: Path) -> None:
    """One kernel of 4 channels, at every pixel of every moment; then one number times two."""
    write_bundle(tmp_path, *BRIGHTNESS)
    cost = of_network((tmp_path / "student.onnx").read_bytes(), batch=1, moments=MOMENTS)

    assert cost.gmacs * 1e9 == pytest.approx(MOMENTS * SIDE_PX**2 * 4 + 2)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(network(free="weather"), "'a' is unknown", id="free-dimension"),
        pytest.param(b"no network", "cannot be worked out", id="no-network"),
    ],
)
def test_what_cannot_be_counted_is_refused(content: bytes, why: str) -> None:
    """A cost of 0 would pass every budget."""
    with pytest.raises(WeightsError, match=why):
        of_network(content, rows=10)
