"""The student: shape, motion, export."""

from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from PIL import Image, ImageFilter
from safetensors.torch import load_file

from vq.errors import ParamsError, WeightsError
from vq.inference import second_feature
from vq.models import motion_statistics, student_files
from vq.models.student import Features, Pixels, Student
from vq.models.student_onnx import export, join_padding
from vq.training.loop import initialisation
from vq.video.views import ViewSpec

VIEWS = ViewSpec(moments=3, grid=2, patch_px=32)


def build(start: str = "random", *, others: int = 0, sharpen: float = 0.0) -> Student:
    """A small student, in evaluation mode."""
    with initialisation(0):
        return student_files.build(
            "mobilenetv3_small_050",
            start=start,
            stages=(1, 3),
            dim=16,
            levels=5,
            others=others,
            sharpen=sharpen,
        ).eval()


def views(videos: int = 2) -> torch.Tensor:
    """Noise, as good as any video."""
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.integers(0, 256, (videos, 3, 4, 64, 64), dtype=np.uint8))


def test_a_student_of_the_teachers_width_is_refused() -> None:
    """Claim 6 wants a dimension conversion: d_s differs from D."""
    with pytest.raises(ParamsError, match=r"both 16 wide; claim 6 .* change training.dim"):
        Student(Features(16), dim=16, levels=5, dropout=0.0)


def test_second_feature_and_prediction_have_the_teachers_shape() -> None:
    """D numbers, K levels."""
    with torch.no_grad():
        second = build()(views())

    assert second.feature.shape == (2, 16)
    assert second.logits.shape == (2, 5)


def _moments(stills: int, videos: int = 2, moments: int = 8) -> torch.Tensor:
    """Noise whose next frame is the same at the first so many moments."""
    pixels = 255 * torch.rand(videos, moments, 4, 64, 64)
    red, green, blue, _ = pixels.unbind(2)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    pixels[:, :stills, 3] = luma[:, :stills]
    return pixels


def test_a_frozen_moment_shows() -> None:
    """The stillest moments tell 0, 1, 2 and 8 frozen ones of 8 apart; still shares say how many."""
    told = [motion_statistics.describe(_moments(stills)) for stills in (0, 1, 2, 8)]

    assert told[0].shape == (2, motion_statistics.WIDTH)
    least = [rows[:, 1].mean().item() for rows in told]
    assert least == sorted(least, reverse=True)
    assert least[0] - least[1] > 1
    still = [rows[:, -3].mean().item() for rows in told]
    assert still == pytest.approx([0, 1 / 8, 2 / 8, 1], abs=0.02)


def test_the_order_and_the_number_of_moments_do_not_matter_to_motion() -> None:
    """Any number may be seen: twice the same moments say the same."""
    pixels = _moments(2)

    shuffled = pixels[:, torch.randperm(8)]

    torch.testing.assert_close(
        motion_statistics.describe(shuffled), motion_statistics.describe(pixels)
    )
    doubled = torch.cat([pixels, pixels], 1)
    torch.testing.assert_close(
        motion_statistics.describe(doubled), motion_statistics.describe(pixels)
    )


def test_the_backbone_looks_at_every_other_moment_and_motion_at_all() -> None:
    """Pixels of the second moment change nothing but the motion."""
    with initialisation(0):
        trunk = student_files.build(
            "mobilenetv3_small_050", start="random", stages=(1,), every=2, dim=16, levels=5
        ).trunk.eval()
    given, changed = views(), views()
    changed[:, 1] = 0
    with torch.no_grad():
        before, after = trunk(given), trunk(changed)

    pictures = trunk.width - motion_statistics.WIDTH
    torch.testing.assert_close(after[:, :pictures], before[:, :pictures])
    assert (after[:, pictures:] != before[:, pictures:]).any()


def _told_apart(student: Student) -> Student:
    """The same, with a head that says something else of every video."""
    with torch.no_grad():
        student.standard.fit(student.trunk(views(16)).reshape(-1, student.trunk.width))
        student.head.weight.mul_(-8)
    return student


def _scores(student: Student, described: torch.Tensor) -> torch.Tensor:
    levels = student.head(student.feature(described)).softmax(1)
    return levels @ torch.arange(5.0)


