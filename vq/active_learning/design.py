"""Which video's rating would teach the most about all videos, one after the other.

Ratings are taken for a smooth function of the feature, plus noise (a Gaussian process). A rating
then tells something of all videos that are alike, and how much the mean variance over the videos
would fall is clear before anybody rates. The best video is the one that lets it fall most:
transductive experimental design, Yu, Bi and Tresp (ICML 2006).
"""

from statistics import NormalDist

import numpy as np
from jaxtyping import Bool, Float, Float32

RATE = 0.6
"""Likeness is exp(-RATE) at the mean squared distance of two videos."""
NOISE = 0.3
"""Variance of a rating's error; that of the ratings of different videos is 1."""
BLOCK = 4096
"""Videos whose likeness is computed at a time."""


def normal_scores(
    feature: Float[np.ndarray, "videos dim"],
) -> Float32[np.ndarray, "videos dim"]:
    """Each column by its ranks, as quantiles of the normal distribution.

    Else a design sees nothing but outliers and long tails. Equal values are equal again; a column
    of one value becomes 0.
    """
    videos = len(feature)
    normal = NormalDist()
    # By twice the rank, since equal values share the middle of theirs.
    quantile = np.array(
        [normal.inv_cdf((twice + 1) / (2 * videos)) for twice in range(2 * videos - 1)]
    )
    scores = np.empty(feature.shape, np.float32)
    for number, column in enumerate(feature.T):
        ordered = np.sort(column)
        first, after = (np.searchsorted(ordered, column, side) for side in ("left", "right"))
        scores[:, number] = quantile[first + after - 1]
    return scores


class Design:
    """Candidates, and what the ratings so far tell of them."""

    def __init__(
        self,
        candidates: Float32[np.ndarray, "candidates dim"],
        others: Float32[np.ndarray, "others dim"],
    ) -> None:
        """Begin without a rating. `others` are drawn from all videos, and stand for them."""
        # Twice the sum of the variances is the mean squared distance.
        spread = 2 * float(others.var(axis=0, dtype=np.float64).sum())
        self._rate = RATE / spread if spread else 0.0
        self._candidates = candidates
        self._alike = np.concatenate(
            [
                self._likeness(candidates[start : start + BLOCK], others)
                for start in range(0, len(candidates), BLOCK)
            ]
        )
        self.variance = np.ones(len(candidates))
        """Of the rating of each candidate, in view of those so far: 1 where they tell nothing."""
        self._fall = np.einsum("ij,ij->i", self._alike, self._alike, dtype=np.float64)
        # Columns of the Cholesky factor: what each rating told of candidates and others.
        self._here = np.empty((len(candidates), 0), np.float32)
        self._there = np.empty((len(others), 0), np.float32)
        self._count = 0

    def best(self, allowed: Bool[np.ndarray, " candidates"]) -> int:
        """The candidate whose rating would teach the most; one has to be allowed."""
        return int(np.argmax(np.where(allowed, self._fall / (self.variance + NOISE), -np.inf)))

    def rate(self, place: int) -> None:
        """Take a candidate for rated."""
        self._make_room()
        at = self._count
        loading = self._here[place, :at]
        deviation = np.sqrt(self.variance[place] + NOISE)
        subject = self._candidates[place : place + 1]
        here = self._likeness(self._candidates, subject)[:, 0] - self._here[:, :at] @ loading
        there = self._alike[place] - self._there[:, :at] @ loading
        here, there = here / deviation, there / deviation
        # Covariances of candidates and others fall by the product of the two; so do their squares.
        left = self._alike @ there - self._here[:, :at] @ (self._there[:, :at].T @ there)
        self._fall += here * (here * float(there @ there) - 2 * left)
        self.variance -= np.square(here, dtype=np.float64)
        self._here[:, at], self._there[:, at] = here, there
        self._count += 1

    def _likeness(
        self, some: Float32[np.ndarray, "some dim"], others: Float32[np.ndarray, "others dim"]
    ) -> Float32[np.ndarray, "some others"]:
        squares = np.square(some).sum(1)[:, None] + np.square(others).sum(1)
        distance = np.maximum(squares - 2 * some @ others.T, 0)
        return np.exp(-np.float32(self._rate) * distance)

    def _make_room(self) -> None:
        if self._count == self._here.shape[1]:
            more = max(64, self._count)
            self._here = np.pad(self._here, ((0, 0), (0, more)))
            self._there = np.pad(self._there, ((0, 0), (0, more)))
