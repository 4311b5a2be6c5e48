"""The gated ensemble."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from vq.errors import DataError
from vq.models import teacher_files
from vq.models.teacher import NORMALISE, Shape, Teacher, drop_experts

SHAPE = Shape(
    experts={"wide": 40, "narrow": 1, "frames": 6},
    attention=("frames",),
    hidden=5,
    dim=8,
    gate_dim=4,
    importance="softmax",
    levels=5,
    dropout=0.0,
)


def features(videos: int = 7) -> dict[str, torch.Tensor]:
    """Initial features of a few videos; the frames of one expert come unfused."""
    generator = torch.Generator().manual_seed(0)
    return {
        "wide": torch.randn(videos, 40, generator=generator),
        "narrow": torch.randn(videos, 1, generator=generator),
        "frames": torch.randn(videos, 3, 6, generator=generator),
    }


@pytest.fixture
def teacher() -> Teacher:
    """A teacher with random weights."""
    torch.manual_seed(0)
    return Teacher(SHAPE).eval()


def test_experts_of_any_width_become_one_feature(teacher: Teacher) -> None:
    """Each is converted to D (claim 3), weighed (claim 4), summed and classified (claim 2)."""
    first = teacher(features())

    assert first.feature.shape == (7, 8)
    assert first.logits.shape == (7, 5)
    torch.testing.assert_close(first.importance.sum(1), torch.ones(7))


def test_the_first_feature_is_the_weighted_sum(teacher: Teacher) -> None:
    """Worked out from its parts, expert by expert."""
    given = features()
    first = teacher(given)

    by_hand = sum(
        first.importance[:, [number]] * teacher.conversion[name](teacher.initial(name, given[name]))
        for number, name in enumerate(SHAPE.experts)
    )

    torch.testing.assert_close(first.feature, by_hand)


def test_an_expert_may_be_called_like_a_method() -> None:
    """The dictionary of modules of torch refuses `half` and `keys`."""
    names = ("half", "keys", "modules")
    teacher = Teacher(replace(SHAPE, experts=dict.fromkeys(names, 3), attention=("keys",))).eval()
    given = {"half": torch.ones(2, 3), "keys": torch.ones(2, 4, 3), "modules": torch.ones(2, 3)}

    assert teacher(given).importance.shape == (2, 3)


def test_importance_depends_on_the_video(teacher: Teacher) -> None:
    """The gating network looks at the initial feature, not at the expert's name."""
    assert teacher(features()).importance.std(0).min() > 1e-4


def test_a_missing_expert_counts_for_nothing(teacher: Teacher) -> None:
    """Importance 0, the others make up for it; the other videos are untouched."""
    given = features()
    whole = teacher(given)
    given["narrow"][2] = torch.nan
    given["frames"][2, 1] = torch.nan

    found = teacher(given)

    assert found.importance[2].tolist() == pytest.approx([1, 0, 0])
    assert torch.isfinite(found.logits).all()
    torch.testing.assert_close(found.logits[3:], whole.logits[3:])


def test_attention_starts_as_the_mean_and_can_learn_to_choose(teacher: Teacher) -> None:
    """A query along one frame draws its weight (claim 5)."""
    frames = features()["frames"]
    attention = teacher.attention["frames"]

    torch.testing.assert_close(attention(frames), frames.mean(1))
    with torch.no_grad():
        attention.query.copy_(50 * frames[0, 1])
    torch.testing.assert_close(attention(frames)[0], frames[0, 1], atol=1e-3, rtol=0)


def test_a_video_keeps_at_least_one_of_its_experts() -> None:
    """Even where nearly all are left out of a step."""
    present = torch.tensor([[True, True, True], [False, True, False]]).repeat(200, 1)

    dropped = drop_experts(present, 0.9, torch.Generator().manual_seed(0))

    assert (present & ~dropped).any(1).all()
    assert dropped.any()


