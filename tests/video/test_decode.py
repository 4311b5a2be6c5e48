"""Frames come back as they were written."""

import hashlib
import logging
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import marked, moving, rotate
from vq.errors import VideoError
from vq.video import decode as module
from vq.video import packets, stream
from vq.video.decode import Decoded, decode, in_groups
from vq.video.packets import Packets

MakeVideo = Callable[..., Path]


def everything(count: int) -> range:
    """Ask for every frame."""
    return range(count)


def digest(decoded: Decoded) -> str:
    """One word for all pixels."""
    return hashlib.sha256(b"".join(p.tobytes() for p in decoded.pixels.values())).hexdigest()


def test_frames_are_those_asked_for(make_video: MakeVideo) -> None:
    """The grey level tells which frame it is; time starts at the first frame."""
    found = decode(make_video(20), lambda count: [3, 7, count - 1])

    assert found.frame_count == 20
    assert sorted(found.pixels) == [3, 7, 19]
    levels = [found.pixels[number].mean() for number in (3, 7, 19)]
    np.testing.assert_allclose(levels, [24, 56, 152], atol=2)
    np.testing.assert_allclose([found.seconds[3], found.seconds[19]], [3 / 25, 19 / 25], atol=1e-3)


def test_a_frame_that_cannot_be_is_a_bug_of_the_caller(make_video: MakeVideo) -> None:
    """The number is quoted."""
    with pytest.raises(ValueError, match=r"frames \[5\] of a video of 5 frames"):
        decode(make_video(5), lambda count: [count])


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx", "libvpx-vp9", "mpeg4"])
def test_packets_tell_how_many_frames_there_are(make_video: MakeVideo, codec: str) -> None:
    """B-frames, and the hidden reference frames of VP8 and VP9, do not mislead the count."""
    options = {"auto-alt-ref": "1", "lag-in-frames": "16"} if "vpx" in codec else {}
    path = make_video(
        40, codec=codec, width=64, height=48, pix_fmt="yuv420p", picture=moving, options=options
    )

    assert packets.read(path).frame_count == sum(1 for _ in stream.frames(path)) == 40


@pytest.mark.parametrize(
    ("how", "size"),
    [
        pytest.param({"width": 97, "height": 65, "pix_fmt": "yuv444p"}, (65, 97), id="odd-size"),
        pytest.param({"codec": "libx265", "pix_fmt": "yuv420p10le"}, (64, 96), id="10-bit"),
        pytest.param({"pix_fmt": "yuvj422p"}, (64, 96), id="full-range"),
        pytest.param({"times": [0, 40, 300, 310, 500, 900]}, (64, 96), id="variable-rate"),
        pytest.param({"frames": 1}, (64, 96), id="one-frame"),
    ],
)
def test_unusual_videos_come_out_as_rgb(
    make_h264: MakeVideo, how: dict[str, object], size: tuple[int, int]
) -> None:
    """Close to what was written, whatever the file is like inside."""
    found = decode(make_h264(**{"frames": 6, **how}), everything)

    for number, pixels in found.pixels.items():
        assert pixels.shape == (*size, 3)
        written = moving(number, size[1], size[0]).astype(float).mean(axis=2)
        assert np.abs(pixels.mean(axis=2) - written).mean() < 12


def test_times_of_a_variable_rate_are_kept(make_h264: MakeVideo) -> None:
    """Frames are not taken to be evenly spaced."""
    found = decode(make_h264(frames=4, times=[0, 40, 300, 1000]), everything)

    np.testing.assert_allclose(list(found.seconds.values()), [0, 0.04, 0.3, 1.0], atol=2e-3)


def test_4k_is_read(make_h264: MakeVideo) -> None:
    """Native resolution is kept."""
    fast = {"preset": "ultrafast"}
    path = make_h264(frames=2, width=3840, height=2160, picture=marked, options=fast)

    assert decode(path, lambda count: [1]).pixels[1].shape == (2160, 3840, 3)


@pytest.mark.parametrize(
    ("degrees", "shape", "row", "column"),
    [
        pytest.param(90, (96, 64), 0, 1, id="90"),
        pytest.param(180, (64, 96), 1, 1, id="180"),
        pytest.param(270, (96, 64), 1, 0, id="270"),
    ],
)
def test_phone_videos_stand_upright(
    make_h264: MakeVideo, degrees: int, shape: tuple[int, int], row: int, column: int
) -> None:
    """The white corner, written upper left, turns clockwise with the display matrix."""
    path = rotate(make_h264(frames=2, picture=marked), degrees)

    pixels = decode(path, lambda count: [0]).pixels[0]

    assert pixels.shape == (*shape, 3)
    height, width = shape[0] // 2, shape[1] // 2
    corners = [
        [pixels[y : y + height, x : x + width].mean() for x in (0, width)] for y in (0, height)
    ]
    assert corners[row][column] > 200
    assert sum(map(sum, corners)) - corners[row][column] < 60


