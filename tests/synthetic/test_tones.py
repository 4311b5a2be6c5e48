"""A tone curve is found where there is one, and nowhere else."""

import numpy as np
import pytest

from vq.synthetic import tones
from vq.synthetic.tones import BLACK, WHITE, Tone


def luma() -> np.ndarray:
    """Means of blocks of a picture with all tones."""
    return np.random.default_rng(1).uniform(BLACK, WHITE, (20, 60))


@pytest.mark.parametrize(
    "tone",
    [
        pytest.param(Tone(gain=0.4), id="dark"),
        pytest.param(Tone(gain=1.8), id="bright, cut off at white"),
        pytest.param(Tone(gamma=1.5), id="gamma"),
        pytest.param(Tone(gain=0.8, offset=0.1), id="veil"),
    ],
)
def test_a_curve_is_found_again(tone: Tone) -> None:
    """Within three grey levels, although a few blocks are something else."""
    before = luma()
    noise = np.random.default_rng(2).normal(0, 1, before.shape)
    after = tone(before) + noise
    after[0] = 128.0

    shown = np.linspace(BLACK, WHITE, 30)

    assert np.abs(tones.fit(before, after)(shown) - tone(shown)).max() < 3


def test_noise_is_no_curve() -> None:
    """Nor is a picture of one grey."""
    before = luma()
    noise = np.random.default_rng(2).normal(0, 3, before.shape)

    assert tones.fit(before, before + noise).identity
    assert tones.fit(np.full((4, 9), 90.0), np.full((4, 9), 90.0)).identity


def test_contrast_is_that_of_the_blocks() -> None:
    """Half the gain is half of it; a flat picture has none to lose."""
    assert Tone(gain=0.5).contrast(luma()) == pytest.approx(0.5)
    assert Tone(gain=0.5).contrast(np.full(9, 90.0)) == 1
