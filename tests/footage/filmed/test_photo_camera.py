"""The virtual camera."""

import numpy as np
from PIL import Image

from vq.footage.filmed import photo_camera
from vq.footage.filmed.photo_camera import Format


def test_the_same_seed_films_the_same_and_another_one_something_else(photo: Image.Image) -> None:
    """A film is what its seed draws, to the bit."""
    form = Format(128, 96, 4, 25)
    first, again, other = (
        photo_camera.film(photo, form, np.random.default_rng(seed), photo) for seed in (1, 1, 2)
    )
    assert first.shape == (4, 96, 128, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_camera_stays_inside_the_photograph_and_never_looks_closer_than_its_pixels() -> None:
    """Nothing outside is filmed, and nothing is scaled up, whatever way is drawn."""
    form = Format(96, 64, 30, 25)
    for seed in range(60):
        take = photo_camera.walk(np.random.default_rng(seed), form, (300, 170))
        assert take.scale.min() >= 1
        for way, side, room in ((take.left, 96, 300), (take.top, 64, 170)):
            assert way.min() >= 0
            assert (way + side * take.scale).max() <= room + 1e-6


def test_a_camera_may_rest_all_the_time_or_for_a_part_of_it() -> None:
    """Each way comes often, and what rests shows the same of the photograph again."""
    form = Format(96, 64, 24, 25)
    resting = []
    for seed in range(90):
        moving = photo_camera.activity(np.random.default_rng(seed), form)
        assert moving.shape == (24,)
        assert 0 <= moving.min() <= moving.max() <= 1
        take = photo_camera.walk(np.random.default_rng(seed), form, (900, 600))
        assert np.all(np.diff(take.left)[moving == 0] == 0)
        resting.append(np.mean(moving == 0))
    ways = np.histogram(resting, [0, 0.02, 0.98, 1.01])[0]
    assert ways.min() >= 15, ways


def test_a_long_exposure_smears_little_and_without_a_gap() -> None:
    """Whatever way is drawn: at most two pixels, and half a pixel from one look to the next."""
    form = Format(96, 64, 30, 25)
    counts = set()
    for seed in range(60):
        take = photo_camera.walk(np.random.default_rng(seed), form, (900, 600))
        for number in range(form.frames):
            times = photo_camera.exposure(take, form, number)
            counts.add(len(times))
            for way in (take.left, take.top):
                seen = way[number] + np.array(times) * (way[number + 1] - way[number])
                seen /= take.scale[number]
                assert np.ptp(seen) <= photo_camera.SMEAR_PX + 1e-6
                assert len(times) == 1 or np.abs(np.diff(seen)).max() <= 0.5 + 1e-6
    assert min(counts) < max(counts) <= 5


def test_a_photograph_that_is_smaller_than_the_film_is_scaled_up(photo: Image.Image) -> None:
    """No size of photograph is an error."""
    film = photo_camera.film(photo, Format(800, 450, 2, 25), np.random.default_rng(0), None)
    assert film.shape == (2, 450, 800, 3)