def test_frames_are_let_go_when_no_group_wants_them(make_video: MakeVideo) -> None:
    """Whatever the length of a video, only what groups share is in memory."""
    frames: dict[int, weakref.ref] = {}
    alive: list[list[int]] = []

    def use(_: int, group: Decoded) -> list[int]:
        alive.append([number for number, frame in frames.items() if frame() is not None])
        frames.update((number, weakref.ref(pixels)) for number, pixels in group.pixels.items())
        return sorted(group.pixels)

    found = in_groups(make_video(20), lambda count, _: [[1, 2], [2, 5], [], [9, 10], [3]], use)

    assert found == [[1, 2], [2, 5], [], [9, 10], [3]]
    # The last group ends before the one that it waits for.
    assert alive == [[], [2], [], [], []]


def test_a_video_that_ends_early_is_used_anew(make_h264: MakeVideo) -> None:
    """What came of frames chosen by a wrong count is dropped; its packets count for nothing."""
    path = make_h264(frames=60, options={"g": "12"})
    path.write_bytes(path.read_bytes()[: int(0.6 * path.stat().st_size)])
    counts: list[int] = []

    def use(place: int, group: Decoded) -> int:
        counts.append(group.frame_count)
        return place

    told: list[bool] = []

    def choose(count: int, promised: Packets | None) -> list[list[int]]:
        told.append(promised is not None)
        return [[0], [count // 2], [count - 1]]

    assert in_groups(path, choose, use) == [0, 1, 2]
    delivered, promised = counts[-1], packets.read(path).frame_count
    assert delivered < promised
    assert counts == [promised] * 2 + [delivered] * 3
    assert told == [True, False]


def test_a_video_that_ends_early_is_sampled_anew(make_h264: MakeVideo) -> None:
    """The second choice is made with the number of frames that do decode."""
    path = make_h264(frames=60, options={"g": "12"})
    path.write_bytes(path.read_bytes()[: int(0.6 * path.stat().st_size)])
    asked: list[int] = []

    def last(count: int) -> list[int]:
        asked.append(count)
        return [count - 1]

    found = decode(path, last)

    assert asked == [packets.read(path).frame_count, found.frame_count]
    assert 10 < found.frame_count < 60
    assert list(found.pixels) == [found.frame_count - 1]


def test_a_cut_file_loses_its_last_frames_and_says_so(
    make_h264: MakeVideo, caplog: pytest.LogCaptureFixture
) -> None:
    """What comes before the cut is there, in order."""
    path = make_h264(frames=60, options={"g": "12"})
    content = path.read_bytes()
    path.write_bytes(content[: int(0.6 * len(content))])

    with caplog.at_level(logging.WARNING):
        decoded = decode(path, everything)

    assert 10 < decoded.frame_count < 60
    assert np.diff(list(decoded.seconds.values())).min() > 0
    assert "damaged" in caplog.text


def test_a_stream_that_begins_in_the_middle_breaks_nothing(make_h264: MakeVideo) -> None:
    """Recordings of television; PyAV stumbles over streams it did not meet when opening."""
    path = make_h264(name="one.ts", frames=40, muxer={})
    other = make_h264(name="other.ts", frames=40, muxer={"mpegts_start_pid": "0x200"})
    path.write_bytes(path.read_bytes() * 60 + other.read_bytes() * 9)

    assert 39 * 60 < decode(path, lambda count: [count // 2]).frame_count <= 40 * 60


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "no such file; correct the path", id="missing"),
        pytest.param(b"", "is empty; copy or download it again", id="zero-byte"),
        pytest.param(b"not a video\n" * 99, "is text, not a video", id="text"),
        pytest.param(b"#EXTM3U\n#EXTINF:2,\nother.mp4\n", "is a playlist", id="playlist"),
    ],
)
def test_what_is_no_video_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """The file, the reason, and what to do."""
    path = tmp_path / "notes.mp4"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(VideoError, match=rf"notes\.mp4: {reason}"):
        decode(path, everything)


def test_sound_alone_is_no_video(make_sound: Callable[..., Path]) -> None:
    """An audio track is not an empty video."""
    with pytest.raises(VideoError, match=r"sound\.mp4: has no video stream, only sound \(aac\)"):
        decode(make_sound(), everything)


def test_a_header_without_frames_is_no_video(make_h264: MakeVideo) -> None:
    """The index promises sixty frames; the file ends before the first."""
    path = make_h264(frames=60)
    path.write_bytes(path.read_bytes()[: path.read_bytes().index(b"mdat") + 8])

    with pytest.raises(VideoError, match=r"clip\.mp4: not one frame can be decoded; encode"):
        decode(path, everything)


def test_a_colon_in_a_name_is_no_protocol(make_h264: MakeVideo, tmp_path: Path) -> None:
    """`take:1.mp4` is a file, whatever FFmpeg thinks of colons."""
    path = make_h264(frames=3).rename(tmp_path / "take:1.mp4")

    assert decode(path, everything).frame_count == 3


def test_nothing_stays_open(make_h264: MakeVideo) -> None:
    """Three hundred unclosed videos would cost half a gigabyte."""
    path = make_h264(frames=4)
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(5):
        module.decode(path, lambda count: [0])

    assert len(list(Path("/proc/self/fd").iterdir())) == before
