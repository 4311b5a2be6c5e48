"""The design agrees with the textbook, and sees no outliers."""

import numpy as np
import pytest
from scipy import stats

from vq.active_learning.design import NOISE, RATE, Design, normal_scores


def test_each_choice_leaves_the_least_variance() -> None:
    """Posterior variance by inverting matrices, for every candidate that could come next."""
    rng = np.random.default_rng(3)
    videos = rng.normal(size=(30, 4)).astype(np.float32)
    others = videos[:20]
    spread = 2 * others.var(axis=0).sum()

    def likeness(some: np.ndarray, those: np.ndarray) -> np.ndarray:
        distance = ((some[:, None] - those[None]) ** 2).sum(2)
        return np.exp(-RATE / spread * distance)

    def left(rated: list[int]) -> np.ndarray:
        """Variance of the others' ratings."""
        known = likeness(videos[rated], videos[rated]) + NOISE * np.eye(len(rated))
        cross = likeness(others, videos[rated])
        return 1 - np.einsum("ij,ji->i", cross, np.linalg.solve(known, cross.T))

    design, allowed, chosen = Design(videos, others), np.ones(30, bool), list[int]()
    for _ in range(8):
        place = design.best(allowed)
        totals = {one: left([*chosen, one]).sum() for one in np.flatnonzero(allowed)}
        assert totals[place] == pytest.approx(min(totals.values()), rel=1e-5)
        allowed[place] = False
        chosen.append(place)
        design.rate(place)
    np.testing.assert_allclose(design.variance[:20], left(chosen), atol=1e-5)


def test_what_is_rated_already_teaches_little() -> None:
    """A second video like it has less than half of the variance left, and comes last."""
    videos = np.array([[0.0], [0.0], [3.0]], np.float32)
    design = Design(videos, videos)

    design.rate(0)

    assert design.variance[1] == pytest.approx(1 - 1 / (1 + NOISE))
    assert design.best(np.array([False, True, True])) == 2


def test_columns_become_normal_by_their_ranks() -> None:
    """SciPy's ranks, with the mean for equal values; a constant says nothing; outliers shrink."""
    column = np.array([0.0, 0.0, 0.0, 1.0, 2.0, 1e4], np.float16)
    feature = np.stack([column, np.full(6, 7, np.float16)], axis=1)

    scores = normal_scores(feature)

    expected = stats.norm.ppf((stats.rankdata(column) - 0.5) / 6)
    np.testing.assert_allclose(scores[:, 0], expected, atol=1e-6)
    np.testing.assert_allclose(scores[:, 1], 0, atol=1e-12)
