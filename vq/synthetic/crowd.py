"""Simulated raters: honest ones with bias and noise, and spammers who do not look.

Every number they give is synthetic. They are for tests and benchmarks of what is made of ratings:
there the true quality of each video is planted, so that an estimate can be compared with it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64
from numpy.random import Generator

Kind = Literal["honest", "random", "constant"]


@dataclass(frozen=True)
class Rater:
    """How one simulated person rates."""

    kind: Kind
    """`random`: any level; `constant`: nearly always the same one, whatever is shown."""
    bias: float
    """Levels by which an honest rater is too kind (or strict, below 0) with every video."""
    noise: float
    """Standard deviation, in levels, of what is new for an honest rater in each video."""
    favourite: int
    """The level of a constant rater."""


def crowd(
    count: int,
    *,
    spammers: float = 0.1,
    bias: float = 0.35,
    noise: tuple[float, float] = (0.4, 0.9),
    rng: Generator,
) -> list[Rater]:
    """Simulated raters in random order.

    Args:
        count: how many.
        spammers: share of them who do not look, rounded to whole raters, at least one unless the
            share is 0; random and constant ones take turns.
        bias: standard deviation of the honest raters' bias, in levels.
        noise: least and most noise of honest raters, uniform between, in levels.
        rng: source of everything that is random.
    """
    spamming = max(1, round(spammers * count)) if spammers else 0
    kinds: list[Kind] = ["honest"] * (count - spamming)
    kinds += [("random", "constant")[number % 2] for number in range(spamming)]
    return [
        Rater(
            kinds[place],
            float(rng.normal(0, bias)),
            float(rng.uniform(*noise)),
            int(rng.integers(2, 5)),
        )
        for place in rng.permutation(count)
    ]


def qualities(count: int, *, rng: Generator) -> Float64[np.ndarray, " videos"]:
    """True qualities of videos, uniform over 1.2 to 4.8."""
    return rng.uniform(1.2, 4.8, count)


def rate(rater: Rater, quality: float, *, rng: Generator) -> int:
    """The level, 1 to 5, that a rater gives to a video of this quality."""
    if rater.kind == "random":
        return int(rng.integers(1, 6))
    if rater.kind == "constant":
        return int(np.clip(rater.favourite + (rng.random() < 0.1), 1, 5))
    return int(np.clip(np.rint(quality + rater.bias + rng.normal(0, rater.noise)), 1, 5))


def prefers_first(rater: Rater, first: float, second: float, *, rng: Generator) -> bool:
    """Whether a rater prefers the first of two videos of these qualities."""
    if rater.kind == "random":
        return bool(rng.random() < 0.5)
    if rater.kind == "constant":
        return bool(rng.random() < 0.95)
    return bool(first - second + rng.normal(0, np.sqrt(2) * rater.noise) > 0)
