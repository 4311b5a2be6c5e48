"""How well a trained network does on scenes that it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import spearmanr
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vq.zoo.pretrain.cut import cut, spread
from vq.zoo.pretrain.material import MOMENTS, TYPES, Scene
from vq.zoo.pretrain.network import Pretext, normalise

_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Seen:
    """What a network makes of every version of every scene; moments are averaged."""

    scene: Int[np.ndarray, " versions"]
    kind: Float[np.ndarray, "versions classes"]
    strength: Float[np.ndarray, "versions types"]
    damage: Float[np.ndarray, " versions"]
    feature: Float[np.ndarray, "versions dim"]
    """Pooled features of the backbone alone."""


@torch.inference_mode()
def look(network: Pretext, scenes: Sequence[Scene]) -> Seen:
    """Show a network, which is in evaluation mode, the regular grid of patches of each version."""
    answers, features, numbers = [], [], []
    for number, scene in enumerate(scenes):
        places = spread(*scene.pictures.shape[2:4])
        for moment in range(len(MOMENTS)):
            frames = scene.pictures[:, moment]
            pictures = normalise(torch.from_numpy(np.stack([cut(f, places) for f in frames])))
            feature = network.feature(pictures)
            answers.append(network.answer(feature))
            features.append(feature)
        numbers += [number] * len(scene.pictures)
    return Seen(
        np.array(numbers),
        _over_moments([answer.kind.softmax(1) for answer in answers]),
        _over_moments([answer.strength for answer in answers]),
        _over_moments([answer.damage for answer in answers]),
        _over_moments(features),
    )


def _over_moments(parts: list[torch.Tensor]) -> np.ndarray:
    """Mean over the moments of each scene; versions of all scenes in one row."""
    means = [
        sum(parts[i : i + len(MOMENTS)]) / len(MOMENTS) for i in range(0, len(parts), len(MOMENTS))
    ]
    return torch.cat(means).numpy()


def measure(network: Pretext, untrained: Pretext, scenes: Sequence[Scene]) -> Mapping[str, float]:
    """Compare what a network says of scenes with what was done to them.

    Returns:
        kind_accuracy: share of versions with one distortion or none whose class is told.
        strength_srcc: rank correlation of told and true strength, mean over the types.
        damage_srcc: the same of damage, over all versions.
        order_accuracy: share of pairs told in the right order.
        probe_strength_srcc, probe_damage_srcc: of a ridge regression on the pooled features,
            cross-validated over scenes; strength is that of versions with one distortion,
            whatever its type.
        untrained_strength_srcc, untrained_damage_srcc: the same on a network with random weights.
    """
    kind = np.concatenate([scene.kind for scene in scenes])
    strength = np.concatenate([scene.strength for scene in scenes])
    damage = np.concatenate([scene.damage.mean(1) for scene in scenes])
    starts = np.cumsum([0, *(len(scene.kind) for scene in scenes[:-1])])
    pairs = np.concatenate(
        [scene.pairs + start for scene, start in zip(scenes, starts, strict=True)]
    )
    pure, single = kind.max(1) == 1, (strength > 0).sum(1) == 1
    seen, blind = look(network, scenes), look(untrained, scenes)
    measures = {
        "kind_accuracy": np.mean(seen.kind[pure].argmax(1) == kind[pure].argmax(1)),
        "strength_srcc": np.mean(
            [
                spearmanr(seen.strength[rows, column], strength[rows, column]).statistic
                for column in range(len(TYPES))
                if (rows := single & (strength[:, column] > 0)).sum() > 2
            ]
        ),
        "damage_srcc": spearmanr(seen.damage, damage).statistic,
        "order_accuracy": np.mean(seen.damage[pairs[:, 0]] < seen.damage[pairs[:, 1]]),
    }
    for name, who in (("probe", seen), ("untrained", blind)):
        measures[f"{name}_strength_srcc"] = probe(who, strength.sum(1), single)
        measures[f"{name}_damage_srcc"] = probe(who, damage, np.ones_like(single))
    return {name: round(float(value), 4) for name, value in measures.items()}


def probe(
    seen: Seen, target: Float[np.ndarray, " versions"], rows: Bool[np.ndarray, " versions"]
) -> float:
    """Rank correlation of a target with its ridge prediction from features of other scenes."""
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(0, 4, 9)))
    folds = GroupKFold(min(_FOLDS, len(np.unique(seen.scene))))
    said = cross_val_predict(
        model, seen.feature[rows], target[rows], groups=seen.scene[rows], cv=folds
    )
    return float(spearmanr(said, target[rows]).statistic)
