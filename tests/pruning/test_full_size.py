"""Trials at the full fidelity, on pictures whose noise is their quality."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.pruning.toy_repeats import VALUES
from vq.data import score_distribution
from vq.params import Expert
from vq.pruning.full_size import Full, Tuned, tunable
from vq.pruning.trial import Trial
from vq.training.training_data import Pictures, TrainingData
from vq.video.views import ViewSpec
from vq.zoo import catalog

SPEC = ViewSpec(moments=2, grid=2, patch_px=32)
COUNT = 60


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in the stage."""
    torch.set_num_threads(1)


def trunk(name: str) -> Tuned | None:
    """A built-in expert, as a trial fine-tunes it."""
    return tunable(catalog.create(name, Expert()), "mean_std")


def data() -> TrainingData:
    """Grey pictures with noise: the more of it, the worse the MOS. One expert has been told."""
    rng = np.random.default_rng(0)
    noise = rng.uniform(0, 60, COUNT)
    side = SPEC.side_px
    views = 128 + noise[:, None, None, None, None] * rng.normal(size=(COUNT, 2, 4, side, side))
    mos = np.clip(5 - noise / 15, 1, 5)
    told = noise[:, None] / 20 + 0.5 * rng.normal(size=(COUNT, 4))
    return TrainingData(
        features={
            "distortion": torch.from_numpy(rng.normal(size=(COUNT, 8)).astype("f")),
            "told": torch.from_numpy(told.astype("f")),
        },
        target=torch.from_numpy(score_distribution.distribution(mos, np.full(COUNT, 0.5), VALUES)),
        mos=torch.from_numpy(mos),
        values=torch.from_numpy(VALUES.astype("f")),
        train=torch.arange(40),
        validation=torch.arange(40, COUNT),
        dataset=torch.zeros(COUNT, dtype=torch.int64),
        content=torch.arange(COUNT),
        sight=Pictures(list(views.clip(0, 255).astype(np.uint8)), moments=2),
    )


def test_the_last_blocks_learn_alone() -> None:
    """A quarter of the tensors moves in a step; the expert itself stays as it was."""
    expert = catalog.create("distortion", Expert())
    tuned = tunable(expert, "mean_std")
    assert tuned is not None
    own = expert.network.module  # type: ignore[attr-defined]
    before = [parameter.clone() for parameter in own.parameters()]
    views = torch.randint(0, 256, (3, 2, 4, 64, 64), dtype=torch.uint8)
    learning = [parameter for parameter in tuned.parameters() if parameter.requires_grad]

    said = tuned(views)
    said.square().mean().backward()
    torch.optim.SGD(learning, lr=0.1).step()

    assert said.shape == (3, tuned.width) == (3, 2 * expert.dim)
    pairs = zip(before, tuned.network.parameters(), strict=True)
    moved = [not torch.equal(old, new) for old, new in pairs]
    held = len(moved) - round(len(moved) / 4)
    assert not any(moved[:held])
    assert any(moved[held:])
    assert all(map(torch.equal, before, own.parameters()))


def test_it_says_what_the_expert_says() -> None:
    """Before it is trained: the rows of the same pictures, fused."""
    expert = catalog.create("distortion", Expert())
    tuned = trunk("distortion")
    views = torch.randint(0, 256, (1, 2, 4, 64, 64), dtype=torch.uint8)

    assert tuned is not None
    with torch.inference_mode():
        found = tuned.eval()(views)[0].numpy()

    rows = expert.describe(views[0, :, :3].permute(0, 2, 3, 1).contiguous().numpy())
    expected = np.concatenate([rows.mean(0), rows.std(0)])
    assert found == pytest.approx(expected, abs=1e-3 * float(np.abs(expected).max()))


def test_who_cannot_be_tuned() -> None:
    """What learnt nothing, and what sees clips."""
    assert trunk("spatial_statistics") is None
    assert trunk("motion") is None


@pytest.mark.slow
def test_a_full_trial_trains_on_pixels() -> None:
    """The tuned expert and the students see the noise, though the expert's feature is nonsense."""
    tuned = trunk("distortion")
    assert tuned is not None
    full = Full({"distortion": tuned}, "views")
    given = [data()]

    alone = full.effect(Trial(("distortion",), student=True), given, seed=0)
    pair = full.effect(Trial(("distortion", "told"), student=False), given, seed=0)
    nobody = full.effect(Trial((), student=True), given, seed=0)
    frozen = replace(full, trunks={}).effect(Trial(("distortion",), student=False), given, seed=0)

    assert alone.teacher[0] > 0.8
    assert alone.student[0] > 0.8
    assert nobody.student[0] > 0.8
    assert np.isnan(nobody.teacher[0])
    assert np.isnan(pair.student[0])
    assert 0.5 < pair.teacher[0] < 0.99
    assert frozen.teacher[0] < 0.6
    again = full.effect(Trial(("distortion",), student=True), given, seed=0)
    assert (again.teacher == alone.teacher).all()
    assert (again.student == alone.student).all()
