"""Ladders: one chain of damage at rising strengths, so that order needs no label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from vq.footage.filmed import damage_steps
from vq.footage.filmed.photo_camera import Clip

CAPTURE = (
    "defocus", "motion_blur", "sensor_noise", "under_exposure", "over_exposure", "softness",
    "cast", "flicker",
)  # fmt: skip
EDIT = ("rescale", "sharpen", "denoise", "grain", "contrast", "banding")
PLATFORM = ("libx264", "libx265", "libvpx-vp9", "mpeg4", "rendition")
DELIVERY = ("freeze", "drop", "lost_packets")


@dataclass(frozen=True)
class Link:
    """A step of a chain."""

    step: str
    """One of `chains.STEPS`."""
    weight: float
    """Strength here, as a share of the rung's."""
    seed: int
    """Of its choices: the same on every rung."""


@dataclass(frozen=True)
class Ladder:
    """A chain and the strengths it is applied at, rising."""

    name: str
    links: tuple[Link, ...]
    strengths: tuple[float, ...]


def draw(rng: Generator, rungs: int) -> Iterator[Ladder]:
    """Ladders without end: single steps, and chains of two to four.

    Groups take turns in a shuffled order, so that each is met; codecs more often than others.
    """
    while True:
        turns: list[tuple[str, ...]] = [(name,) for name in (*CAPTURE, *EDIT, *DELIVERY)]
        turns += [(name,) for name in PLATFORM[:3] for _ in range(3)]
        turns += [(name,) for name in (*PLATFORM[3:], "rescale", "defocus", "motion_blur")]
        turns += [_chain(rng) for _ in range(8)]
        for number in rng.permutation(len(turns)):
            names = turns[int(number)]
            weights = [1.0] if len(names) == 1 else rng.uniform(0.25, 0.75, len(names))
            links = tuple(
                Link(name, float(weight), int(rng.integers(2**31)))
                for name, weight in zip(names, weights, strict=True)
            )
            yield Ladder("+".join(names), links, _strengths(rng, rungs))


def apply(ladder: Ladder, frames: Clip, strength: float) -> Clip:
    """What becomes of a film on one rung."""
    for link in ladder.links:
        rng = np.random.default_rng(link.seed)
        frames = damage_steps.STEPS[link.step](frames, strength * link.weight, rng)
    return frames


def _chain(rng: Generator) -> tuple[str, ...]:
    def one(names: Sequence[str], chance: float) -> list[str]:
        return [str(rng.choice(names))] if rng.random() < chance else []

    return tuple(one(CAPTURE, 0.6) + one(EDIT, 0.6) + one(PLATFORM[:3], 1.0) + one(PLATFORM, 0.4))


def _strengths(rng: Generator, rungs: int) -> tuple[float, ...]:
    """Rising, at least half of an even step apart, over most of the range."""
    edges = np.linspace(0.03, 1.0, rungs + 1)
    inside = rng.uniform(0.25, 0.75, rungs) if rungs > 1 else rng.random(1)
    return tuple(float(x) for x in edges[:-1] + inside * np.diff(edges))
