"""A map keeps the order of scores, and the ends of the scale."""

import pytest

from vq.metrics.score_map import ScoreMap

BENT = ScoreMap(((1.0, 1.0), (2.0, 3.0), (5.0, 5.0)))


@pytest.mark.parametrize(
    ("score", "mapped"),
    [(1.0, 1.0), (1.5, 2.0), (2.0, 3.0), (3.5, 4.0), (5.0, 5.0), (0.9, 1.0), (5.1, 5.0)],
)
def test_scores_lie_on_straight_lines_between_points(score: float, mapped: float) -> None:
    """By hand; beyond an end there is nothing."""
    assert BENT(score) == mapped


def test_the_inverse_leads_back() -> None:
    """To the last bits."""
    assert [BENT.inverse(BENT(score)) for score in (1.0, 1.3, 2.0, 4.9, 5.0)] == pytest.approx(
        [1, 1.3, 2, 4.9, 5], abs=1e-12
    )


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(((1.0, 1.0),), id="one-point"),
        pytest.param(((1.0, 1.0), (2.0, 4.0), (3.0, 4.0), (5.0, 5.0)), id="flat"),
        pytest.param(((1.0, 1.0), (3.0, 2.0), (2.0, 3.0), (5.0, 5.0)), id="back"),
        pytest.param(((1.0, 2.0), (5.0, 5.0)), id="moved-end"),
    ],
)
def test_what_could_change_the_order_or_the_scale_is_no_map(
    points: tuple[tuple[float, float], ...],
) -> None:
    """Two videos never change places."""
    with pytest.raises(ValueError, match=r"a map (needs two points|keeps the ends)"):
        ScoreMap(points)
