"""Percentiles by counting are those of numpy."""

import numpy as np
import pytest

from vq.causes.counting import percentile


@pytest.mark.parametrize("percent", [0, 25, 50, 99, 100])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_counting_gives_the_percentile_of_numpy(percent: int, size: int) -> None:
    """Between two levels, too."""
    levels = np.random.default_rng(size).integers(0, 300, size).astype(np.int16)

    assert percentile(levels, percent) == pytest.approx(np.percentile(levels, percent))


def test_of_nothing_it_is_zero() -> None:
    """A picture that is all bar has no pixels."""
    assert percentile(np.zeros(0, np.int16), 50) == 0
