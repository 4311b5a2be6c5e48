"""Where marks go."""

import numpy as np
import pytest

from vq.metrics.mapping import Mapping
from vq.report import plots


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        pytest.param(1.0, 5.0, [1, 2, 3, 4, 5], id="mos"),
        pytest.param(0.0, 100.0, [0, 20, 40, 60, 80, 100], id="percent"),
        pytest.param(-0.2, 1.0, [-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1], id="correlation"),
        pytest.param(0.13, 0.34, [0.15, 0.2, 0.25, 0.3], id="odd"),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, expected: list[float]) -> None:
    """The numbers that a person would write on the axis."""
    assert plots.ticks(low, high) == pytest.approx(expected)


def test_marks_are_right_of_lower_scores_and_above_lower_ratings() -> None:
    """The corners of the scale are the corners of the picture; what is outside, on its edge."""
    found = plots.scatter(
        "test",
        np.array([1.0, 5.0, 9.0]),
        np.array([1.0, 5.0, 3.0]),
        groups=[0, 1, 2],
        names=["a", "b", "c"],
        curve=Mapping("linear", (0.0, 1.0)),
        ends=(1.0, 5.0),
    )

    corners = [(point.x, point.y) for point in found.points]
    assert corners == [(0, plots.SIDE), (plots.SIDE, 0), (plots.SIDE, plots.SIDE / 2)]
    assert found.points[1].title == "b: scored 5.00, rated 5.00"
    assert found.curve.startswith("M0.0 300.0L")
    assert found.curve.endswith("L300.0 0.0")


def test_intervals_share_an_axis_that_starts_below_the_lowest() -> None:
    """-0.25 to 1: the axis begins at -0.4, and 0.3 lies in its middle."""
    found, ticks = plots.whiskers(
        {
            "good": {"value": 0.3, "low": 0.2, "high": 0.4},
            "bad": {"value": -0.1, "low": -0.25, "high": 0.1},
            "unknown": {"value": 1.0, "low": None, "high": None},
        }
    )

    assert found["good"].value == pytest.approx(50)
    assert found["unknown"] == plots.Whisker(100.0, None, None)
    assert {tick.label: tick.at for tick in ticks} == pytest.approx(
        {"0": 28.57, "0.5": 64.29, "1": 100}
    )
