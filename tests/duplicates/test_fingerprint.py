"""A fingerprint outlives what happens to uploads, and says nothing of what cannot be seen."""

import numpy as np
import pytest

from tests.duplicates.scenes import looks, scene
from vq.duplicates.find_pairs import overlap
from vq.video.fingerprint import WINDOWS, Fingerprint, pack, take, unpack


def fingerprint(**how: object) -> Fingerprint:
    """Of two seconds of a scene."""
    return take(looks(scene(1, **how)), 2.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"mirrored": True}, id="mirrored"),
        pytest.param({"crop": 0.06}, id="cropped-a-little"),
        pytest.param({"crop": 0.12}, id="cropped"),
        pytest.param({"bars": 0.15}, id="bars"),
        pytest.param({"crop": 0.12, "mirrored": True, "bars": 0.1}, id="all-of-it"),
    ],
)
def test_what_uploads_do_to_a_picture_is_no_difference(how: dict[str, object]) -> None:
    """All of the time of one is seen in the other, whichever comes first."""
    one, other = fingerprint(), fingerprint(**how)

    assert overlap(one, other, bits=8) > 0.85
    assert overlap(one, other, bits=8) == overlap(other, one, bits=8)


def test_a_part_is_seen_in_the_whole() -> None:
    """The last second of a video is in it from end to end."""
    part = take(looks(scene(1, start=25), 25), 1.0)

    assert overlap(fingerprint(), part, bits=8) > 0.85


def test_another_scene_is_not_seen() -> None:
    """In twenty scenes, nothing of the first."""
    others = [take(looks(scene(seed)), 2.0) for seed in range(2, 22)]

    assert max(overlap(fingerprint(), other, bits=8) for other in others) < 0.3


@pytest.mark.parametrize("level", [0, 90, 255])
def test_of_flat_pictures_nothing_is_known(level: int) -> None:
    """Black frames of two videos are not the same video; they are not even hashed."""
    flat = take([np.full((48, 64), level, np.uint8)] * 50, 2.0)

    assert (flat.windows.shape, flat.frames.shape) == ((0, len(WINDOWS)), (2, 0))
    assert overlap(flat, flat, bits=8) == 0


def test_a_single_frame_is_enough() -> None:
    """Whatever is a video has a fingerprint."""
    found = take(looks(scene(1), 1), 0.04)

    assert (len(found.windows), found.frames.shape, found.step) == (1, (2, 1), 0.04)


def test_a_long_video_costs_no_more_than_one_of_half_a_minute() -> None:
    """Two moments a second at most, and eight whole pictures."""
    picture = looks(scene(1), 1)[0]

    found = take([picture] * 3000, 120.0)

    assert (len(found.windows), found.frames.shape[1], found.step) == (60, 240, 2.0)


def test_what_is_packed_is_unpacked() -> None:
    """As it goes through pipes and files."""
    found = fingerprint()

    again = unpack(*pack(found))

    assert again.step == found.step
    np.testing.assert_array_equal(again.windows, found.windows)
    np.testing.assert_array_equal(again.frames, found.frames)


@pytest.mark.parametrize(
    "change",
    [{"moments": 9}, {"dense": 3}, {"step": float("nan")}, {"step": -1.0}, {"moments": -1}],
)
def test_nonsense_is_refused(change: dict[str, float]) -> None:
    """A process that was taken over by a file says what it likes."""
    told, data = pack(fingerprint())

    with pytest.raises(ValueError, match=r"reshape|a moment of|split"):
        unpack(told | change, data)
