"""An ONNX file becomes an expert: chosen maps of its graph, pooled, whatever layout it has."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.zoo.experts import noise, ramp
from vq.errors import ParamsError, WeightsError
from vq.params import Expert as Spec
from vq.pruning.full_size import tunable
from vq.zoo import catalog
from vq.zoo.onnx_expert import Native, Square
from vq.zoo.onnx_file import create_onnx

FILTERS = np.random.default_rng(0).normal(0, 0.1, (5, 3, 3, 3)).astype(np.float32)
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)


def graph(
    path: Path, *, layout: str = "nchw", opset: int = 11, kind: int = TensorProto.FLOAT
) -> Path:
    """A convolution, a map behind it, and a head that nobody wants."""
    nodes = [
        helper.make_node("Conv", ["x", "filters"], ["map"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["map"], ["rectified"]),
        helper.make_node("GlobalAveragePool", ["rectified"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["row"]),
        helper.make_node("Softmax", ["row"], ["answer"], axis=1),
    ]
    shape: list[str | int] = ["n", 3, "h", "w"]
    if layout == "nhwc":
        nodes.insert(0, helper.make_node("Transpose", ["pictures"], ["x"], perm=[0, 3, 1, 2]))
        shape = ["n", 64, 64, 3]  # as files that were made for one size
    name = "x" if layout == "nchw" else "pictures"
    made = helper.make_graph(
        nodes,
        "theirs",
        [helper.make_tensor_value_info(name, kind, shape)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 5])],
        [numpy_helper.from_array(FILTERS, "filters")],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)
    onnx.save(model, path)
    return path


def spec(path: Path, **more: object) -> Spec:
    """What params say of it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    usual = {
        "catalog": "onnx",
        "weights": {"file": path, "sha256": digest},
        "mean": MEAN,
        "std": STD,
        "options": {"outputs": "rectified, row"},
    }
    return Spec.model_validate(usual | more)


def expected(frame: np.ndarray, *, bgr: bool = False) -> np.ndarray:
    """What mean and deviation of the rectified map are, and its row."""
    picture = (frame / 255 - np.array(MEAN)) / np.array(STD)
    picture = np.pad(picture[..., ::-1] if bgr else picture, ((1, 1), (1, 1), (0, 0)))
    height, width = ((side + 1) // 2 for side in frame.shape[:2])
    maps = np.zeros((5, height, width))
    for row in range(height):
        for column in range(width):
            patch = picture[2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            maps[:, row, column] = np.einsum("ochw,hwc->o", FILTERS, patch)
    maps = np.maximum(maps, 0).reshape(5, -1)
    mean = maps.mean(1)
    return np.concatenate([mean, np.sqrt(maps.var(1) + 1e-6), mean])


@pytest.mark.parametrize("opset", [7, 11, 18])
@pytest.mark.parametrize(("layout", "channels"), [("nchw", "rgb"), ("nhwc", "bgr")])
def test_maps_are_pooled_at_native_resolution(
    tmp_path: Path, layout: str, channels: str, opset: int
) -> None:
    """Of frames of any size, though the file was made for one; the head is cut off."""
    path = graph(tmp_path / "net.onnx", layout=layout, opset=opset)
    options = {"outputs": "rectified, row", "layout": layout, "channels": channels}

    expert = create_onnx("theirs", spec(path, options=options))

    assert isinstance(expert, Native)
    assert (expert.dim, expert.parameters) == (15, FILTERS.size)
    assert expert.gmacs == pytest.approx(192 * 320 * 5 * 27 / 1e9)
    for frames in (ramp(2), noise(1, 40, 64, 3)):
        rows = [expected(frame, bgr=channels == "bgr") for frame in frames]
        np.testing.assert_allclose(expert.describe(frames), rows, rtol=1e-4, atol=1e-5)


def test_squares_of_a_size_are_seen_scaled(tmp_path: Path) -> None:
    """With `side_px`, as networks of timm see them."""
    expert = create_onnx("theirs", spec(graph(tmp_path / "net.onnx"), side_px=32))

    assert isinstance(expert, Square)
    assert expert.describe(ramp(2)).shape == (2, 15)
    assert expert.gmacs == pytest.approx(16 * 16 * 5 * 27 / 1e9)


def test_params_name_it_as_any_other_expert(tmp_path: Path) -> None:
    """It has an identity of its own; full trials leave it out, for torch cannot train it."""
    one = catalog.create("theirs", spec(graph(tmp_path / "net.onnx")))
    other = catalog.create("theirs", spec(graph(tmp_path / "net.onnx"), mean=(0.1, 0.1, 0.1)))

    assert one.identity != other.identity
    assert tunable(one, "mean") is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param({}, "outputs: name tensors", id="none"),
        pytest.param({"outputs": "row, row"}, "each once", id="twice"),
        pytest.param({"outputs": "row", "layuot": "nhwc"}, "not layuot", id="misspelt"),
        pytest.param({"outputs": "row", "layout": "hwc"}, "layout: nchw or nhwc", id="layout"),
        pytest.param({"outputs": "row", "channels": "grb"}, "rgb or bgr", id="channels"),
    ],
)
def test_wrong_options_are_named(tmp_path: Path, options: dict[str, str], reason: str) -> None:
    """With what may stand there."""
    with pytest.raises(ParamsError, match=f"extract.experts.theirs.options.*{reason}"):
        create_onnx("theirs", spec(graph(tmp_path / "net.onnx"), options=options))


def test_wrong_files_are_one_sentence(tmp_path: Path) -> None:
    """No ONNX, a tensor that is not there, another input, an operator nobody has."""
    text = tmp_path / "text.onnx"
    text.write_bytes(b"no graph")
    with pytest.raises(WeightsError, match=r"text\.onnx: is no ONNX graph"):
        create_onnx("theirs", spec(text))
    good = graph(tmp_path / "good.onnx")
    with pytest.raises(
        WeightsError, match="no tensor 'nothing' of rank 2 or 4; its last maps are map, rect"
    ):
        create_onnx("theirs", spec(good, options={"outputs": "nothing"}))
    integer = graph(tmp_path / "integer.onnx", kind=TensorProto.DOUBLE)
    with pytest.raises(WeightsError, match="other input than one tensor of float pictures"):
        create_onnx("theirs", spec(integer))
    with pytest.raises(WeightsError, match="opset 6; 7 or more"):
        create_onnx("theirs", spec(graph(tmp_path / "old.onnx", opset=6)))


def test_what_cannot_run_it_is_named(tmp_path: Path) -> None:
    """Torch has no such network."""
    expert = create_onnx("theirs", spec(graph(tmp_path / "net.onnx")))

    with pytest.raises(ParamsError, match=r"extract.runtime: torch cannot run .* ONNX file"):
        expert.network.use("torch")


def test_hub_and_chance_are_no_files(tmp_path: Path) -> None:
    """An ONNX file is always of somebody."""
    with pytest.raises(ParamsError, match=r"onnx takes weights: \{file"):
        create_onnx("theirs", spec(graph(tmp_path / "net.onnx"), weights="random"))
