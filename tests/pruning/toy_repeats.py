"""Training data whose truth is known: who sees the true score, and who knows nothing."""

from dataclasses import replace

import numpy as np
import torch

from vq.data import score_distribution
from vq.training.training_data import TrainingData, Vectors

VALUES = score_distribution.values(1.0, 5.0, 5)
COUNT = 300


def make_repeats(seed: int, count: int = 2) -> list[TrainingData]:
    """The student sees little; each of two experts sees half of the truth.

    A third one is a blurred copy of the first; two know nothing. Labels are noisy.
    """
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(COUNT, 2))
    mos = np.clip(3 + half.sum(1) * 0.8, 1, 5)
    rated = np.clip(mos + 0.3 * rng.normal(size=COUNT), 1, 5)
    first, second = (0.1 * rng.normal(size=(COUNT, 4)) + half[:, [n]] for n in (0, 1))
    experts = {
        "first": first,
        "second": second,
        "copy": (first + 0.3 * rng.normal(size=first.shape))
        @ np.linalg.qr(rng.normal(size=(4, 4)))[0],
        "shuffled": np.maximum(first[rng.permutation(COUNT)] @ rng.normal(size=(4, 8)), 0),
        "noise": rng.normal(size=(COUNT, 6)),
    }
    features = {name: torch.from_numpy(value.astype("f")) for name, value in experts.items()}
    seen = half.sum(1)[:, None] + 2.0 * rng.normal(size=(COUNT, 8))
    one = TrainingData(
        features=features,
        target=torch.from_numpy(
            score_distribution.distribution(rated, np.full(COUNT, 0.5), VALUES)
        ),
        mos=torch.from_numpy(rated),
        values=torch.from_numpy(VALUES.astype("f")),
        train=torch.arange(200),
        validation=torch.arange(200, COUNT),
        dataset=torch.zeros(COUNT, dtype=torch.int64),
        content=torch.arange(COUNT),
        sight=Vectors(torch.from_numpy(seen.astype("f"))),
    )
    dealt = [torch.from_numpy(rng.permutation(COUNT)) for _ in range(count)]
    return [replace(one, train=d[:200].sort()[0], validation=d[200:].sort()[0]) for d in dealt]
