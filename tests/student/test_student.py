"""The student: shape, motion, export."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from vq.errors import ParamsError
from vq.learn.loop import initialisation
from vq.student import bundle, statistics
from vq.student.export import export
from vq.student.network import Features, Student
from vq.video.views import ViewSpec

VIEWS = ViewSpec(moments=3, grid=2, patch_px=32)


def build(start: str = "random", *, others: int = 0) -> Student:
    """A small student, in evaluation mode."""
    with initialisation(0):
        return bundle.build(
            "mobilenetv3_small_050",
            start=start,
            stages=(1, 3),
            views=VIEWS,
            dim=16,
            levels=5,
            others=others,
        ).eval()


def views(videos: int = 2) -> torch.Tensor:
    """Noise, as good as any video."""
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.integers(0, 256, (videos, 3, 4, 64, 64), dtype=np.uint8))


def test_a_student_of_the_teachers_width_is_refused() -> None:
    """Claim 6 wants a dimension conversion: d_s differs from D."""
    with pytest.raises(ParamsError, match=r"both 16 wide; claim 6 .* change teach.dim"):
        Student(Features(16), dim=16, levels=5, dropout=0.0)


def test_second_feature_and_prediction_have_the_teachers_shape() -> None:
    """D numbers, K levels."""
    with torch.no_grad():
        second = build()(views())

    assert second.feature.shape == (2, 16)
    assert second.logits.shape == (2, 5)


def test_a_frozen_moment_shows() -> None:
    """Where the next frame is the same, the still shares are near one; in noise near zero."""
    pixels = torch.rand(4, 4, 64, 64)
    frozen = pixels.clone()
    frozen[:, 3] = 0.299 * pixels[:, 0] + 0.587 * pixels[:, 1] + 0.114 * pixels[:, 2]

    moving, still = (statistics.describe(given, 32) for given in (pixels, frozen))

    assert moving.shape == (4, statistics.WIDTH)
    assert (still[:, -3:] > 0.95).all()
    assert (moving[:, -3:] < 0.05).all()


def test_normalised_values_of_noise_have_the_moments_of_noise() -> None:
    """White noise: second moment near one, neighbours independent; a blur binds them."""
    noise = 40 * torch.randn(200, 1, 32, 32)
    blurred = torch.nn.functional.avg_pool2d(noise, 3, stride=1)

    white, soft = (statistics.normalised(given).mean(0) for given in (noise, blurred))

    assert white[3].item() == pytest.approx(1, abs=0.1)
    assert abs(white[5].item()) < 0.1
    assert soft[5].item() > 0.3


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle's two networks."""
    folder = tmp_path_factory.mktemp("bundle")
    bundle.save(build(), folder, views=VIEWS)
    return folder


@pytest.mark.slow
def test_the_exported_network_says_the_same(saved: Path) -> None:
    """Scores on a five-point scale agree to 1e-4, for any batch."""
    student = build()
    network = saved / "student.onnx"
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    values = torch.arange(1.0, 6.0)
    for videos in (1, 3):
        (levels,) = session.run(["levels"], {"views": views(videos).numpy()})
        with torch.no_grad():
            expected = student(views(videos)).logits.softmax(1)
        torch.testing.assert_close(
            torch.from_numpy(levels) @ values, expected @ values, atol=1e-4, rtol=0
        )


@pytest.mark.slow
def test_the_same_student_is_exported_as_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    """The hash of a network is that of its student, wherever it was exported."""
    export(build(), tmp_path / "again.onnx", moments=3, side_px=64)

    assert (tmp_path / "again.onnx").read_bytes() == (saved / "student.onnx").read_bytes()


@pytest.mark.slow
def test_a_bundle_comes_back(saved: Path) -> None:
    """The weights that were saved are those that are loaded."""
    student = build()
    with initialisation(5):
        other = bundle.build(
            "mobilenetv3_small_050", start="random", stages=(1, 3), views=VIEWS, dim=16, levels=5
        )
    found = bundle.load(other, saved)

    with torch.no_grad():
        torch.testing.assert_close(found(views()).logits, student(views()).logits)


@pytest.mark.slow
def test_a_student_of_several_data_sets_scores_as_one_of_the_primary(
    saved: Path, tmp_path: Path
) -> None:
    """What it learnt of the others comes back; the network that scores has nothing of it."""
    student = build(others=1)
    torch.nn.init.ones_(student.alignment.shift)
    bundle.save(student, tmp_path, views=VIEWS)

    found = bundle.load(build(others=1), tmp_path)

    assert found.alignment.shift.tolist() == [[1.0] * 5]
    assert (tmp_path / "student.onnx").read_bytes() == (saved / "student.onnx").read_bytes()


@pytest.mark.parametrize(
    ("backbone", "stages", "match"),
    [
        pytest.param("mobilenet_v99", (1,), "mobilenet_v99", id="no-such-backbone"),
        pytest.param("mobilenetv3_small_050", (9,), "stages", id="no-such-level"),
    ],
)
def test_a_backbone_that_cannot_be_is_named(
    backbone: str, stages: tuple[int, ...], match: str
) -> None:
    """In words, before anything is trained."""
    with pytest.raises(ParamsError, match=match):
        bundle.build(backbone, start="random", stages=stages, views=VIEWS, dim=16, levels=5)
