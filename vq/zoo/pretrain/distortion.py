"""The recipe of `distortion`: tell type and strength of distortions in procedural scenes.

    vq pretrain distortion --seed 7

Expected on scenes held out: see `vq/zoo/weights/distortion.json`.
"""

import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vq.data.demo import scenes as demo
from vq.zoo.builtin import Card
from vq.zoo.pretrain import material
from vq.zoo.pretrain.cut import PATCH_PX
from vq.zoo.pretrain.judge import measure
from vq.zoo.pretrain.loop import GRIDS, Settings, fit, threads
from vq.zoo.pretrain.network import ARCHITECTURE, LEVELS, MEAN, STD, Pretext

log = logging.getLogger(__name__)

VERSION = 2

_TRAIN, _HELD_OUT, _PHOTOGRAPH = range(3)
"""Second number of a scene's seed: the same seed of the recipe never gives one scene two roles."""


@dataclass(frozen=True)
class Amount:
    """How much material is made."""

    scenes: int = 640
    held_out: int = 24
    types: int = 6
    """Distortions of a training scene, at two strengths each; held-out scenes have all."""
    mixed: int = 2
    """Versions of a scene with two distortions."""
    workers: int = 2


def make(
    *,
    seed: int,
    amount: Amount,
    settings: Settings,
    photographs: bool = True,
) -> tuple[Pretext, Card]:
    """Make the material, train on most of it, measure on the rest.

    Args:
        seed: of material and training.
        amount: of material.
        settings: of the training.
        photographs: whether the photographs of the demo are looked at in the end; they never
            train, and no choice here is made by them.

    Returns:
        The network in evaluation mode, and its card, whose hash `builtin.save` will set.
    """
    began = time.monotonic()
    with TemporaryDirectory(prefix="vq-pretrain-") as temporary:
        folder = Path(temporary)
        some = [_job(seed, _TRAIN, n, amount.types, amount) for n in range(amount.scenes)]
        train = list(material.generate(folder / "train", some, workers=amount.workers))
        log.info("%d scenes to train on after %.0f s", len(train), time.monotonic() - began)
        network = fit(train, settings, seed=seed)
        every = len(material.TYPES)
        judged = {
            "scenes held out": [
                _job(seed, _HELD_OUT, n, every, amount) for n in range(amount.held_out)
            ]
        }
        if photographs:
            judged["photographs"] = [
                {**_job(seed, _PHOTOGRAPH, number, every, amount), "content": name}
                for number, name in enumerate(demo.SCENES)
                if name.startswith("photo:")
            ]
        # Steps of length 0: random weights, but normalisations that have seen the material.
        untrained = fit(train, replace(settings, steps=50, learning_rate=0.0), seed=seed)
        validation = {}
        for name, jobs in judged.items():
            scenes = list(material.generate(folder / name, jobs, workers=amount.workers))
            with threads(settings.threads):
                validation[name] = dict(measure(network, untrained, scenes))
    for name, measures in validation.items():
        log.info("%s: %s", name, measures)
    card = Card(
        name="distortion",
        version=VERSION,
        architecture=ARCHITECTURE,
        levels=LEVELS,
        mean=MEAN,
        std=STD,
        sides_px=tuple(PATCH_PX * grid for grid in GRIDS),
        pretext="class and strength of the distortion, gradient deviation (GMSD) from the pristine "
        "picture, and which of two strengths of one distortion of one content is the stronger",
        classes=material.CLASSES,
        data="procedural scenes of vq.data.demo.scenes, none of them in the demo, no photograph; "
        "distorted as in the demo and by real encoders",
        recipe=f"vq pretrain distortion --seed {seed}",
        seed=seed,
        minutes=round((time.monotonic() - began) / 60, 1),
        settings={**asdict(amount), **asdict(settings)},
        validation=validation,
        licence="Apache-2.0",
        sha256="0" * 64,
    )
    return network, card


def _job(seed: int, role: int, number: int, types: int, amount: Amount) -> dict[str, Any]:
    return {"seed": (seed, role, number), "types": types, "mixed": amount.mixed}
