"""Changes of a picture that leave its grade as it is."""

import numpy as np
import pytest

from vq.pretrain import augment

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (32, 32, 3)).astype(np.uint8)


@pytest.mark.parametrize("seed", range(6))
def test_a_change_keeps_size_type_and_grey(seed: int) -> None:
    """Grey stays grey, whatever the saturation; black and white stay what they are."""
    change = augment.draw(np.random.default_rng(seed))
    grey = np.repeat(PICTURE[..., :1], 3, axis=-1)

    changed = change(grey)

    assert changed.shape == PICTURE.shape
    assert changed.dtype == np.uint8
    assert np.ptp(changed, axis=-1).max() == 0
    for level in (0, 255):
        assert (change(np.full_like(PICTURE, level)) == level).all()


def test_a_change_is_the_same_for_every_picture_and_another_one_for_every_draw() -> None:
    """Versions of a film differ by their damage alone; all eight ways to turn a square are met."""
    first, again, other = (augment.draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first(PICTURE), again(PICTURE))
    assert not np.array_equal(first(PICTURE), other(PICTURE))
    rng = np.random.default_rng(3)
    drawn = [augment.draw(rng) for _ in range(100)]
    assert len({(one.transpose, one.flip, one.mirror) for one in drawn}) == 8
