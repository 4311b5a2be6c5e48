"""What people say of videos of a score: how their opinions spread over five words."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from scipy.special import ndtr

from vq.metrics.category_rating import LABELS, STEPS, ends_of, step_of


@dataclass(frozen=True)
class ScoreStep:
    """The videos whose score lies in one part of the scale."""

    low: float
    high: float
    videos: int
    shares: tuple[float, ...]
    """Of opinions, by the words of `LABELS`; they sum to 1."""


@dataclass(frozen=True)
class Opinions:
    """The steps of a scale that have videos, lowest score first."""

    steps: tuple[ScoreStep, ...]
    spread: int
    """Videos of which it is known how far people's opinions are apart."""
    videos: int


def opinions(
    score: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    std: Float[np.ndarray, " videos"],
    *,
    scale: tuple[float, float],
    better: str,
) -> Opinions:
    """Spread opinions over the words, for each part of the scale of scores.

    Opinions of a video are a normal distribution around its MOS, with the `std` of single opinions;
    what lies beyond an end of the scale counts for the word at that end. Where `std` is nan, all of
    it is at the MOS.
    """
    each = shares(mos, std, scale=scale, better=better)
    step = np.array([step_of(float(one), scale) for one in score], np.int64)
    steps = [
        ScoreStep(*ends_of(number, scale), videos, tuple(each[step == number].mean(0).tolist()))
        for number in range(STEPS)
        if (videos := int((step == number).sum()))
    ]
    return Opinions(tuple(steps), int(np.isfinite(std).sum()), len(score))


def shares(
    mos: Float[np.ndarray, " videos"],
    std: Float[np.ndarray, " videos"],
    *,
    scale: tuple[float, float],
    better: str,
) -> Float64[np.ndarray, "videos words"]:
    """Share of opinions that each word has, for each video; worst word first."""
    inner = np.linspace(*scale, len(LABELS) + 1)[1:-1]
    spreads = np.isfinite(std) & (std > 0)
    distance = inner[None, :] - mos[:, None]
    below = np.where(
        spreads[:, None],
        ndtr(distance / np.where(spreads, std, 1.0)[:, None]),
        (distance > 1e-9).astype(np.float64),
    )
    ends = np.zeros((len(mos), 1)), np.ones((len(mos), 1))
    words = np.diff(np.concatenate([ends[0], below, ends[1]], axis=1), axis=1)
    return words if better == "higher" else words[:, ::-1]