def test_of_two_looks_the_better_counts() -> None:
    """A video as it is, and sharpened: each is described as a student of one look describes it."""
    student, plain = _told_apart(build(sharpen=0.75)), build()
    plain.load_state_dict(student.state_dict())
    given = views(16)
    with torch.no_grad():
        as_it_is, sharpened = student.trunk(given).view(16, 2, -1).unbind(1)
        scores = [_scores(plain, look) for look in (as_it_is, sharpened)]
        both = _scores(student, student.trunk(given))

    torch.testing.assert_close(as_it_is, plain.trunk(given).detach())
    torch.testing.assert_close(both, torch.maximum(*scores))
    assert 0 < (scores[0] < scores[1]).sum() < 16
    # Motion is that of the video, whichever look counts.
    motion = motion_statistics.WIDTH
    torch.testing.assert_close(sharpened[:, -motion:], as_it_is[:, -motion:])


def test_the_second_look_is_an_unsharp_mask() -> None:
    """Nearly that of Pillow, which blurs by boxes; away from the edge, where it has another."""
    pictures = views()[:1, 0, :3].repeat_interleave(4, -1).repeat_interleave(4, -2)
    trunk = build(sharpen=0.75).trunk
    assert isinstance(trunk, Pixels)
    (ours,) = trunk.sharpened(pictures.float()).permute(0, 2, 3, 1).numpy()
    mask = ImageFilter.UnsharpMask(1.5, 75, 0)
    theirs = np.asarray(Image.fromarray(pictures[0].permute(1, 2, 0).numpy()).filter(mask))

    off = np.abs(ours - theirs)[8:-8, 8:-8]
    assert off.mean() < 2
    assert np.abs(theirs.astype(float) - pictures[0].permute(1, 2, 0).numpy()).mean() > 10


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle's two networks."""
    folder = tmp_path_factory.mktemp("bundle")
    student_files.save(build(), folder, views=VIEWS)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("sharpen", [0.0, 0.75])
def test_the_exported_network_says_the_same(sharpen: float, tmp_path: Path) -> None:
    """Scores on a five-point scale agree to 1e-4, for any batch, of one look or two."""
    student = _told_apart(build(sharpen=sharpen))
    network = tmp_path / "student.onnx"
    export(student, network, moments=VIEWS.moments, side_px=VIEWS.side_px)
    second_feature.name_in(network.read_bytes())
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
    with torch.no_grad():
        torch.testing.assert_close(build(str(saved))(views()).logits, build()(views()).logits)


@pytest.mark.slow
def test_a_student_of_several_data_sets_scores_as_one_of_the_primary(
    saved: Path, tmp_path: Path
) -> None:
    """What it learnt of the others is kept; the network that scores has nothing of it."""
    student = build(others=1)
    torch.nn.init.ones_(student.alignment.shift)
    student_files.save(student, tmp_path, views=VIEWS)

    shift = load_file(tmp_path / student_files.NAME)["alignment.shift"]
    assert shift.tolist() == [[1.0] * 5]
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
        student_files.build(backbone, start="random", stages=stages, dim=16, levels=5)


def test_a_built_in_start_says_which_backbone_and_levels() -> None:
    """One line of params changes the start; what it was pretrained with comes along."""
    trunk = student_files.build(None, start="distortion", stages=None, dim=16, levels=5).trunk

    named = student_files.build(
        "mobilenetv3_small_050", start="distortion", stages=(1, 2, 3, 4), dim=16, levels=5
    ).trunk
    assert trunk.width == named.width
    assert student_files.architecture(None, "distortion") == "mobilenetv3_small_050"


def test_a_head_may_read_answers_and_repeats_alone() -> None:
    """The answers are the same numbers; pooled levels go, and how the rest moves."""
    pictures = torch.randint(0, 256, (2, 2, 4, 64, 64), dtype=torch.uint8)

    def feature(inputs: Literal["answers", "all"]) -> torch.Tensor:
        student = student_files.build(
            None, start="distortion", stages=None, inputs=inputs, dim=16, levels=5
        )
        with torch.no_grad():
            return student.trunk.eval()(pictures)

    answers, everything = feature("answers"), feature("all")
    count = answers.shape[1] - motion_statistics.REPEATS
    start = everything.shape[1] - motion_statistics.WIDTH - 2 * count
    torch.testing.assert_close(answers[:, :count], everything[:, start : start + count])


