"""Scenes move, are told apart, and are the same each time."""

import numpy as np
import pytest

from vq.errors import DataError
from vq.synthetic.demo import scenes
from vq.synthetic.demo.scene_camera import View

SIZE = {"frames": 6, "width": 160, "height": 120}


@pytest.mark.parametrize("name", scenes.SCENES)
def test_every_pristine_scene_moves(name: str) -> None:
    """From each frame to the next, so that a freeze or a lost frame can be told."""
    clip = scenes.render(name, fps=25, **SIZE).astype(float)
    assert clip.shape == (6, 120, 160, 3)
    assert np.abs(np.diff(clip, axis=0)).mean((1, 2, 3)).min() > 0.25


def test_a_scene_is_the_same_each_time() -> None:
    """A content is a function of its name."""
    first, again = (scenes.render("objects:1", fps=25, **SIZE) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_contents_are_told_apart() -> None:
    """There are 36 or more contents, no two the same picture."""
    assert len(set(scenes.SCENES)) == len(scenes.SCENES) >= 36
    one, other = (scenes.render(f"dead_leaves:{n}", fps=25, **SIZE) for n in (0, 1))
    assert np.abs(one.astype(float) - other).mean() > 20


def test_takes_differ() -> None:
    """Another take is another view of the photograph."""
    one, other = (scenes.render("photo:china", take=n, fps=25, **SIZE) for n in (0, 1))
    assert np.abs(one.astype(float) - other).mean() > 5


def test_an_unknown_scene_is_named() -> None:
    """The message has the name, and the names there are."""
    with pytest.raises(DataError, match=r"'photo:chelsi'.*photo:chelsea"):
        scenes.render("photo:chelsi", fps=25, **SIZE)


@pytest.mark.parametrize("kind", scenes.KINDS)
def test_every_kind_is_painted_from_other_numbers(kind: str) -> None:
    """Pretraining draws each kind with its own seeds: never a scene of the demo."""
    clip = scenes.procedural(kind, np.random.default_rng(5), View(3, 96, 64, 25))
    assert clip.shape == (3, 64, 96, 3)
    other = scenes.procedural(kind, np.random.default_rng(6), View(3, 96, 64, 25))
    assert np.abs(clip.astype(float) - other).mean() > 3


def test_a_photograph_is_not_blown_up() -> None:
    """The cat has 451 x 300 pixels: enough for 240 lines, too few for 360."""
    assert scenes.fits("photo:chelsea", 320, 240)
    assert not scenes.fits("photo:chelsea", 640, 360)
    assert scenes.fits("sky:0", 640, 360)