def test_a_teacher_comes_back_from_its_files(teacher: Teacher, tmp_path: Path) -> None:
    """Same words on the same videos, and the card with it."""
    card = teacher_files.TeacherCard(SHAPE, (1.0, 2.0, 3.0, 4.0, 5.0), 0.2, {"srcc": 0.5})
    teacher_files.save(teacher, card, tmp_path)

    found, described = teacher_files.load(tmp_path)

    assert described == card
    torch.testing.assert_close(found(features()).logits, teacher(features()).logits)


def test_a_teacher_of_several_data_sets_comes_back_from_its_files(tmp_path: Path) -> None:
    """With what it learnt of the others."""
    shape = replace(SHAPE, others=2)
    teacher = Teacher(shape)
    torch.nn.init.normal_(teacher.alignment.shift)
    card = teacher_files.TeacherCard(shape, (1.0, 2.0, 3.0, 4.0, 5.0), 0.2, {"srcc": 0.5})
    teacher_files.save(teacher, card, tmp_path)

    found, described = teacher_files.load(tmp_path)

    assert described == card
    logits, dataset = torch.zeros(3, 5), torch.tensor([0, 1, 2])
    torch.testing.assert_close(found.alignment(logits, dataset), teacher.alignment(logits, dataset))


def test_a_teacher_with_kernels_comes_back_from_its_files(tmp_path: Path) -> None:
    """Its landmarks and what they weigh with it."""
    shape = replace(SHAPE, landmarks=4)
    teacher = Teacher(shape).eval()
    assert teacher.kernels is not None
    for buffer in teacher.kernels.buffers():
        buffer.copy_(torch.rand(buffer.shape))
    card = teacher_files.TeacherCard(shape, (1.0, 2.0, 3.0, 4.0, 5.0), 0.2, {"srcc": 0.5})
    teacher_files.save(teacher, card, tmp_path)

    found, described = teacher_files.load(tmp_path)

    assert described == card
    torch.testing.assert_close(found(features()).feature, teacher(features()).feature)


def test_other_data_sets_change_nothing_for_one_alone() -> None:
    """Same weights of the same seed, and no parameter of an alignment that aligns nothing."""
    torch.manual_seed(0)
    alone = Teacher(SHAPE).state_dict()
    torch.manual_seed(0)
    both = Teacher(replace(SHAPE, others=1)).state_dict()

    assert [*alone, "alignment.shift"] == list(both)
    assert all(torch.equal(value, both[name]) for name, value in alone.items())


def test_a_folder_without_a_teacher_is_named(tmp_path: Path) -> None:
    """The remedy stands in the message."""
    with pytest.raises(DataError, match=r"nothing: no teacher .* run `dvc repro teach`"):
        teacher_files.load(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("importance", "gates", "missing", "expected"),
    [
        pytest.param("sparse", [1.0, 0.6, -1.0], 2, [0.7, 0.3, 0.0], id="one-missing"),
        pytest.param("sparse", [1.0, 0.6, -1.0], None, [0.7, 0.3, 0.0], id="the-weak-gets-nothing"),
        pytest.param("sparse", [3.0, 0.6, -1.0], 0, [0.0, 1.0, 0.0], id="the-strong-gets-all"),
        pytest.param("equal", [3.0, 0.6, -1.0], 0, [0.0, 0.5, 0.5], id="equal"),
        pytest.param("softmax", [0.0, 0.0, 9.0], 2, [0.5, 0.5, 0.0], id="softmax"),
    ],
)
def test_importances_sum_to_one_over_the_experts_that_are_in(
    importance: str, gates: list[float], missing: int | None, expected: list[float]
) -> None:
    """Worked out by hand; two gates of 1 and .6 are shifted by .3 to sum to 1 (sparsemax)."""
    out = torch.zeros(1, 3, dtype=torch.bool)
    if missing is not None:
        out[0, missing] = True

    found = NORMALISE[importance](torch.tensor([gates]), out)

    torch.testing.assert_close(found, torch.tensor([expected]))


@pytest.mark.parametrize("importance", NORMALISE)
def test_no_expert_no_importance(importance: str) -> None:
    """A video that no expert knows gets zeros, not NaN."""
    found = NORMALISE[importance](torch.randn(2, 3), torch.ones(2, 3, dtype=torch.bool))

    assert torch.equal(found, torch.zeros(2, 3))
