"""What the features of a network say of the damage of scenes that it has not seen."""

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

from vq.pretrain.material import MOMENTS, Scene
from vq.pretrain.pictures import grids
from vq.pretrain.pixels import normalise

_FOLDS = 5

Describe = Callable[[Tensor], Float[Tensor, "batch dim"]]
"""From normalised pictures to pooled features."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a network makes of every version of every scene; moments are averaged."""

    scene: Int[np.ndarray, " versions"]
    feature: Float[np.ndarray, "versions dim"]


@torch.inference_mode()
def look(describe: Describe, scenes: Sequence[Scene]) -> Seen:
    """Show a network, which is in evaluation mode, the regular grid of patches of each version."""
    features = [
        describe(normalise(torch.from_numpy(grids(scene.pictures[:, moment]))))
        for scene in scenes
        for moment in range(len(MOMENTS))
    ]
    numbers = [np.full(len(scene.pictures), number) for number, scene in enumerate(scenes)]
    return Seen(np.concatenate(numbers), over_moments(features))


def over_moments(parts: Sequence[Tensor]) -> Float[np.ndarray, "versions dim"]:
    """Mean over the moments of each scene; versions of all scenes in one row."""
    means = [
        torch.stack(list(parts[i : i + len(MOMENTS)])).mean(0)
        for i in range(0, len(parts), len(MOMENTS))
    ]
    return torch.cat(means).numpy()


def probes(seen: Seen, blind: Seen, scenes: Sequence[Scene]) -> Mapping[str, float]:
    """Ask trained and untrained features how strong a distortion and how large a damage is.

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
    for name, who in (("probe", seen), ("untrained", blind)):
        measures[f"{name}_strength_srcc"] = probe(who, strength.sum(1), single)
        measures[f"{name}_damage_srcc"] = probe(who, damage, np.ones_like(single))
    return measures


def probe(
    seen: Seen, target: Float[np.ndarray, " versions"], rows: Bool[np.ndarray, " versions"]
) -> float:
    """Rank correlation of a target with its ridge prediction from features of other scenes."""
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 4, 9)))
    folds = GroupKFold(min(_FOLDS, len(np.unique(seen.scene))))
    said = cross_val_predict(
        model, seen.feature[rows], target[rows], groups=seen.scene[rows], cv=folds
    )
    return srcc(said, target[rows])


def srcc(said: Float[np.ndarray, " rows"], truth: Float[np.ndarray, " rows"]) -> float:
    """Spearman's rank correlation."""
    return float(spearmanr(said, truth).statistic)


def rounded(measures: Mapping[str, float | np.floating]) -> dict[str, float]:
    """As cards hold measures."""
    return {name: round(float(value), 4) for name, value in measures.items()}