def test_repeats_are_told_and_rests_of_the_camera_are_not() -> None:
    """Frames that are the same, of eight: none, one, two, all; a little noise is no repetition."""
    shares = motion_statistics.repeats(torch.cat([_moments(stills)[:1] for stills in (0, 1, 2, 8)]))

    assert shares[:, 0].tolist() == pytest.approx([0, 1 / 8, 2 / 8, 1], abs=0.03)
    noisy = _moments(8)
    noisy[:, :, 3] += 2.5 * torch.randn(noisy[:, :, 3].shape, generator=torch.manual_seed(0))
    assert motion_statistics.repeats(noisy)[:, 0].max() < 0.05


@pytest.mark.parametrize(
    ("start", "stages"), [pytest.param("random", (1,), id="random"), ("distortion", (1, 2))]
)
def test_where_nothing_is_answered_levels_are_wanted(start: str, stages: tuple[int, ...]) -> None:
    """In words that say which knob to turn."""
    with pytest.raises(ParamsError, match=r"brings none with these stages; set student.inputs"):
        student_files.build(
            "mobilenetv3_small_050",
            start=start,
            stages=stages,
            inputs="answers",
            dim=16,
            levels=5,
        )


@pytest.mark.parametrize("start", ["random", "artifacts/earlier/"])
def test_another_start_does_not_say_which_backbone(start: str) -> None:
    """A sentence with the knob to set."""
    with pytest.raises(ParamsError, match=r"student.backbone is empty.*does not say which"):
        student_files.build(None, start=start, stages=(1,), dim=16, levels=5)
    with pytest.raises(ParamsError, match=r"student.stages is empty.*does not say which"):
        student_files.build("resnet18", start=start, stages=None, dim=16, levels=5)


@pytest.mark.slow
def test_a_student_starts_as_an_earlier_one_ended(saved: Path) -> None:
    """Weights, head and standardisation: before any training it says the same."""
    student = build()

    again = build(start=f"{saved}/", others=1)

    with torch.no_grad():
        torch.testing.assert_close(again(views()).logits, student(views()).logits)


@pytest.mark.slow
def test_an_earlier_student_of_another_shape_is_refused(saved: Path) -> None:
    """In words that say what to set."""
    with pytest.raises(
        ParamsError, match=r"was built otherwise .* set student.backbone and stages"
    ):
        student_files.build(
            "mobilenetv3_small_050", start=f"{saved}/", stages=(1, 2), dim=16, levels=5
        )


def test_an_earlier_student_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The folder and what writes it."""
    with pytest.raises(WeightsError, match=r"nowhere.*student.safetensors: cannot be read"):
        build(start=f"{tmp_path}/nowhere")


def test_padding_of_zeros_joins_the_convolution_behind_it() -> None:
    """The same numbers to the last bit, and no node of padding is left; other padding stays."""
    rng = np.random.default_rng(0)
    kernel = rng.standard_normal((2, 3, 3, 3)).astype(np.float32)

    def network(fill: float) -> onnx.ModelProto:
        return onnx.parser.parse_model(
            """<ir_version: 9, opset_import: ["" : 18]>
            g (float[1, 3, 8, 8] x) => (float[1, 2, 4, 4] y)
            <float[2, 3, 3, 3] w, int64[8] p = {0, 0, 0, 0, 0, 0, 1, 1}, float v = {FILL}>
            { padded = Pad(x, p, v)  y = Conv<strides = [2, 2]>(padded, w) }""".replace(
                "FILL", str(fill)
            )
        )

    for fill, left in ((0.0, 0), (1.0, 1)):
        model = network(fill)
        model.graph.initializer.append(onnx.numpy_helper.from_array(kernel, "w"))
        given = {"x": rng.standard_normal((1, 3, 8, 8)).astype(np.float32)}
        before = ReferenceEvaluator(model).run(None, given)[0]

        join_padding(model)

        assert sum(node.op_type == "Pad" for node in model.graph.node) == left
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        np.testing.assert_allclose(session.run(None, given)[0], before, atol=1e-5)
