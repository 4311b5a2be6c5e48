"""The kernel part of a teacher: ridge regression in closed form."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.toy_data import make_data
from vq.models.kernel import likeness
from vq.models.teacher import Teacher
from vq.training import ridge
from vq.training.probe_recipe import PROBE
from vq.training.teach import teach
from vq.training.training_data import TrainingData

BOTH = {"sure": 0.3, "unsure": 0.6}
KERNEL = PROBE.model_copy(update={"kernel": 0.5, "kernel_videos": 1000, "epochs": 3})


def few(*, share: float = 0.5, videos: int = 90) -> tuple[TrainingData, Teacher]:
    """60 training videos, and a teacher that was fitted on them."""
    data = make_data(BOTH, videos=videos)
    return data, teach(data, params=KERNEL.model_copy(update={"kernel": share}), seed=0)


def test_a_share_of_the_logits_is_the_ridge() -> None:
    """Half of the kernel's logits and half of the network's, through the same head."""
    data, half = few(share=0.5)
    rows = data.of(data.validation)
    network, whole = few(share=0.0)[1], few(share=1.0)[1]

    found = half(rows).logits

    torch.testing.assert_close(
        found, (network(rows).logits + whole(rows).logits) / 2, atol=1e-4, rtol=1e-4
    )
    assert (network(rows).logits - found).abs().max() > 0.05


def test_the_first_feature_stays_the_weighted_sum() -> None:
    """Importance x target feature over both parts of the conversions (claim 2)."""
    data, teacher = few()
    network = few(share=0.0)[1]
    rows = data.of(data.validation)
    first = teacher(rows)
    assert teacher.kernels is not None

    gates = network(rows).importance
    by_hand = torch.zeros_like(first.feature)
    for number, name in enumerate(teacher.shape.experts):
        initial = teacher.initial(name, rows[name])
        score = teacher.kernels.scores[name](initial)[:, None]
        fitted = score * teacher.kernels.direction + teacher.kernels.offset
        by_hand += gates[:, [number]] / 2 * teacher.conversion[name](initial) + fitted / 2 / 2

    torch.testing.assert_close(first.feature, by_hand)
    torch.testing.assert_close(first.importance, gates / 2 + 1 / 4)


def test_what_is_left_out_is_what_a_ridge_without_it_says() -> None:
    """The shortcut against fits without the video, each of them solved anew."""
    generator = torch.Generator().manual_seed(0)
    initial = {"a": torch.randn(25, 3, generator=generator)}
    rating = torch.randn(25, generator=generator, dtype=torch.float64)

    fit = ridge._fit(initial, rating, 0.2)

    kernel = likeness(initial["a"].double(), initial["a"].double(), 0.2)
    errors = {}
    for height in ridge.RIDGES:
        left_out = torch.zeros(25, dtype=torch.float64)
        for video in range(25):
            rest = [n for n in range(25) if n != video]
            inner = kernel[rest][:, rest] + height * torch.eye(24, dtype=torch.float64)
            left_out[video] = kernel[video, rest] @ torch.linalg.solve(inner, rating[rest])
        errors[(left_out - rating).square().mean().item()] = left_out
    torch.testing.assert_close(fit.left_out, errors[min(errors)])
    assert fit.error == pytest.approx(min(errors))


def test_levels_of_a_score_are_calibrated() -> None:
    """At the optimum of cross entropy the mean distribution is that of the labels."""
    data = make_data(BOTH)
    target = data.target.double()
    score = target @ data.values.double() - 3

    slope, base = ridge._levels(score, target)

    told = (score[:, None] * slope + base).softmax(1)
    torch.testing.assert_close(told.mean(0), target.mean(0), atol=2e-3, rtol=0)


def test_a_video_without_one_expert_gets_the_learnt_word_alone() -> None:
    """Kernels were fitted to add up; missing or left out, the rest of them would mislead."""
    data, teacher = few()
    network = few(share=0.0)[1]
    rows = data.of(data.validation)
    rows["unsure"][3] = torch.nan
    drop = torch.zeros(len(data.validation), 2, dtype=torch.bool)
    drop[5, 0] = True

    found, learnt = teacher(rows, drop).logits, network(rows, drop).logits

    torch.testing.assert_close(found[[3, 5]], learnt[[3, 5]])
    assert (found - learnt)[[4, 6]].abs().max() > 0.01


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"kernel": 0.0}, id="no-share"),
        pytest.param({"kernel_videos": 59}, id="many-labels"),
    ],
)
def test_there_is_no_kernel_where_none_is_asked_for(change: dict[str, float]) -> None:
    """A share of 0, or more labelled training videos than `kernel_videos`."""
    teacher = teach(make_data(BOTH, videos=90), params=KERNEL.model_copy(update=change), seed=0)

    assert teacher.kernels is None
    assert teacher.shape.landmarks == 0


def test_only_labels_of_the_primary_set_that_every_expert_describes_are_fitted_on() -> None:
    """Other sets' ratings mean something else; unlabelled videos say nothing."""
    data = make_data(BOTH, videos=90, unlabelled=10)
    features = {name: value.clone() for name, value in data.features.items()}
    features["sure"][20] = torch.nan
    dataset = data.dataset.clone()
    dataset[30:35] = 1
    target, mos = data.target.clone(), data.mos.clone()
    target[30:35], mos[30:35] = target[30:35].flip(1), 6 - mos[30:35]
    data = replace(data, features=features, dataset=dataset, target=target, mos=mos)

    assert teach(data, params=KERNEL, seed=0).shape.landmarks == 60 - 10 - 1 - 5


def test_too_few_labels_or_labels_all_alike_leave_the_teacher_as_it_is() -> None:
    """A ridge on nothing is no ridge."""
    data = make_data(BOTH, videos=90)
    alike = replace(
        data,
        target=data.target[:1].expand_as(data.target),
        mos=data.mos[:1].expand_as(data.mos),
    )

    few_labels = replace(data, train=data.train[: ridge.FEWEST - 1])

    for one in (alike, few_labels):
        assert teach(one, params=KERNEL, seed=0).kernels is None


def test_with_few_labels_the_kernel_helps() -> None:
    """A smooth truth of two experts, 60 ratings: over five seeds the error of the score falls."""
    errors = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        data = make_data(BOTH, videos=260, seed=seed)
        data = replace(
            data,
            train=torch.from_numpy(rng.permutation(200)[:60]),
            validation=torch.arange(200, 260),
        )
        full = KERNEL.model_copy(update={"epochs": 20})
        rows = data.validation
        truth = data.mos[rows]
        errors.append(
            [
                (
                    teach(data, params=full.model_copy(update={"kernel": share}), seed=seed)(
                        data.of(rows)
                    ).logits.softmax(1)
                    @ data.values
                    - truth
                )
                .square()
                .mean()
                .item()
                for share in (0.0, 0.5)
            ]
        )

    without, with_it = np.mean(errors, axis=0)
    assert with_it < without


def test_same_seed_same_bits_with_frames_that_attention_fuses() -> None:
    """The kernel compares what attention made of the frames."""
    data = make_data(BOTH, videos=90)
    frames = torch.stack([data.features["unsure"], data.features["unsure"] * 0.5], 1)
    data = replace(data, features={**data.features, "unsure": frames})

    one, other = (teach(data, params=KERNEL, seed=3).state_dict() for _ in range(2))

    assert "kernels.direction" in one
    assert all(torch.equal(value, other[name]) for name, value in one.items())
