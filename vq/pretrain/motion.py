"""The recipe of `motion`: tell how time passes in a clip, and what else is restless in it.

    vq pretrain motion --seed 7

Expected on scenes held out: see `vq/models/weights/motion.json`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional

from vq.models.architectures import Factorised
from vq.pretrain import playback_speed
from vq.pretrain.crops import crop, shuffled
from vq.pretrain.linear_probe import SceneFeatures, probe, rounded, srcc
from vq.pretrain.loop import Settings
from vq.pretrain.multi_head import MultiHead
from vq.pretrain.pixels import normalise_clips
from vq.pretrain.playback_speed import FRAMES, UNREST, Played
from vq.pretrain.recipe import Recipe

CLIP_FRAMES = 4
"""As `extract.clip_frames` has them."""
LEVELS = (0, 1, 2, 3)
SIDES_PX = (80, 96, 112)
"""Of the square that is seen of a clip: motion needs room."""
HAPPENS = ("repeated", "backward", "uneven")
QUESTIONS = {"happens": len(HAPPENS), "repeats": 1, "speed": 1, "strength": len(UNREST)}


@dataclass(frozen=True, eq=False)
class Truth:
    """Ground truth of a batch of clips."""

    happens: Float[Tensor, "batch 3"]
    """Whether a frame is repeated, one comes too early, or steps of time differ, but for 0."""
    repeats: Float[Tensor, " batch"]
    """Share of frames that show what the one before did."""
    speed: Float[Tensor, " batch"]
    """Binary logarithm of the mean step of those that do not, in frames; NaN where all repeat."""
    strength: Float[Tensor, "batch unrest"]
    """Strength of each of `playback_speed.UNREST`, 0 where it is absent."""


def truth(
    shown: Int[np.ndarray, "batch time"], strength: Float[np.ndarray, "batch unrest"]
) -> Truth:
    """Ground truth of clips, from the numbers of the source frames that they show."""
    steps = np.diff(shown, axis=1)
    moves = np.where(steps == 0, np.nan, np.abs(steps).astype(float))
    moved = (steps != 0).any(1)
    # A clip without any motion has no speed, and numpy has no mean of nothing.
    valid = np.where(moved[:, None], moves, 1.0)
    happens = np.stack(
        [(steps == 0).any(1), (steps < 0).any(1), np.nanmax(valid, 1) != np.nanmin(valid, 1)], 1
    )
    speed = np.where(moved, np.log2(np.nanmean(valid, 1)), np.nan)
    return Truth(
        *(
            torch.from_numpy(np.asarray(value, np.float32))
            for value in (happens, (steps == 0).mean(1), speed, strength)
        )
    )


def batches(
    scenes: Sequence[Played], settings: Settings, rng: np.random.Generator
) -> Iterator[tuple[Float[Tensor, "batch 3 time side side"], Truth]]:
    """Endless: every few neighbouring frames of every version once, then in another order."""
    every = np.array(
        [
            (number, version, start)
            for number, scene in enumerate(scenes)
            for version in range(len(scene.frames))
            for start in range(FRAMES - CLIP_FRAMES + 1)
        ]
    )
    for chosen in shuffled(every, settings.pairs, rng):
        side_px = int(rng.choice(SIDES_PX))
        parts = [(scenes[n], version, slice(at, at + CLIP_FRAMES)) for n, version, at in chosen]
        clips = [crop(list(s.frames[version, when]), side_px, rng) for s, version, when in parts]
        yield (
            normalise_clips(torch.from_numpy(np.stack([np.stack(clip) for clip in clips]))),
            truth(
                np.stack([scene.shown[version, when] for scene, version, when in parts]),
                np.stack([scene.strength[version] for scene, version, _ in parts]),
            ),
        )


def build() -> MultiHead:
    """A factorised video network with its heads."""
    return MultiHead(Factorised(), channels=Factorised.channels, levels=LEVELS, questions=QUESTIONS)


def loss(network: nn.Module, batch: tuple[Tensor, Truth]) -> Float[Tensor, ""]:
    """Cross entropy of what happens, and distance of what is more or less."""
    clips, true = batch
    predicted = network(clips)
    moves = ~true.speed.isnan()
    happens = functional.binary_cross_entropy_with_logits(predicted["happens"], true.happens)
    far = [
        functional.smooth_l1_loss(one, other, beta=0.1)
        for one, other in (
            (predicted["repeats"].squeeze(1), true.repeats),
            (predicted["speed"].squeeze(1)[moves], true.speed[moves]),
            (predicted["strength"], true.strength),
        )
    ]
    return happens + 2 * torch.stack(far).sum()


@torch.inference_mode()
def predict(
    network: MultiHead, scenes: Sequence[Played]
) -> tuple[Mapping[str, Float[np.ndarray, "versions _"]], SceneFeatures]:
    """Outputs of the heads for the middle frames of each version, and the features behind them."""
    features = [
        network.feature(normalise_clips(torch.from_numpy(np.array(scene.frames[:, MIDDLE]))))
        for scene in scenes
    ]
    number = np.concatenate([np.full(len(part), n) for n, part in enumerate(features)])
    feature = torch.cat(features)
    outputs = {name: value.numpy() for name, value in network.answer(feature).items()}
    return outputs, SceneFeatures(number, feature.numpy())


MIDDLE = slice((FRAMES - CLIP_FRAMES) // 2, (FRAMES + CLIP_FRAMES) // 2)


def measure(
    network: MultiHead, untrained: MultiHead, scenes: Sequence[Played]
) -> Mapping[str, float]:
    """Compare predictions for clips with what happens in them.

    Returns:
        repeated_auc, backward_auc, uneven_auc: area under the ROC curve of each of `HAPPENS`.
        repeats_srcc, speed_srcc: rank correlation of prediction and truth; speed where
            anything moves.
        flicker_srcc, grain_srcc, shake_srcc: the same of strength, absent ones among them.
        probe_repeats_srcc, probe_speed_srcc, probe_unrest_srcc: of a ridge regression on the
            features, cross-validated over scenes; unrest is the strength of whatever there is.
        untrained_...: the same on a network with random weights.
        There is no measure of what happens in no clip, or in all.
    """
    true = truth(
        np.concatenate([scene.shown[:, MIDDLE] for scene in scenes]),
        np.concatenate([scene.strength for scene in scenes]),
    )
    happens, repeats, speed, strength = (
        value.numpy() for value in (true.happens, true.repeats, true.speed, true.strength)
    )
    moves: Bool[np.ndarray, " versions"] = ~np.isnan(speed)
    outputs, trained = predict(network, scenes)
    _, baseline = predict(untrained, scenes)
    measures = {
        f"{name}_auc": roc_auc_score(happens[:, column], outputs["happens"][:, column])
        for column, name in enumerate(HAPPENS)
        if 0 < happens[:, column].mean() < 1
    }
    measures["repeats_srcc"] = srcc(outputs["repeats"][:, 0], repeats)
    measures["speed_srcc"] = srcc(outputs["speed"][moves, 0], speed[moves])
    for column, name in enumerate(UNREST):
        if strength[:, column].any():
            measures[f"{name}_srcc"] = srcc(outputs["strength"][:, column], strength[:, column])
    for name, features in (("probe", trained), ("untrained", baseline)):
        measures[f"{name}_repeats_srcc"] = probe(features, repeats, np.ones_like(moves))
        measures[f"{name}_speed_srcc"] = probe(features, speed, moves)
        measures[f"{name}_unrest_srcc"] = probe(features, strength.sum(1), np.ones_like(moves))
    return rounded(measures)


RECIPE = Recipe(
    name="motion",
    version=1,
    amount=playback_speed.Takes(),
    settings=Settings(steps=800, pairs=24),
    facts={
        "architecture": "factorised3d",
        "kind": "clip",
        "levels": LEVELS,
        "sides_px": SIDES_PX,
        "pretext": "whether frames of a clip repeat, come in the wrong order or after uneven "
        "steps, how fast time passes, and how much frames flicker, are grainy or shake",
        "classes": playback_speed.CLASSES,
        "data": "procedural scenes of vq.synthetic.demo.scenes, none of them in the demo, no "
        "photograph; played in known ways and encoded by real encoders",
    },
    material=playback_speed.scenes,
    build=build,
    batches=batches,
    loss=loss,
    measure=measure,
    ship=lambda network: (network.backbone, network.folded()),
)
