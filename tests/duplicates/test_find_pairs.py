"""How much of a video another one shows."""

import numpy as np
import pytest

from vq.duplicates.find_pairs import find, overlap
from vq.duplicates.join import representatives
from vq.video.fingerprint import WINDOWS, Fingerprint


def video(*pictures: int, step: float = 1.0) -> Fingerprint:
    """One hash for each moment; different numbers are far apart."""
    rng = np.random.default_rng(0)
    known = rng.integers(0, 2**63, 32, np.uint64)
    whole = known[list(pictures)]
    windows = np.repeat(whole[:, None], len(WINDOWS), axis=1)
    return Fingerprint(windows, np.stack([whole, ~whole]), step)


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        pytest.param(video(1, 2, 3, 4), video(1, 2, 3, 4), 1.0, id="same"),
        pytest.param(video(1, 2, 3, 4), video(3, 4), 1.0, id="a-part"),
        pytest.param(video(1, 2, 3, 4), video(4, 3, 9, 8), 0.5, id="half-in-any-order"),
        pytest.param(video(1, 2), video(1, 3, 4, 5, 6, 7), 0.5, id="of-the-shorter-one"),
        pytest.param(video(1, 2, step=2.0), video(1, 3, 4, 5), 0.5, id="time-counts"),
        pytest.param(video(1, 2), video(3, 4), 0.0, id="nothing"),
    ],
)
def test_a_share_is_of_the_time_of_the_shorter_one(
    one: Fingerprint, other: Fingerprint, share: float
) -> None:
    """By hand: moments that the other one has too, times what each stands for."""
    assert overlap(one, other, bits=0) == overlap(other, one, bits=0) == share


def test_pairs_that_share_enough_are_found() -> None:
    """At the share that is asked for, and above."""
    prints = [video(1, 2, 3, 4), video(5, 6, 7, 8), video(1, 2, 9, 10), video(5, 6, 7, 11)]

    assert find(prints, bits=8, share=0.75) == {(1, 3): 0.75}
    assert find(prints, bits=8, share=0.5) == {(0, 2): 0.5, (1, 3): 0.75}
    assert find(prints, ["a", "b", "c", "b"], bits=8, share=0.5) == {(0, 2): 0.5}


def test_whoever_is_like_one_is_of_its_family() -> None:
    """And of that of all that are like it; the first is the head, whoever joins later."""
    found = representatives(["d", "c", "a", "b", "a", "e"], [("a", "b"), ("c", "b")])
    later = representatives(
        ["d", "c", "a", "b", "a", "e", "0"], [("a", "b"), ("c", "b"), ("0", "a")]
    )

    assert found == {"a": "c", "b": "c", "c": "c", "d": "d", "e": "e"}
    assert later == found | {"0": "c"}
