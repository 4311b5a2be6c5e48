"""Predictions of fitted models, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float32

from vq.data.score_distribution import expectation
from vq.models.teacher import Teacher
from vq.training.probe_recipe import PROBE
from vq.training.teach import teach
from vq.training.training_data import TrainingData


@dataclass(frozen=True, eq=False)
class Prediction:
    """A teacher's prediction; row n is of the n-th video."""

    score: Float32[np.ndarray, " videos"]
    importance: Float32[np.ndarray, "videos experts"]
    experts: tuple[str, ...]


@torch.inference_mode()
def teacher(
    model: Teacher,
    features: Mapping[str, Float[np.ndarray, "videos ..."]],
    values: Float[np.ndarray, " levels"],
) -> Prediction:
    """Apply a fitted teacher to initial features."""
    first = model.eval()(
        {
            name: torch.from_numpy(np.asarray(features[name], np.float32))
            for name in model.shape.experts
        }
    )
    levels = first.logits.softmax(1).numpy()
    return Prediction(
        score=expectation(levels, values.astype(np.float64)).astype(np.float32),
        importance=first.importance.numpy(),
        experts=tuple(model.shape.experts),
    )


def single(data: TrainingData, name: str, *, seed: int) -> Float32[np.ndarray, " videos"]:
    """Scores of one expert with a head of its own, fitted on the training videos: a baseline."""
    alone = replace(data, features={name: data.features[name]})
    head = teach(alone, params=PROBE, seed=seed)
    return teacher(head, {name: data.features[name].numpy()}, data.values.numpy()).score
