"""Training data with a known truth: features that tell the mos, more or less."""

import numpy as np
import torch

from vq.data import score_distribution
from vq.training.training_data import TrainingData, Vectors

VALUES = score_distribution.values(1.0, 5.0, 5)


def make_data(
    noise: dict[str, float], *, videos: int = 120, unlabelled: int = 0, seed: int = 0
) -> TrainingData:
    """Experts see the mos through noise; `noise` gives each expert's share of it."""
    rng = np.random.default_rng(seed)
    mos = rng.uniform(1, 5, videos)
    features = {
        name: torch.from_numpy(
            (share * rng.normal(size=(videos, 6)) + (1 - share) * (mos[:, None] - 3)).astype("f")
        )
        for name, share in noise.items()
    }
    mos[:unlabelled] = np.nan
    target = score_distribution.distribution(mos, np.full(videos, 0.7), VALUES)
    first = videos * 2 // 3
    return TrainingData(
        features=features,
        target=torch.from_numpy(target),
        mos=torch.from_numpy(mos),
        values=torch.from_numpy(VALUES.astype("f")),
        train=torch.arange(first),
        validation=torch.arange(first, videos),
        dataset=torch.zeros(len(target), dtype=torch.int64),
        content=torch.arange(len(target)),
        sight=Vectors(next(iter(features.values()))),
    )
