"""Lessons with a known truth: features that tell the mos, more or less."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from vq.data import levels
from vq.learn.lesson import Lesson, Vectors

VALUES = levels.values(1.0, 5.0, 5)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Tests run side by side; threads of one would wait for those of another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_lesson() -> Callable[..., Lesson]:
    """A lesson whose experts see the mos through noise; `noise` gives each expert's share of it."""

    def make(
        noise: dict[str, float], *, videos: int = 120, unlabelled: int = 0, seed: int = 0
    ) -> Lesson:
        rng = np.random.default_rng(seed)
        mos = rng.uniform(1, 5, videos)
        features = {
            name: torch.from_numpy(
                (share * rng.normal(size=(videos, 6)) + (1 - share) * (mos[:, None] - 3)).astype(
                    "f"
                )
            )
            for name, share in noise.items()
        }
        mos[:unlabelled] = np.nan
        target = levels.distribution(mos, np.full(videos, 0.7), VALUES)
        first = videos * 2 // 3
        return Lesson(
            features=features,
            target=torch.from_numpy(target),
            values=torch.from_numpy(VALUES.astype("f")),
            train=torch.arange(first),
            validation=torch.arange(first, videos),
            sight=Vectors(next(iter(features.values()))),
        )

    return make
