"""How many videos of a collection are worse than a score; without numpy, for every score asks."""

from bisect import bisect_left
from dataclasses import dataclass

POINTS = 101
"""Quantiles that a bundle keeps of its reference: one for each percent."""


@dataclass(frozen=True)
class Reference:
    """The scores of a collection that other videos are held against."""

    name: str
    """What the collection is, in a few words."""
    videos: int
    quantiles: tuple[float, ...]
    """Of the student's own scores, evenly spaced from the least to the greatest; ascending."""

    def __post_init__(self) -> None:
        if len(self.quantiles) < 2 or list(self.quantiles) != sorted(self.quantiles):
            raise ValueError(f"a reference needs two quantiles or more that rise, got {self!r:.80}")

    def percentile(self, score: float, better: str) -> float:
        """Share of the collection that is worse than a score, in percent: 0 to 100."""
        below = self._below(score)
        return round(100 * (below if better == "higher" else 1 - below), 1)

    def _below(self, score: float) -> float:
        """Share of scores that are lower, between two quantiles on a straight line."""
        right = bisect_left(self.quantiles, score)
        if right in (0, len(self.quantiles)):
            return float(right > 0)
        low, high = self.quantiles[right - 1 : right + 1]
        return (right - 1 + (score - low) / (high - low)) / (len(self.quantiles) - 1)
