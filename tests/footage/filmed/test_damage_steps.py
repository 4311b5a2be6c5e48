"""Steps of damage."""

import numpy as np
import pytest
from PIL import Image

from vq.footage.filmed import damage_steps, photo_camera
from vq.footage.filmed.photo_camera import Clip, Format


@pytest.fixture(scope="module")
def clip(photo: Image.Image) -> Clip:
    """Twelve frames of a camera that moves."""
    return photo_camera.film(photo, Format(320, 240, 12, 25), np.random.default_rng(3), photo)


@pytest.mark.parametrize("name", sorted(damage_steps.STEPS))
def test_a_stronger_step_is_further_from_the_original(clip: Clip, name: str) -> None:
    """The same choices at rising strength do rising harm, and no step changes the shape."""
    harm = []
    for strength in (0.2, 0.55, 0.95):
        seen = damage_steps.STEPS[name](clip, strength, np.random.default_rng(8))
        assert seen.shape == clip.shape
        assert seen.dtype == np.uint8
        harm.append(float(np.square(seen.astype(float) - clip).mean()))
    assert 0 < harm[0] < harm[1] < harm[2]


@pytest.mark.parametrize("encoder", sorted(damage_steps.ENCODERS))
def test_encoding_twice_gives_the_same_bytes(clip: Clip, encoder: str) -> None:
    """A file is what its frames and its rate factor say, to the bit."""
    level = damage_steps.level(encoder, 0.5)
    once, twice = (damage_steps.encode(clip, encoder, level, 25) for _ in range(2))
    assert once == twice
    assert len(damage_steps.decode(once)) == len(clip)
