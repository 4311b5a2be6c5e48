"""What the student sees."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import rotate
from vq.video import PIXELS
from vq.video.convert import Converter
from vq.video.decode import Decoded, decode
from vq.video.views import ViewSpec, look

SPEC = ViewSpec(moments=2, grid=2, patch_px=4)


def decoded(frames: int, height: int = 20, width: int = 30) -> Decoded:
    """Every frame of a random video."""
    pixels = np.random.default_rng(0).integers(0, 256, (frames, height, width, 3), np.uint8)
    return Decoded(frames, dict(enumerate(pixels)), {n: n / 25 for n in range(frames)})


def test_frames_needed_are_moments_and_their_neighbours() -> None:
    """Moments 2 and 7 of ten, each with the next."""
    assert SPEC.indices(10) == [2, 3, 7, 8]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [pytest.param(1, [0], id="one-frame"), pytest.param(2, [0, 1], id="two-frames")],
)
def test_after_the_last_frame_comes_the_one_before_it(frames: int, expected: list[int]) -> None:
    """The neighbour always exists."""
    assert SPEC.indices(frames) == expected


def test_patches_are_of_native_resolution_in_the_middle_of_their_cells() -> None:
    """By hand: rows 20 / 2 = 10 a cell, middles 5 and 15, starts 3 and 13, made even 2 and 12."""
    video = decoded(10)

    views = SPEC.cut(video)

    assert views.shape == (2, 4, 8, 8)
    rows = [2, 3, 4, 5, 12, 13, 14, 15]
    columns = [4, 5, 6, 7, 20, 21, 22, 23]  # cells of 15: middles 7 and 22, starts 5 and 20
    expected = video.pixels[7][np.ix_(rows, columns)]
    np.testing.assert_array_equal(views[1, :3].transpose(1, 2, 0), expected)


def test_the_last_channel_is_the_luma_of_the_next_frame() -> None:
    """Within one level of Pillow's own conversion, which is BT.601 too."""
    video = decoded(10)

    views = SPEC.cut(video)

    rows, columns = [2, 3, 4, 5, 12, 13, 14, 15], [4, 5, 6, 7, 20, 21, 22, 23]
    expected = np.asarray(Image.fromarray(video.pixels[3]).convert("L"), int)
    assert np.abs(views[0, 3] - expected[np.ix_(rows, columns)]).max() <= 1


@pytest.mark.parametrize(
    ("height", "width"),
    [
        pytest.param(5, 6, id="both-sides"),
        pytest.param(7, 100, id="one-side"),
        pytest.param(1, 1, id="a-pixel"),
        pytest.param(8, 8, id="exact-fit"),
        pytest.param(9, 11, id="odd"),
    ],
)
def test_a_small_frame_fills_a_view(height: int, width: int) -> None:
    """A view always has its full size, and no pixel that the frame has not."""
    video = decoded(3, height, width)

    cut = SPEC.cut(video)

    assert cut.shape == (2, 4, 8, 8)
    shown = {tuple(pixel) for pixel in cut[0, :3].reshape(3, -1).T.tolist()}
    number = SPEC.pairs(3)[0][0]
    assert shown <= {tuple(pixel) for pixel in video.pixels[number].reshape(-1, 3).tolist()}


def test_patches_of_a_frame_smaller_than_a_view_overlap() -> None:
    """Six rows hold two patches of four: rows 0 to 3 and 2 to 5."""
    video = decoded(3, 6, 8)

    cut = SPEC.cut(video)[0, :3].transpose(1, 2, 0)

    pixels = video.pixels[SPEC.pairs(3)[0][0]]
    np.testing.assert_array_equal(cut[:4], pixels[:4])
    np.testing.assert_array_equal(cut[4:], pixels[2:])


def test_a_frame_of_the_size_of_a_view_is_seen_whole() -> None:
    """Nothing is left out, nothing twice."""
    video = decoded(10, 8, 8)

    np.testing.assert_array_equal(SPEC.cut(video)[0, :3].transpose(1, 2, 0), video.pixels[2])


def test_an_odd_patch_is_refused() -> None:
    """Patches start on whole chroma samples."""
    with pytest.raises(ValueError, match="patch_px even"):
        ViewSpec(moments=8, grid=5, patch_px=31)


