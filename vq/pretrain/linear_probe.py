"""Linear probes: how well features of a network predict the damage of unseen scenes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import spearmanr
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from vq.pretrain.crops import grids
from vq.pretrain.material import MOMENTS, Scene
from vq.pretrain.pixels import normalise

_FOLDS = 5

Describe = Callable[[Tensor], Float[Tensor, "batch dim"]]
"""From normalised pictures to pooled features."""


@dataclass(frozen=True, eq=False)
class SceneFeatures:
    """Features of every version of every scene; moments are averaged."""

    scene: Int[np.ndarray, " versions"]
    feature: Float[np.ndarray, "versions dim"]


@torch.inference_mode()
def extract(describe: Describe, scenes: Sequence[Scene]) -> SceneFeatures:
    """Features of the regular grid of patches of each version, by a network in evaluation mode."""
    features = [
        describe(normalise(torch.from_numpy(grids(scene.pictures[:, moment]))))
        for scene in scenes
        for moment in range(len(MOMENTS))
    ]
    numbers = [np.full(len(scene.pictures), number) for number, scene in enumerate(scenes)]
    return SceneFeatures(np.concatenate(numbers), over_moments(features))


def over_moments(parts: Sequence[Tensor]) -> Float[np.ndarray, "versions dim"]:
    """Mean over the moments of each scene; versions of all scenes in one row."""
    means = [
        torch.stack(list(parts[i : i + len(MOMENTS)])).mean(0)
        for i in range(0, len(parts), len(MOMENTS))
    ]
    return torch.cat(means).numpy()


def probes(
    trained: SceneFeatures, untrained: SceneFeatures, scenes: Sequence[Scene]
) -> Mapping[str, float]:
    """Predict strength and damage of distortions from trained and from untrained features.

    Returns:
        probe_strength_srcc, probe_damage_srcc: rank correlation of the truth with a ridge
            regression on the features, cross-validated over scenes; strength is that of versions
            with one distortion, whatever its type.
        untrained_strength_srcc, untrained_damage_srcc: the same on a network with random weights.
    """
    strength = np.concatenate([scene.strength for scene in scenes])
    damage = np.concatenate([scene.damage.mean(1) for scene in scenes])
    single = (strength > 0).sum(1) == 1
    measures = {}
    for name, features in (("probe", trained), ("untrained", untrained)):
        measures[f"{name}_strength_srcc"] = probe(features, strength.sum(1), single)
        measures[f"{name}_damage_srcc"] = probe(features, damage, np.ones_like(single))
    return measures


def probe(
    features: SceneFeatures,
    target: Float[np.ndarray, " versions"],
    rows: Bool[np.ndarray, " versions"],
) -> float:
    """Rank correlation of a target with its ridge prediction from features of other scenes."""
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 4, 9)))
    folds = GroupKFold(min(_FOLDS, len(np.unique(features.scene))))
    predicted = cross_val_predict(
        model, features.feature[rows], target[rows], groups=features.scene[rows], cv=folds
    )
    return srcc(predicted, target[rows])


def srcc(predicted: Float[np.ndarray, " rows"], truth: Float[np.ndarray, " rows"]) -> float:
    """Spearman's rank correlation."""
    return float(spearmanr(predicted, truth).statistic)


def rounded(measures: Mapping[str, float | np.floating]) -> dict[str, float]:
    """As cards hold measures."""
    return {name: round(float(value), 4) for name, value in measures.items()}
