"""How far a measured number can be trusted.

Versions of one content are not independent, so the bootstrap draws contents, and all versions of a
content come along. Two models are compared on the same draws: what is hard for both cancels out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Shaped
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """A number and the ends of its confidence interval."""

    value: float
    low: float
    """nan, as `high`, where it cannot be estimated: one content or one split has no spread."""
    high: float

    @property
    def has_bounds(self) -> bool:
        """The ends are numbers."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))

    def excludes(self, value: float) -> bool:
        """The value lies outside, so the difference from it is more than noise."""
        return self.low > value or self.high < value


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are drawn. Equal seeds draw the same contents: models can be compared."""

    resamples: int
    confidence: float
    """Such as 0.95."""
    seed: int

    def draw(
        self, contents: Shaped[np.ndarray, " videos"]
    ) -> Float64[np.ndarray, "resamples videos"]:
        """How often each video counts in each resample: `resample`."""
        return resample(contents, count=self.resamples, rng=np.random.default_rng(self.seed))

    def interval(self, value: float, samples: Float64[np.ndarray, " resamples"]) -> Interval:
        """The percentile interval of what was measured on each resample: `percentile`."""
        return percentile(value, samples, confidence=self.confidence)


def resample(
    contents: Shaped[np.ndarray, " videos"], *, count: int, rng: np.random.Generator
) -> Float64[np.ndarray, "resamples videos"]:
    """Draw contents with replacement; the result says how often each video counts.

    Each row draws as many contents as there are. Versions of a content always have equal counts:

        contents  a a b c c c
        one row   2 2 0 1 1 1

    A single content leaves nothing to draw: no row, and `percentile` returns no bounds.
    """
    names, content = np.unique(contents, return_inverse=True)
    rows = count if len(names) > 1 else 0
    draws = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=rows)
    return draws[:, content].astype(np.float64)


def percentile(
    value: float, samples: Float64[np.ndarray, " resamples"], *, confidence: float
) -> Interval:
    """The percentile interval of a bootstrap; samples of nan (nothing to rank) are left out.

    It covers a little less than it says with fewer than about 20 contents.
    """
    usable = samples[np.isfinite(samples)]
    if len(usable) < 2:
        return Interval(value, math.nan, math.nan)
    low, high = np.quantile(usable, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value, float(low), float(high))


def share(
    hits: Bool[np.ndarray, " cases"], contents: Shaped[np.ndarray, " cases"], bootstrap: Bootstrap
) -> Interval:
    """Share of hits among some cases, with an interval that draws whole contents again.

    A case is a video, or a pair of videos of one content.

    Raises:
        ValueError: no case.
    """
    if not len(hits):
        raise ValueError("no case, no share of them")
    names, content = np.unique(contents, return_inverse=True)
    draws = bootstrap.draw(names)
    shares = (draws @ np.bincount(content, weights=hits)) / (draws @ np.bincount(content))
    return bootstrap.interval(float(hits.mean()), shares)


def nadeau_bengio(
    values: Sequence[float], *, test_over_train: float, confidence: float
) -> Interval:
    """The mean over repeated random splits, with an interval that allows for their overlap.

    The splits share training videos, so their variance alone is too small: it is multiplied by
    `1/k + test/train` in place of `1/k` (Nadeau and Bengio, Machine Learning 52, 2003).

    Args:
        values: one for each of the k splits, their number fixed beforehand.
        test_over_train: test videos over training videos of a split; 0.25 for 80/20.
        confidence: such as 0.95.

    Raises:
        ValueError: no value.
    """
    if not len(values):
        raise ValueError("no split was measured")
    mean = float(np.mean(values))
    if len(values) == 1:
        return Interval(mean, math.nan, math.nan)
    spread = _overlapping(values, test_over_train)
    reach = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1) * spread)
    return Interval(mean, mean - reach, mean + reach)


def one_sided(differences: Sequence[float], *, test_over_train: float) -> float:
    """Confidence, 0 to 1, that a mean over repeated random splits is above 0.

    One split, or splits that agree to the bit, have no spread: the sign decides, a tie is 0.5.

    Differences are one for each of the k splits, such as one model's SRCC less another's.
    """
    mean = float(np.mean(differences))
    spread = _overlapping(differences, test_over_train) if len(differences) > 1 else 0.0
    if spread == 0:
        return 0.5 if mean == 0 else float(mean > 0)
    return float(stats.t.cdf(mean / spread, len(differences) - 1))


def _overlapping(values: Sequence[float], test_over_train: float) -> float:
    """Standard error of the mean over splits that share training videos."""
    return float(np.sqrt((1 / len(values) + test_over_train) * np.var(values, ddof=1)))
