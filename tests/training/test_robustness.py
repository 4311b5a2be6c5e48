"""A student that has learnt that cheap edits add nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vq.inference import cheap_edits
from vq.models import student_files
from vq.models.student import Student
from vq.params import Robust
from vq.training.loop import initialisation
from vq.training.probe_recipe import PROBE_STUDENT
from vq.training.robustness import resist_edits
from vq.training.training_data import Pictures, TrainingData, Vectors

ROBUST = Robust(epochs=20, videos=12, chains=2, batch=4, learning_rate=3e-4)
SIDE = 64


COARSE = np.random.default_rng(0).integers(0, 256, (16, 2, 4, 8, 8), np.uint8)
VIEWS = COARSE.repeat(SIDE // 8, -1).repeat(SIDE // 8, -2)
"""Of smooth pictures that move."""


def student(*, dither: float = 0.0) -> Student:
    """One that knows distortions, and that says something else of every video."""
    with initialisation(3):
        model = student_files.build(
            None, start="distortion", stages=None, dither=dither, dim=16, levels=5
        ).eval()
    with torch.no_grad():
        model.standard.fit(model.trunk(torch.from_numpy(VIEWS)))
        model.head.weight.mul_(4)
    return model


def data() -> TrainingData:
    """Videos that nobody has rated."""
    videos = len(VIEWS)
    rows = torch.arange(videos)
    return TrainingData(
        features={},
        target=torch.full((videos, 5), torch.nan),
        mos=torch.full((videos,), torch.nan),
        values=torch.linspace(1, 5, 5),
        train=rows[:12],
        validation=rows[12:],
        dataset=torch.zeros(videos, dtype=torch.long),
        content=rows,
        sight=Pictures(list(VIEWS), 2),
    )


def gain(model: Student, material: TrainingData) -> float:
    """What the best of twenty chains adds to the score of a validation video, on average."""
    gains = []
    for row in material.validation.tolist():
        view = VIEWS[row]
        rng = np.random.default_rng(row)
        edited = [_edited(view, cheap_edits.draw(rng)) for _ in range(20)]
        scores = score(model, np.stack([view, *edited]))
        gains.append(float(scores.max() - scores[0]))
    return float(np.mean(gains))


def score(model: Student, views: np.ndarray) -> np.ndarray:
    """Expected levels."""
    with torch.inference_mode():
        return (model(torch.from_numpy(views)).logits.softmax(1) @ torch.linspace(1, 5, 5)).numpy()


def _edited(view: np.ndarray, chain: cheap_edits.Chain) -> np.ndarray:
    frames = cheap_edits.apply(view[:, :3].transpose(0, 2, 3, 1), chain)
    top, left = (np.array(frames.shape[1:3]) - SIDE) // 2
    colours = frames[:, top : top + SIDE, left : left + SIDE].transpose(0, 3, 1, 2)
    return np.concatenate([colours, view[:, 3:]], 1)


def test_edits_add_less_and_scores_stay() -> None:
    """A third less at least than they added; videos by themselves are scored much as before."""
    material, model = data(), student()
    before, added = score(model, VIEWS), gain(model, material)

    resist_edits(model, material, params=PROBE_STUDENT, robust=ROBUST, seed=0)

    assert gain(model, material) < 0.7 * added
    assert np.corrcoef(score(model, VIEWS), before)[0, 1] > 0.8


def test_same_seed_same_bits() -> None:
    """And another seed, another student."""
    brief = ROBUST.model_copy(update={"epochs": 1})
    states = []
    for seed in (0, 0, 1):
        model = student()
        resist_edits(model, data(), params=PROBE_STUDENT, robust=brief, seed=seed)
        states.append(torch.cat([value.flatten() for value in model.state_dict().values()]))

    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_cached_features_cannot_be_edited() -> None:
    """It is a mistake of the caller, and is said."""
    vectors = replace(data(), sight=Vectors(torch.zeros(16, 4)))
    with pytest.raises(ValueError, match="sees no pictures"):
        resist_edits(student(), vectors, params=PROBE_STUDENT, robust=ROBUST, seed=0)


def test_dither_hides_fainter_grain() -> None:
    """Grain of one grey level changes scores less under noise of eight; dither is no weight."""
    faint = cheap_edits.grain(VIEWS[:, 0, :3].transpose(0, 2, 3, 1), 1 / 16)
    views = VIEWS[:, :1].copy()
    views[:, 0, :3] = faint.transpose(0, 3, 1, 2)

    def moved(dither: float) -> float:
        model = student(dither=dither)
        plain = score(model, VIEWS[:, :1])
        return float(np.abs(score(model, views) - plain).mean())

    assert moved(8.0) < moved(0.0) / 2
    assert student(dither=8.0).state_dict().keys() == student().state_dict().keys()
