"""What is measured of scores and ratings."""

import math

import numpy as np

from vq.accuracy.measures import LEAST_CONTENTS, RatedScores, measure
from vq.metrics.interval import Bootstrap

BOOTSTRAP = Bootstrap(200, 0.95, 7)


def rated(mos: np.ndarray, *, error: np.ndarray, half: float, per_content: int = 1) -> RatedScores:
    """Scores with some error and intervals of some half width."""
    score = mos + error
    contents = (np.arange(len(mos)) // per_content).astype(str)
    return RatedScores(score, score - half, score + half, mos, contents)


def test_a_constant_error_is_in_every_measure_but_the_ranks() -> None:
    """By hand: half a point too high for each video, and every other interval is too short."""
    mos = np.linspace(1, 4, LEAST_CONTENTS)
    half = np.where(np.arange(LEAST_CONTENTS) % 2, 0.4, 0.6)
    scores = rated(mos, error=np.full(LEAST_CONTENTS, 0.5), half=0.0)
    scores = RatedScores(
        scores.score, scores.score - half, scores.score + half, mos, scores.contents
    )

    measured = measure(scores, BOOTSTRAP)

    values = {name: round(one.value, 9) for name, one in measured.items()}
    assert values == {
        "srcc": 1.0,
        "rmse": 0.5,
        "mean_error": 0.5,
        "calibration": 0.5,
        "coverage": 0.5,
    }
    assert math.isclose(measured["mean_error"].low, 0.5)
    assert measured["coverage"].low < 0.5 < measured["coverage"].high


def test_few_contents_have_no_intervals() -> None:
    """However many videos: versions of one content share their error."""
    mos = np.linspace(1, 5, 4 * LEAST_CONTENTS)
    error = np.sin(mos * 40)

    enough = measure(rated(mos, error=error, half=1, per_content=4), BOOTSTRAP)
    few = measure(rated(mos, error=error, half=1, per_content=5), BOOTSTRAP)

    assert all(one.has_bounds for one in enough.values())
    assert not any(one.has_bounds for one in few.values())
    assert {name: one.value for name, one in few.items()} == {
        name: one.value for name, one in enough.items()
    }


def test_what_cannot_be_measured_is_left_out() -> None:
    """Equal ratings rank nothing, a student without intervals promises nothing."""
    alike = rated(np.full(3, 2.0), error=np.array([0.0, 0.1, 0.2]), half=math.nan)

    assert list(measure(alike, BOOTSTRAP)) == ["rmse", "mean_error", "calibration"]
    assert measure(rated(np.array([]), error=np.array([]), half=1), BOOTSTRAP) == {}
