"""Trials on experts whose truth is known."""

import numpy as np
import pytest
import torch

from vq.data import levels
from vq.learn.lesson import Lesson, Vectors
from vq.prune import trial

VALUES = levels.values(1.0, 5.0, 5)


def lesson(seed: int) -> Lesson:
    """The student sees little; one expert knows the truth, another nothing; labels are noisy."""
    rng = np.random.default_rng(seed)
    mos = rng.uniform(1, 5, 300)
    seen = (mos[:, None] - 3 + 2.0 * rng.normal(size=(300, 8))).astype("f")
    rated = np.clip(mos + rng.normal(size=300), 1, 5)
    rated[:140] = np.nan
    experts = {
        "knows": mos[:, None] - 3 + 0.1 * rng.normal(size=(300, 4)),
        "noise": rng.normal(size=(300, 4)),
    }
    return Lesson(
        features={name: torch.from_numpy(value.astype("f")) for name, value in experts.items()},
        target=torch.from_numpy(levels.distribution(rated, np.full(300, 0.7), VALUES)),
        values=torch.from_numpy(VALUES.astype("f")),
        train=torch.arange(200),
        validation=torch.arange(200, 300),
        dataset=torch.zeros(300, dtype=torch.int64),
        sight=Vectors(torch.from_numpy(seen)),
    )


@pytest.mark.slow
def test_a_trial_tells_a_good_expert_from_noise() -> None:
    """By the expert's own head, clearly; the students differ from the undistilled one, repeatably.

    That the student of the good expert is better is no rule: see EXPERIMENTS.md.
    """
    torch.set_num_threads(1)
    lessons = [lesson(seed) for seed in range(2)]

    knows = trial.effect(("knows",), lessons, seed=0)
    noise = trial.effect(("noise",), lessons, seed=0)

    assert knows.teacher.mean() > noise.teacher.mean() + 0.3
    assert (knows.student > 0.4).all()
    assert (knows.student != trial.plain(lessons, seed=0)).any()
    assert (knows.student == trial.effect(("knows",), lessons, seed=0).student).all()
