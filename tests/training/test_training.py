"""Teacher, student and the loop that trains them, on data with a known truth."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vq.data import manifest
from vq.data.card import Card, Ratings, Scale
from vq.metrics import agreement
from vq.models.student import Features, Student
from vq.training import predict
from vq.training.checkpoint import Checkpoint
from vq.training.dataset import assemble
from vq.training.distillation_loss import distill
from vq.training.loop import initialisation
from vq.training.probe_recipe import PROBE, PROBE_STUDENT
from vq.training.teach import teach
from vq.training.train_student import (
    SavedFeatures,
    on_precomputed_features,
    precompute_features,
    predict_logits,
    train_student,
)
from vq.training.training_data import Pictures, TrainingData, Vectors

TEACH = PROBE.model_copy(update={"epochs": 30, "batch": 16})
BRIEFLY = TEACH.model_copy(update={"epochs": 3})
"""Where it matters that a teacher has learnt, not how much."""
DISTILL = PROBE_STUDENT.model_copy(update={"epochs": 12, "batch": 16})
Make = Callable[..., TrainingData]


def student(seed: int = 0) -> Student:
    """A student on six cached numbers."""
    with initialisation(seed):
        return Student(Features(6), dim=PROBE.dim, levels=5, dropout=0.2)


def weights(model: torch.nn.Module) -> torch.Tensor:
    """All of a model in one row."""
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def srcc(logits: torch.Tensor, data: TrainingData) -> float:
    """Agreement on validation."""
    score = logits.softmax(1) @ data.values
    return agreement.srcc(score.detach().numpy(), data.mos[data.validation].numpy())


def test_the_teacher_learns_and_prefers_the_expert_that_knows(make_data: Make) -> None:
    """Importance goes to the expert that sees the mos, not to noise (claim 4)."""
    data = make_data({"noise": 1.0, "knows": 0.3})

    found = predict.teacher(
        teach(data, params=TEACH, seed=0),
        {name: value.numpy() for name, value in data.features.items()},
        data.values.numpy(),
    )

    rows = data.validation.numpy()
    truth = data.mos.numpy()[rows]
    assert agreement.srcc(found.score[rows], truth) > 0.9
    noise, knows = found.importance[rows].mean(0)
    assert knows > noise + 0.1


def test_same_seed_same_bits(make_data: Make) -> None:
    """And another seed, another teacher."""
    data = make_data({"a": 0.5, "b": 0.5})

    once, again, other = (weights(teach(data, params=BRIEFLY, seed=s)) for s in (3, 3, 4))

    assert torch.equal(once, again)
    assert not torch.equal(once, other)


@pytest.mark.parametrize("mode", ["joint", "staged"])
def test_only_joint_training_moves_the_teacher(make_data: Make, mode: str) -> None:
    """Claim 1's one objective lets the teacher's small parts keep learning; staged holds them."""
    data = make_data({"a": 0.4, "b": 0.6})
    teacher = teach(data, params=TEACH, seed=0)
    before = weights(teacher)
    pupil = student()

    distill(
        pupil, teacher, data, params=DISTILL.model_copy(update={"mode": mode, "a": 0.5}), seed=0
    )

    assert torch.equal(before, weights(teacher)) == (mode == "staged")
    with torch.no_grad():
        assert srcc(predict_logits(pupil, data, data.validation), data) > 0.9


def test_l3_brings_the_features_together(make_data: Make) -> None:
    """With c > 0 the second feature points where the first does; without, it has no reason to."""
    data = make_data({"a": 0.4, "b": 0.6})
    teacher = teach(data, params=TEACH, seed=0)

    def closeness(c: float) -> float:
        pupil = student()
        distill(pupil, teacher, data, params=DISTILL.model_copy(update={"c": c}), seed=0)
        assert data.sight is not None
        with torch.no_grad():
            first = teacher(data.of(data.validation)).feature
            second = pupil(data.sight.whole(data.validation)).feature
        return float(torch.cosine_similarity(first, second).mean())

    assert 1 - closeness(3.0) < 0.9 * (1 - closeness(0.0))


def test_unlabelled_videos_teach_through_the_feature_loss_alone(make_data: Make) -> None:
    """With c = 0 they change nothing beyond their place in the batches; with c > 0 they do."""
    data = make_data({"a": 0.4, "b": 0.6}, unlabelled=30)
    teacher = teach(data, params=BRIEFLY, seed=0)
    only_them = replace(data, train=torch.arange(30))

    def moved(c: float) -> float:
        pupil = student()
        before = weights(pupil)
        once = DISTILL.model_copy(update={"c": c, "epochs": 1, "weight_decay": 0.0})
        distill(pupil, teacher, only_them, params=once, seed=0)
        trained = {n: v for n, v in pupil.state_dict().items() if not n.startswith("standard")}
        fresh = student().state_dict()
        assert len(before) == len(weights(pupil))
        return sum(float((v - fresh[n]).abs().sum()) for n, v in trained.items())

    assert moved(0.0) == 0
    assert moved(1.0) > 0


def two_sets(seed: int) -> tuple[TrainingData, np.ndarray]:
    """A planted truth: 24 rated videos of 1 to 5, and 240 of a set that is rated otherwise.

    The lab tells a DMOS of 0 to 100, and its raters are kind: never more than 50. The second value
    is the quality of every video, which all experts see through noise.
    """
    rng = np.random.default_rng(seed)
    quality = rng.uniform(size=24 + 60 + 240)
    side = ["train"] * 24 + ["validation"] * 60 + ["train"] * 240
    features = {
        name: 3 * (quality[:, None] - 0.5) + noise * rng.normal(size=(len(quality), 8))
        for name, noise in {"a": 2.0, "b": 3.0}.items()
    }
    rated = np.clip(quality + 0.05 * rng.normal(size=len(quality)), 0, 1)
    rows: list[dict[str, object]] = [{"dataset": "web", "mos": 1 + 4 * r} for r in rated[:84]]
    rows += [{"dataset": "lab", "mos": 100 * (1 - (1 + r) / 2)} for r in rated[84:]]
    lab = Ratings(opinion="human", scale=Scale(min=0, max=100), better="lower", licence="")
    card = Card(
        name="web", opinion="human", scale=Scale(min=1, max=5), licence="", datasets={"lab": lab}
    )
    sight = Vectors(torch.from_numpy(features["a"].astype("f")))
    data = assemble(manifest.build(rows), card, side, features, count=5, sight=sight)
    return data, quality


@pytest.mark.slow
def test_another_data_set_helps_if_it_is_aligned() -> None:
    """Mean validation SRCC over three seeds: both sets beat the primary alone, and their pool.

    Pooled: brought to the same ends and direction, and then taken for the same scale.
    """
    params = PROBE.model_copy(update={"epochs": 30, "batch": 32})

    def fitted(data: TrainingData, quality: np.ndarray, seed: int) -> float:
        teacher = teach(data, params=params, seed=seed)
        with torch.no_grad():
            logits = teacher(data.of(data.validation)).logits
        score = (logits.softmax(1) @ data.values).numpy()
        return agreement.srcc(score, quality[data.validation.numpy()])

    found = []
    for seed in range(3):
        both, quality = two_sets(seed)
        pooled = replace(both, dataset=torch.zeros_like(both.dataset))
        alone = replace(pooled, train=both.train[:24])
        found.append([fitted(data, quality, seed) for data in (both, alone, pooled)])

    aligned, alone_, pooled_ = np.mean(found, axis=0)
    assert aligned > alone_ + 0.03
    assert aligned > pooled_


def test_teacher_and_student_learn_what_another_data_set_means() -> None:
    """Kind raters use the upper levels: the shift of either rises with the level."""
    data, _ = two_sets(0)
    teacher = teach(data, params=TEACH.model_copy(update={"epochs": 10}), seed=0)
    with initialisation(0):
        pupil = Student(Features(8), dim=PROBE.dim, levels=5, dropout=0.2, others=data.others)

    distill(
        pupil,
        teacher,
        data,
        params=DISTILL.model_copy(update={"mode": "joint", "a": 0.5}),
        seed=0,
    )

    for model in (teacher, pupil):
        assert model.alignment.shift[0, -1] > model.alignment.shift[0, 0]


class KilledError(Exception):
    """Stands for a kill between two epochs."""


def test_a_resumed_run_ends_with_the_same_bits(make_data: Make, tmp_path: Path) -> None:
    """Killed after epoch 3 and started again, or run through: the weights are the same.

    So is the curve: what came before the kill is told again.
    """
    data = make_data({"a": 0.4, "b": 0.6})
    taught = teach(data, params=BRIEFLY, seed=0)
    told: list[tuple[int, dict[str, float]]] = []

    def run(path: Path, *, kill: int | None = None) -> Student:
        pupil, teacher = student(), deepcopy(taught)  # which learns along

        def record(epoch: int, values: dict[str, float]) -> None:
            told.append((epoch, values))
            if epoch == kill:
                raise KilledError

        distill(
            pupil,
            teacher,
            data,
            params=DISTILL.model_copy(update={"mode": "joint", "a": 0.5, "epochs": 6}),
            expert_dropout=0.2,
            seed=0,
            checkpoint=Checkpoint(path, key="k"),
            record=record,
        )
        return pupil

    with pytest.raises(KilledError):
        run(tmp_path / "killed", kill=3)

    told.clear()
    resumed, curve = weights(run(tmp_path / "killed")), tuple(told)
    told.clear()
    assert torch.equal(resumed, weights(run(tmp_path / "through")))
    assert curve == tuple(told)


def test_a_checkpoint_of_other_inputs_is_not_resumed(make_data: Make, tmp_path: Path) -> None:
    """Changed params or data start anew; half-written files cannot be, but foreign ones can."""
    data = make_data({"a": 0.4, "b": 0.6})
    fresh = student()
    train_student(fresh, data, params=DISTILL, seed=0)
    path = tmp_path / "other"
    longer = DISTILL.model_copy(update={"epochs": 3})
    train_student(student(1), data, params=longer, seed=1, checkpoint=Checkpoint(path, "old"))

    pupil = student()
    train_student(pupil, data, params=DISTILL, seed=0, checkpoint=Checkpoint(path, "new"))

    assert torch.equal(weights(pupil), weights(fresh))


def test_training_views_are_drawn_and_whole_views_are_not() -> None:
    """A step sees some moments, in order, perhaps mirrored; scoring sees them all, as they are."""
    view = torch.arange(8 * 4 * 2 * 2, dtype=torch.uint8).reshape(8, 4, 2, 2).numpy()
    sight = Pictures([view], moments=3)

    drawn = sight.draw(torch.tensor([0]), torch.tensor([7]))
    whole = sight.whole(torch.tensor([0]))

    assert drawn.shape == (1, 3, 4, 2, 2)
    assert torch.equal(whole[0], torch.from_numpy(view))
    firsts = drawn[0, :, 0, 0, :].min(dim=1).values.tolist()
    assert firsts == sorted(firsts)
    assert all(first % 16 == 0 for first in firsts)


def test_a_video_is_drawn_by_its_own_seed() -> None:
    """Alone or among others it is the same, so that processes can share a batch."""
    views = torch.randint(256, (3, 8, 4, 2, 2), dtype=torch.uint8).numpy()
    sight = Pictures(list(views), moments=3)
    rows, seeds = torch.tensor([2, 0, 1]), torch.tensor([5, 6, 7])

    together = sight.draw(rows, seeds)

    apart = [sight.draw(rows[[n]], seeds[[n]]) for n in range(3)]
    assert torch.equal(together, torch.cat(apart))


def test_mixed_precision_keeps_full_weights(make_data: Make) -> None:
    """Layers compute in 16 bits; weights, losses and validation stay in 32, and it still learns."""
    data = make_data({"a": 0.4, "b": 0.6})
    mixed = {"precision": "bf16-mixed"}
    teacher = teach(data, params=BRIEFLY.model_copy(update=mixed), seed=0)
    full = teach(data, params=BRIEFLY, seed=0)
    pupil = student()

    distill(pupil, teacher, data, params=DISTILL.model_copy(update=mixed), seed=0)

    assert weights(teacher).dtype == weights(pupil).dtype == torch.float32
    assert not torch.equal(weights(teacher), weights(full))
    with torch.no_grad():
        assert srcc(predict_logits(pupil, data, data.validation), data) > 0.9


class Sums(torch.nn.Module):
    """A trunk of two numbers."""

    width, looks = 2, 1

    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))

    def forward(self, views: torch.Tensor) -> torch.Tensor:
        """Mean and spread of what a video shows."""
        flat = self.scale * views.float().flatten(1)
        return torch.stack([flat.mean(1), flat.std(1)], 1)


def test_a_student_learns_from_the_features_of_a_frozen_trunk_which_stays_as_it_was(
    make_data: Make, tmp_path: Path
) -> None:
    """Its student learns from the features, and scores pixels in the end."""
    data = make_data({"a": 0.4, "b": 0.6})
    rng = np.random.default_rng(0)
    spread = 20 + 20 * data.mos.numpy()[:, None, None, None, None]
    noise = 128 + spread * rng.standard_normal((len(data.mos), 2, 4, 8, 8))
    sight = Pictures(list(noise.clip(0, 255).astype(np.uint8)), moments=2)
    data = replace(data, sight=sight)
    trunk = Sums()
    with initialisation(0):
        pupil = Student(trunk, dim=8, levels=len(data.values), dropout=0.0)

    frozen = precompute_features(trunk, data, jobs=3)
    with on_precomputed_features(pupil):
        train_student(pupil, frozen, params=DISTILL, seed=0)

    rows = torch.cat([data.train, data.validation])
    assert isinstance(frozen.sight, Vectors)
    torch.testing.assert_close(frozen.sight.whole(rows), trunk(sight.whole(rows)).detach())
    saved = SavedFeatures(tmp_path / "trunk.safetensors", "key")
    alone = precompute_features(trunk, data, saved=saved, jobs=1)
    assert isinstance(alone.sight, Vectors)
    assert torch.equal(alone.sight.whole(rows), frozen.sight.whole(rows))
    # What is saved is not computed again, and what was saved of another key is not read.
    unseen = replace(data, sight=Pictures([], moments=2))
    again = precompute_features(trunk, unseen, saved=saved, jobs=1)
    assert isinstance(again.sight, Vectors)
    assert torch.equal(again.sight.whole(rows), frozen.sight.whole(rows))
    assert replace(saved, key="another").load() is None
    assert trunk.scale.item() == 1
    with torch.no_grad():
        assert srcc(predict_logits(pupil.eval(), data, data.validation), data) > 0.9
