"""Trials on experts whose truth is known."""

import numpy as np
import pytest
import torch

from vq.data import levels
from vq.learn.lesson import Lesson, Vectors
from vq.prune import trial


@pytest.mark.slow
def test_a_good_expert_teaches_more_than_noise() -> None:
    """The student sees little; what an expert knows of the rest reaches it, noise does not."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    mos = rng.uniform(1, 5, 200)
    values = levels.values(1.0, 5.0, 5)
    seen = (mos[:, None] - 3 + 2.0 * rng.normal(size=(200, 8))).astype("f")
    knows = np.concatenate([seen, (mos[:, None] - 3)], 1).astype("f")
    # Few labels, and noisy ones: the more a teacher has to say.
    target = levels.distribution(
        np.clip(mos + rng.normal(size=200), 1, 5), np.full(200, 0.7), values
    )
    lesson = Lesson(
        features={
            "knows": torch.from_numpy(knows),
            "noise": torch.from_numpy(rng.normal(size=(200, 8)).astype("f")),
        },
        target=torch.from_numpy(target),
        values=torch.from_numpy(values.astype("f")),
        train=torch.arange(100),
        validation=torch.arange(100, 200),
        sight=Vectors(torch.from_numpy(seen)),
    )

    knows_effect = trial.effect(("knows",), [lesson], seed=0)
    noise_effect = trial.effect(("noise",), [lesson], seed=0)

    assert knows_effect.teacher[0] > noise_effect.teacher[0] + 0.3
    assert knows_effect.student[0] > noise_effect.student[0]
