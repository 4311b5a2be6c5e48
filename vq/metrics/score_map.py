"""A map from the scores of one model to the scale of another that keeps their order.

Without numpy: whoever scores a video applies it.
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class ScoreMap:
    """Straight lines from point to point, from one end of the scale to the other."""

    points: Points
    """A score and what it becomes; both rise from point to point. The first and the last are the
    ends of the scale, which stay where they are."""

    def __post_init__(self) -> None:
        steps = pairwise(self.points)
        if len(self.points) < 2 or not all(a[0] < b[0] and a[1] < b[1] for a, b in steps):
            raise ValueError(f"a map needs two points or more that rise, got {self.points}")
        if any(score != mapped for score, mapped in (self.points[0], self.points[-1])):
            raise ValueError(f"a map keeps the ends of the scale, got {self.points}")

    @property
    def ends(self) -> tuple[float, float]:
        """Least and greatest score of the scale."""
        return self.points[0][0], self.points[-1][0]

    def __call__(self, score: float) -> float:
        """The score on the other scale; one beyond an end is taken for the end."""
        return _along(self.points, score)

    def inverse(self, mapped: float) -> float:
        """The score that became this one."""
        return _along(tuple((y, x) for x, y in self.points), mapped)


def _along(points: Points, x: float) -> float:
    if x <= points[0][0]:
        return points[0][1]
    if x >= points[-1][0]:
        return points[-1][1]
    right = bisect_right(points, x, key=lambda point: point[0])
    (x0, y0), (x1, y1) = points[right - 1], points[right]
    return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
