"""Two models on the same videos: what is hard for both cancels out."""

import numpy as np
import pytest

from vq.metrics import weighted
from vq.metrics.interval import Bootstrap
from vq.metrics.paired_difference import difference

RNG = np.random.default_rng(5)
MOS = RNG.uniform(1, 5, 40)
ROUGH = MOS + RNG.normal(0, 1.5, 40)
CONTENTS = np.array([f"c{number // 2}" for number in range(40)])
BOOTSTRAP = Bootstrap(300, 0.9, 2)


@pytest.mark.parametrize("measure", ["srcc", "krcc", "plcc", "rmse"])
def test_a_model_differs_from_itself_by_nothing(measure: str) -> None:
    """To the bit, in every resample."""
    found = difference(ROUGH, ROUGH, MOS, CONTENTS, BOOTSTRAP, measure=measure)

    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_a_small_gain_on_every_video_is_beyond_noise() -> None:
    """Each error is a tenth smaller, so is RMSE in every resample; the two intervals overlap."""
    better = ROUGH + 0.1 * (MOS - ROUGH)

    found = difference(better, ROUGH, MOS, CONTENTS, BOOTSTRAP, measure="rmse")

    assert found.value == pytest.approx(-0.1 * np.sqrt(np.mean((ROUGH - MOS) ** 2)))
    assert found.high < 0
    draws = BOOTSTRAP.draw(CONTENTS)
    alone = [np.quantile(weighted.rmse(one, MOS, draws), [0.05, 0.95]) for one in (better, ROUGH)]
    assert alone[0][1] > alone[1][0]


def test_one_content_knows_no_noise() -> None:
    """There is nothing to draw."""
    assert not difference(ROUGH, MOS, MOS, np.array(["a"] * 40), BOOTSTRAP).has_bounds
