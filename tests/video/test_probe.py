"""Facts about a file are counted, not believed."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import marked, moving, rotate, still
from tests.video.formats import FORMATS, join, larger
from vq.errors import VideoError
from vq.video.probe import probe, sha256

MakeVideo = Callable[..., Path]


def black(number: int, width: int, height: int) -> np.ndarray:
    """No light at all."""
    return np.zeros((height, width, 3), np.uint8)


def test_an_ordinary_video(make_h264: MakeVideo) -> None:
    """What was written is found again."""
    found = probe(make_h264(frames=24))

    assert (found.width, found.height, found.frames) == (96, 64, 24)
    assert (found.codec, found.pix_fmt, found.rotation) == ("h264", "yuv420p", 0)
    assert (found.fps, found.duration_s) == (25.0, 0.96)


def test_rotation_counts_in_width_and_height(make_h264: MakeVideo) -> None:
    """A phone's upright video is taller than wide, though stored lying."""
    found = probe(rotate(make_h264(frames=2, picture=marked), 90))

    assert (found.width, found.height, found.rotation) == (64, 96, 270)


def test_a_variable_rate_is_averaged(make_h264: MakeVideo) -> None:
    """Four frames in 1.5 seconds: three intervals, two frames a second, two seconds in all."""
    found = probe(make_h264(frames=4, times=[0, 40, 300, 1500]))

    assert found.fps == pytest.approx(2, abs=0.01)
    assert found.duration_s == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(
    ("times", "share"),
    [
        pytest.param([round(n * 1000 / 60) for n in range(20)], 0, id="rounded"),
        pytest.param([*range(0, 400, 40), *range(400, 1000, 60)], 9 / 19, id="two-rates"),
    ],
)
def test_a_variable_rate_is_told(make_h264: MakeVideo, times: list[int], share: float) -> None:
    """From one whose milliseconds are rounded, as a 60 Hz recording has them."""
    found = probe(make_h264("a.mkv", frames=len(times), times=times))

    assert found.vfr == pytest.approx(share, abs=0.001)


def test_two_fields_are_told(make_h264: MakeVideo) -> None:
    """Of each frame."""
    fields = make_h264("fields.mp4", frames=6, options={"x264-params": "tff=1"})

    assert probe(fields).interlaced == 1
    assert probe(make_h264(frames=6)).interlaced == 0


@pytest.mark.parametrize(("transfer", "name"), [("smpte2084", "PQ"), ("arib-std-b67", "HLG")])
def test_high_dynamic_range_is_told(make_video: MakeVideo, transfer: str, name: str) -> None:
    """By its transfer function; ten bits alone may be anything."""
    how = {"codec": "libx265", "pix_fmt": "yuv420p10le", "width": 64, "height": 64}
    params = f"log-level=none:transfer={transfer}:colorprim=bt2020:colormatrix=bt2020nc"

    found = probe(make_video(4, name="a.mp4", options={"x265-params": params}, **how))
    plain = probe(make_video(4, name="b.mp4", **how))

    assert (found.hdr, found.bit_depth) == (name, 10)
    assert (plain.hdr, plain.bit_depth) == ("", 10)


def test_a_change_of_size_is_counted(tmp_path: Path) -> None:
    """As where a live stream adapts; the first size is that of the video."""
    small = FORMATS["h264-in-band"](tmp_path)
    found = probe(join(small, larger(tmp_path), tmp_path / "both.ts"))

    assert (found.resizes, found.width, found.height) == (1, 96, 64)
    assert probe(small).resizes == 0


def test_black_and_frozen_frames_are_counted(make_h264: MakeVideo) -> None:
    """Six moving frames, six black ones; between black frames nothing moves."""

    def half(number: int, width: int, height: int) -> np.ndarray:
        return (moving if number < 6 else black)(number, width, height)

    found = probe(make_h264(frames=12, picture=half, options={"crf": "10"}))

    assert (found.black, found.frozen) == (0.5, pytest.approx(5 / 12, abs=0.001))


def test_a_truncated_file_has_the_frames_that_decode(make_h264: MakeVideo) -> None:
    """The header still promises sixty."""
    path = make_h264(frames=60, options={"g": "12"})
    path.write_bytes(path.read_bytes()[: int(0.6 * path.stat().st_size)])

    assert 10 < probe(path).frames < 60


@pytest.mark.parametrize(("codec", "name"), [("libx264", "a.mp4"), ("libvpx-vp9", "a.webm")])
def test_a_still_does_not_move(make_video: MakeVideo, codec: str, name: str) -> None:
    """Though its keyframes make it jump; an ordinary picture moves by far more."""
    how = {"codec": codec, "width": 192, "height": 128, "pix_fmt": "yuv420p"}
    options = {"g": "24", "crf": "35", "b": "0"}
    held = make_video(48, name=name, picture=still, options=options, **how)
    moved = make_video(12, name=f"moving_{name}", picture=moving, options=options, **how)

    assert probe(held).motion < 0.05
    assert probe(moved).motion > 1


def test_black_is_dark(make_h264: MakeVideo) -> None:
    """Limited range is undone: black is 0, not 16."""
    assert probe(make_h264(frames=4, picture=black)).brightness < 1
    assert 100 < probe(make_h264("light.mp4", frames=4)).brightness < 160


def test_one_frame_is_a_video(make_h264: MakeVideo) -> None:
    """It is for the caller to say what is too short."""
    found = probe(make_h264(frames=1))

    assert (found.frames, found.motion) == (1, 0.0)


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    """As in decoding."""
    with pytest.raises(VideoError, match=r"none\.mp4: no such file"):
        probe(tmp_path / "none.mp4")


def test_hash_is_of_the_bytes(tmp_path: Path) -> None:
    """The same as hashlib says of the whole."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"some bytes")

    assert sha256(path) == hashlib.sha256(b"some bytes").hexdigest()