def test_cutting_needs_no_torch() -> None:
    """What scores must start fast and stay small."""
    code = "import sys, vq.video.views, vq.video.probe; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pixels_cannot_change_unseen() -> None:
    """Other pixels of a file need a higher `vq.video.PIXELS`, or an old cache would serve them.

    Expected: mean and deviation of each channel at each moment, recorded with version 1; version 2
    turned mirrored files and took other streams and damaged frames.
    """
    assert PIXELS == 2
    spec = ViewSpec(moments=2, grid=2, patch_px=16)
    file = Path(__file__).with_name("leaves.mp4")

    cut = spec.cut(decode(file, lambda count: set(spec.indices(count)))).reshape(8, -1)

    means = [124.81, 151.18, 133.2, 140.38, 113.35, 117.83, 126.85, 112.23]
    deviations = [74.65, 70.82, 64.79, 68.71, 64.47, 66.72, 54.84, 62.02]
    np.testing.assert_allclose(cut.mean(1), means, atol=0.05)
    np.testing.assert_allclose(cut.std(1), deviations, atol=0.05)


UPRIGHT = {"width": 96, "height": 64}


@pytest.mark.parametrize(
    ("how", "degrees"),
    [
        pytest.param(UPRIGHT, 0, id="ordinary"),
        pytest.param(UPRIGHT, 90, id="90"),
        pytest.param(UPRIGHT, 180, id="180"),
        pytest.param(UPRIGHT, 270, id="270"),
        pytest.param({"width": 134, "height": 98}, 90, id="no-multiple-of-four"),
        pytest.param({"pix_fmt": "yuvj420p"}, 270, id="full-range"),
    ],
)
def test_a_look_converts_no_whole_frame(
    make_h264: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    how: dict[str, object],
    degrees: int,
) -> None:
    """The same views as of whole frames, whichever way up; `rgb` is never called."""
    path = make_h264(frames=30, **how)
    if degrees:
        rotate(path, degrees)
    expected = SPEC.cut(decode(path, SPEC.indices))

    monkeypatch.delattr(Converter, "rgb")
    seen = look(path, SPEC)

    np.testing.assert_array_equal(seen.views, expected)
    assert (seen.frame_count, len(seen.numbers)) == (30, 4)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"width": 97, "height": 65, "pix_fmt": "yuv444p"}, id="odd-size"),
        pytest.param({"width": 96, "height": 65, "pix_fmt": "yuv444p"}, id="odd-height"),
        pytest.param({"codec": "libvpx", "width": 95, "height": 65}, id="odd-4:2:0"),
        pytest.param({"pix_fmt": "yuv422p"}, id="4:2:2"),
        pytest.param({"codec": "libx265", "pix_fmt": "yuv420p10le"}, id="10-bit"),
        pytest.param({"options": {"x264-params": "tff=1"}}, id="interlaced"),
        pytest.param({"width": 6, "height": 30}, id="smaller-than-a-view"),
        pytest.param({"frames": 1}, id="one-frame"),
    ],
)
def test_a_look_sees_what_is_in_whole_frames(
    make_h264: Callable[..., Path], how: dict[str, object]
) -> None:
    """Where a part of a frame has other colours when it is converted alone, all is converted."""
    name = "clip.mkv" if how.get("codec") == "libvpx" else "clip.mp4"
    path = make_h264(**{"name": name, "frames": 12, **how})

    seen = look(path, SPEC)

    decoded = decode(path, SPEC.indices)
    np.testing.assert_array_equal(seen.views, SPEC.cut(decoded))
    assert (seen.frame_count, list(seen.numbers)) == (decoded.frame_count, sorted(decoded.pixels))


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p"])
@given(
    size=st.tuples(st.integers(8, 70), st.integers(8, 70)),
    place=st.tuples(st.integers(0, 31), st.integers(0, 31)),
    side=st.integers(1, 4),
    colours=st.sampled_from([(2, 0), (1, 1), (5, 1), (6, 2), (1, 2), (9, 1)]),
    seed=st.integers(0, 99),
)
def test_patches_are_part_of_the_picture(
    pix_fmt: str,
    size: tuple[int, int],
    place: tuple[int, int],
    side: int,
    colours: tuple[int, int],
    seed: int,
) -> None:
    """Of noise of any size, in any matrix and range (as FFmpeg numbers them)."""
    frame = av.VideoFrame(*size, pix_fmt)
    rng = np.random.default_rng(seed)
    for plane in frame.planes:
        plane.update(rng.bytes(plane.buffer_size))
    frame.colorspace, frame.color_range = colours
    convert = Converter(frame)
    columns, rows = (
        2 * start % (length // 2 * 2 - 2 * side + 2) // 2 * 2 + np.arange(2 * side)
        for start, length in zip(place, size, strict=True)
    )

    patch = convert.patches(frame, rows, columns)

    np.testing.assert_array_equal(patch, convert.rgb(frame)[np.ix_(rows, columns)])
