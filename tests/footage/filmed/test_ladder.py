"""Ladders."""

from itertools import islice

import numpy as np

from vq.footage.filmed import damage_steps, ladder


def test_strengths_rise_from_rung_to_rung() -> None:
    """Order within a ladder needs no label."""
    for one in islice(ladder.draw(np.random.default_rng(1), 3), 200):
        assert len(one.strengths) == 3
        assert np.diff(one.strengths).min() > 0
        assert 0 < one.strengths[0] < one.strengths[-1] <= 1


def test_every_step_is_drawn_alone_or_in_a_chain_and_is_a_known_one() -> None:
    """No kind of damage is forgotten."""
    some = list(islice(ladder.draw(np.random.default_rng(2), 3), 300))
    met = {link.step for one in some for link in one.links}
    assert met == set(damage_steps.STEPS)
    assert any(len(one.links) > 2 for one in some)


def test_a_rung_is_the_same_each_time() -> None:
    """Choices of manner belong to the ladder, not to the call."""
    frames = np.random.default_rng(0).integers(0, 256, (6, 64, 96, 3), np.uint8)
    one = ladder.Ladder("grain", (ladder.Link("grain", 1.0, 5),), (0.5,))
    assert np.array_equal(ladder.apply(one, frames, 0.5), ladder.apply(one, frames, 0.5))
