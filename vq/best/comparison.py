"""How good copies are beside each other: a utility of each, fitted on ladders of films.

Bradley and Terry (Biometrika 1952): of two copies, the chance that one looks better is the logistic
function of the difference of their utilities. A utility is a weighted sum of what is measured of a
copy, the same for all groups; `comparison.json` has the weights, and says what they were fitted on.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from vq.best import spectrum
from vq.best.detail import BANDS, Shared

FILE = Path(__file__).with_name("comparison.json")
CODECS = ("h264", "hevc", "vp9", "av1", "mpeg4", "vp8", "mpeg2video")
"""With weights of their own, by how many bits they need; those that were not fitted have 0, as
H.264."""
EFFICIENCY = {"hevc": 1.5, "vp9": 1.4, "av1": 1.8, "mpeg4": 0.6, "mpeg2video": 0.5}
"""About how many bits of H.264 one bit is worth, to say whether a copy is more compressed. No part
of a utility."""
NAMES = (
    *(f"power_{band}" for band in range(BANDS)),
    *(f"loading_{band}" for band in range(BANDS)),
    *(f"error_{band}" for band in range(BANDS)),
    "bits", *CODECS[1:3], "size", "bits_of_smaller",
    *(f"beside_{band}" for band in range(spectrum.BANDS)), "fall",
)  # fmt: skip
"""What is measured of each copy. Detail by band (`vq.best.detail`); logarithm of the bits a frame
for each pixel of the common size; codec; logarithm of the size as a share of the common one, and
its product with that of the bits; power by band at its own size, beside the most that a copy of the
common size has, and its steepest fall."""


@dataclass(frozen=True)
class Comparison:
    """What `comparison.json` holds."""

    weights: Mapping[str, float]
    """Of each of `NAMES`."""
    visible: tuple[float, float]
    """Slope and intercept of the log odds that another copy is visibly better, over by how much its
    utility is higher. Visibly: by 5 points of VMAF or more."""
    confidence: tuple[float, float, float]
    """Weights of both of `gap_of` and intercept of the log odds that nothing is visibly better than
    the best."""
    upscaled: Mapping[str, Any]
    """`center`, `scale`, `weights`, `intercept` of the log odds that a copy was scaled up; and the
    `threshold` of that probability from which on it is called so."""
    card: Mapping[str, Any]
    """What it was fitted on, when, and how well it did there."""


@cache
def load(path: Path = FILE) -> Comparison:
    """Read the fitted numbers."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Comparison(
        raw["weights"],
        tuple(raw["visible"]),
        tuple(raw["confidence"]),
        raw["upscaled"],
        raw["card"],
    )


def measurements(
    shared: Shared,
    spectra: Float64[np.ndarray, "copies spectral"],
    *,
    sizes: Float64[np.ndarray, " copies"],
    bits: Float64[np.ndarray, " copies"],
    codecs: Sequence[str],
) -> Float64[np.ndarray, "copies numbers"]:
    """The numbers of `NAMES` for each copy of a group.

    Args:
        shared: what the copies have in common.
        spectra: of each copy (`vq.best.spectrum`), at its own size.
        sizes: pixels of each, as a share of the common size.
        bits: of a frame, for each pixel of the common size.
        codecs: by the names of FFmpeg.
    """
    one_hot = [[float(codec == name) for name in CODECS[1:3]] for codec in codecs]
    rates, size = np.log(np.maximum(bits, 1e-6)), np.log(sizes)
    beside = spectrum.beside_best(spectra, sizes == 1)
    return np.column_stack(
        [
            *(shared.power, shared.loading, shared.error),
            *(rates, np.array(one_hot), size, size * rates),
            *(beside, np.diff(beside, axis=1).min(1)),
        ]
    )


def contributions(
    numbers: Float64[np.ndarray, "copies numbers"], fitted: Comparison
) -> Float64[np.ndarray, "copies numbers"]:
    """What each number adds to the utility of a copy; differences within a group are log odds."""
    weights = np.array([fitted.weights[name] for name in NAMES])
    return (numbers - numbers.mean(0)) * weights


def confidence(
    best: Float64[np.ndarray, " numbers"],
    second: Float64[np.ndarray, " numbers"],
    fitted: Comparison,
) -> float:
    """Probability that no copy is visibly better than the best.

    Args:
        best: the contributions to the utility of the best copy.
        second: those of the copy that comes next. If they differ much and cancel out, less is sure
            than between two copies that are alike in all.
        fitted: the numbers.
    """
    by_gap, by_spread, intercept = fitted.confidence
    gap, spread = gap_of(best, second)
    return logistic(by_gap * gap + by_spread * spread + intercept)


def gap_of(
    best: Float64[np.ndarray, " numbers"], second: Float64[np.ndarray, " numbers"]
) -> tuple[float, float]:
    """The difference of two utilities, and the root of the sum of squares of what makes it up."""
    step = best - second
    return float(step.sum()), float(np.sqrt((step * step).sum()))


def visibly_better(difference: float, fitted: Comparison) -> float:
    """Probability that a copy is visibly better than one whose utility is lower by so much."""
    slope, intercept = fitted.visible
    return logistic(slope * difference + intercept)


def logistic(odds: float) -> float:
    """The probability of log odds."""
    return 1 / (1 + math.exp(-odds)) if odds >= 0 else math.exp(odds) / (1 + math.exp(odds))
