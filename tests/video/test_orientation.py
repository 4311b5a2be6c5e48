"""All eight ways in which a picture can be turned and mirrored for display."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import orient
from vq.video.convert import Converter
from vq.video.decode import decode
from vq.video.orientation import Orientation
from vq.video.probe import survey
from vq.video.views import ViewSpec, look

QUARTERS = np.array([[250, 170], [90, 10]])
"""Brightness of the quarters of the stored picture."""

CASES = {
    "upright": ((1, 0, 0, 1), [[250, 170], [90, 10]], 0, False),
    "90": ((0, 1, -1, 0), [[90, 250], [10, 170]], 270, False),
    "180": ((-1, 0, 0, -1), [[10, 90], [170, 250]], 180, False),
    "270": ((0, -1, 1, 0), [[170, 10], [250, 90]], 90, False),
    "mirrored": ((-1, 0, 0, 1), [[170, 250], [10, 90]], 0, True),
    "mirrored-90": ((0, 1, 1, 0), [[250, 90], [170, 10]], 270, True),
    "mirrored-180": ((1, 0, 0, -1), [[90, 10], [250, 170]], 180, True),
    "mirrored-270": ((0, -1, -1, 0), [[10, 170], [90, 250]], 90, True),
}
"""Matrix; quarters as displayed, by hand; degrees counterclockwise; then mirrored or not."""


def quarters(number: int, width: int, height: int) -> np.ndarray:
    """A picture of which each quarter has a brightness of its own."""
    picture = np.kron(QUARTERS, np.ones((height // 2, width // 2)))
    return np.repeat(picture[..., None], 3, axis=2).astype(np.uint8)


def of_quarters(picture: np.ndarray) -> np.ndarray:
    """Mean brightness of each quarter."""
    height, width = picture.shape[:2]
    even = picture[: height // 2 * 2, : width // 2 * 2]
    parts = even.reshape(2, height // 2, 2, width // 2, -1)
    return parts.mean((1, 3, 4))


@pytest.mark.parametrize("name", CASES)
def test_a_picture_is_shown_as_players_show_it(name: str, make_h264: Callable[..., Path]) -> None:
    """Frames, small pictures of import, and what the student sees."""
    matrix, expected, rotation, mirrored = CASES[name]
    path = orient(make_h264(frames=4, picture=quarters, width=96, height=64), matrix)

    (pixels,) = decode(path, lambda count: [1]).pixels.values()
    probe, looks, _ = survey(path)
    views = look(path, ViewSpec(moments=1, grid=2, patch_px=16)).views

    np.testing.assert_allclose(of_quarters(pixels), expected, atol=4)
    np.testing.assert_allclose(of_quarters(looks[0][..., None]), expected, atol=20)
    np.testing.assert_allclose(of_quarters(views[0, :3].transpose(1, 2, 0)), expected, atol=4)
    assert (probe.rotation, probe.mirrored) == (rotation, mirrored)
    assert (probe.width, probe.height) == pixels.shape[1::-1]


@pytest.mark.parametrize("name", CASES)
def test_a_part_is_cut_from_the_stored_picture(name: str, make_h264: Callable[..., Path]) -> None:
    """The same pixels as of the whole picture, whichever way it is turned."""
    path = orient(make_h264(frames=2, width=96, height=64), CASES[name][0])
    rows, columns = np.arange(8, 40), np.arange(20, 60)
    parts = []

    def see(convert: Converter, frame: object) -> np.ndarray:
        parts.append((convert.patches(frame, rows, columns), convert.rgb(frame)))  # type: ignore[arg-type]
        return parts[-1][1]

    from vq.video.decode import in_groups

    in_groups(path, lambda count, _: [[0]], lambda _, group: group, see=see)

    ((part, whole),) = parts
    np.testing.assert_array_equal(part, whole[8:40, 20:60])


def test_a_matrix_of_zeros_turns_nothing(make_h264: Callable[..., Path]) -> None:
    """Some writers leave it empty."""
    path = orient(make_h264(frames=2, picture=quarters), (0, 0, 0, 0))

    (pixels,) = decode(path, lambda count: [1]).pixels.values()

    np.testing.assert_allclose(of_quarters(pixels), QUARTERS, atol=4)


def test_ways_differ() -> None:
    """Eight orientations, eight pictures."""
    picture = np.arange(6).reshape(2, 3)
    ways = [Orientation(bool(n & 4), bool(n & 2), bool(n & 1)) for n in range(8)]

    assert (
        len({way.upright(picture).tobytes() + bytes(way.upright(picture).shape) for way in ways})
        == 8
    )
    assert len({(way.rotation, way.is_mirrored) for way in ways}) == 8
