"""Candidates are found without looking at each pair, and none is made up."""

import numpy as np

from vq.duplicates.find_pairs import candidates
from vq.video.fingerprint import WINDOWS, Fingerprint


def random(rng: np.random.Generator) -> Fingerprint:
    """Hashes that nobody else has."""
    return Fingerprint(
        rng.integers(0, 2**63, (8, len(WINDOWS)), np.uint64),
        rng.integers(0, 2**63, (2, 16), np.uint64),
        0.5,
    )


def like(other: Fingerprint, wrong: int, rng: np.random.Generator) -> Fingerprint:
    """Its whole frames are windows of another video, but for some bits of each."""
    frames = other.windows[:, :4].reshape(2, 16).copy()
    for place in np.ndindex(frames.shape):
        for bit in rng.choice(63, wrong, replace=False):
            frames[place] ^= np.uint64(1 << int(bit))
    return Fingerprint(random(rng).windows, frames, other.step)


def test_what_differs_in_some_bits_is_found() -> None:
    """All of 200 copies among 2,000 videos, six bits wrong in each hash, and nothing else.

    That is by chance: 8e-12 for two random hashes to be so near, 1.4e10 of them to compare.
    """
    rng = np.random.default_rng(5)
    prints = [random(rng) for _ in range(1800)]
    prints += [like(prints[number], 6, rng) for number in range(200)]

    found = candidates(prints, bits=6)

    assert found.tolist() == [[number, 1800 + number] for number in range(200)]


def test_what_differs_in_more_bits_is_none() -> None:
    """Hashes that agree in the bits of a table are compared in all."""
    rng = np.random.default_rng(5)
    one = random(rng)

    assert len(candidates([one, like(one, 9, rng)], bits=8)) == 0
    assert len(candidates([one, like(one, 9, rng)], bits=9)) == 1


def test_pairs_of_a_group_are_not_looked_for() -> None:
    """That versions of one source are alike is no news."""
    rng = np.random.default_rng(5)
    one = random(rng)
    prints = [one, like(one, 1, rng), like(one, 1, rng)]

    assert candidates(prints, ["a", "a", "b"], bits=8).tolist() == [[0, 2]]


def test_where_nothing_is_to_be_seen_nothing_is_found() -> None:
    """No video at all, or flat ones alone."""
    flat = Fingerprint(np.empty((0, len(WINDOWS)), np.uint64), np.empty((2, 0), np.uint64), 1.0)

    assert len(candidates([], bits=8)) == 0
    assert len(candidates([flat, flat], bits=8)) == 0


def test_the_same_videos_give_the_same_candidates() -> None:
    """In any order of the videos; else dvc would find another split for another order of rows."""
    rng = np.random.default_rng(6)
    prints = [random(rng) for _ in range(50)]
    prints += [like(prints[number], 7, rng) for number in range(50)]
    turned = candidates(prints[::-1], bits=8)

    assert candidates(prints, bits=8).tolist() == sorted((99 - turned[:, ::-1]).tolist())
