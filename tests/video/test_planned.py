"""A planned decode gives the frames of a sequential one, to the bit."""

import logging
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from tests.conftest import rotate
from tests.video import formats
from tests.video.formats import FORMATS, FRAMES
from vq.errors import VideoError
from vq.video import decode as module
from vq.video import decode_plan, frame_sampling, packets, stream
from vq.video.convert import Converter
from vq.video.decode import decode, in_groups

Choose = Callable[[int], Iterable[int]]


def pairs(count: int) -> set[int]:
    """Eight moments and the frame after each, as the student sees a video."""
    moments = frame_sampling.moments(count, moments=8)
    return {*moments.tolist(), *np.minimum(moments + 1, count - 1).tolist()}


CHOICES: dict[str, Choose] = {
    "moments": lambda count: frame_sampling.moments(count, moments=8).tolist(),
    "pairs": pairs,
    "first-and-last": lambda count: [0, count - 1],
    "clip": lambda count: range(count // 3, min(count // 3 + 5, count)),
    "each": lambda count: [count // 7, count // 7 + 1, count // 2] if count > 9 else [0],
}

SEQUENTIAL = {
    "h264-refresh-ts": "save nothing",
    "h264-variable-mkv": "frames seem to be missing",
    "hevc-refresh": "save nothing",
    "vp8": "vp8 is not planned",
    "mpeg4-avi": "mpeg4 is not planned",
    "mpeg4-avi-b": "mpeg4 is not planned",
    "mpeg4-mp4-b": "mpeg4 is not planned",
    "mjpeg": "mjpeg is not planned",
    "flv1": "flv1 is not planned",
    "ffv1": "ffv1 is not planned",
}
"""Formats of which a plan cannot, or must not, be made, and the rule that says so."""


def sequential(path: Path) -> list[tuple[float, np.ndarray]]:
    """Every frame that a decoder gives, from the first packet to the last."""
    found = list(stream.frames(path))
    convert = Converter(found[0][1])
    return [(seconds, convert.rgb(frame)) for seconds, frame in found]


def compare(path: Path, *choices: Choose) -> None:
    """Hold chosen frames against those of a sequential decode of the whole file."""
    try:
        expected = sequential(path)
    except VideoError as error:
        with pytest.raises(VideoError, match=re.escape(error.reason)):
            decode(path, choices[0])
        return
    for choose in choices:
        found = decode(path, choose)

        numbers = sorted(set(choose(found.frame_count)))
        assert sorted(found.pixels) == numbers
        if numbers[-1] == found.frame_count - 1:
            # Whoever looks at the last frame knows how many there are, in a damaged file too.
            assert found.frame_count == len(expected)
        for number, pixels in found.pixels.items():
            assert found.seconds[number] == expected[number][0]
            np.testing.assert_array_equal(pixels, expected[number][1])


@pytest.fixture
def planned_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever decodes sequentially fails."""

    def refuse(*_: object, **__: object) -> NoReturn:
        pytest.fail("decoded sequentially")

    monkeypatch.setattr(module, "_all", refuse)


@pytest.mark.parametrize("name", FORMATS)
def test_frames_are_those_of_a_sequential_decode(name: str, tmp_path: Path) -> None:
    """Pixels, times and their number."""
    path = FORMATS[name](tmp_path)

    compare(path, *CHOICES.values())
    assert decode(path, pairs).frame_count == FRAMES


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in SEQUENTIAL])
@pytest.mark.usefixtures("planned_only")
def test_a_plan_decodes_less(name: str, tmp_path: Path) -> None:
    """Three quarters of the packets at most, and nobody falls back to all of them."""
    path = FORMATS[name](tmp_path)
    read = packets.read(path)

    planned = decode_plan.plan(read, pairs(FRAMES))
    decode(path, pairs)

    assert planned.decoded.sum() <= 0.75 * len(read.pts)


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_what_cannot_be_planned_says_why(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is a rule that sends a file to the sequential decoder, not luck."""
    path = FORMATS[name](tmp_path)

    with caplog.at_level(logging.DEBUG, logger=module.__name__):
        decode(path, pairs)

    assert SEQUENTIAL[name] in caplog.text


@pytest.mark.parametrize(
    ("name", "spare"),
    [
        pytest.param("h264-no-b", 0, id="no-b"),
        pytest.param("h264-pyramid", 70, id="pyramid"),  # 7 B-frames, of which one is referred to
        pytest.param("mpeg1", 79, id="mpeg1"),
    ],
)
def test_frames_that_no_other_needs_are_known(name: str, spare: int, tmp_path: Path) -> None:
    """Counted by hand from the order of types that the encoder was given."""
    assert packets.read(FORMATS[name](tmp_path)).spare.sum() == spare


@pytest.mark.parametrize("name", ["h264-refresh", "h264-refresh-ts", "hevc-refresh"])
def test_a_refresh_in_small_steps_is_no_keyframe(name: str, tmp_path: Path) -> None:
    """Its packets may be called keyframes, but whole pictures come only some frames later."""
    assert np.flatnonzero(packets.read(FORMATS[name](tmp_path)).start).tolist() == [0]


@pytest.mark.parametrize("name", ["hevc", "hevc-open"])  # of others FFmpeg looks itself
def test_a_container_that_lies_about_keyframes_is_not_believed(name: str, tmp_path: Path) -> None:
    """An index that calls all packets keyframes changes nothing."""
    honest = FORMATS[name](tmp_path)

    lying = formats.remux(honest, tmp_path / "lying.mp4", keyframes=True)

    with stream.opened(lying) as (container, opened):
        assert sum(packet.is_keyframe for packet in container.demux(opened)) >= FRAMES - 1
    np.testing.assert_array_equal(packets.read(lying).start, packets.read(honest).start)
    compare(lying, pairs)


@pytest.mark.parametrize("name", ["h264", "h264-open", "hevc-open", "vp9-mp4"])
@pytest.mark.usefixtures("planned_only")
def test_what_an_edit_list_cuts_off_has_no_number(name: str, tmp_path: Path) -> None:
    """The first 0.7 seconds are decoded, for what refers to them, and never shown."""
    path = formats.remux(FORMATS[name](tmp_path), tmp_path / "cut.mp4", shift=700)

    compare(path, *CHOICES.values())
    assert 80 < packets.read(path).frame_count < FRAMES - 10


@pytest.mark.usefixtures("planned_only")
def test_a_rotated_video_is_planned(tmp_path: Path) -> None:
    """Phones hold their cameras as they like."""
    path = rotate(FORMATS["h264"](tmp_path), 90)

    compare(path, pairs)
    assert decode(path, pairs).pixels[7].shape == (96, 64, 3)


@pytest.mark.usefixtures("planned_only")
def test_vp9_of_ten_bits_is_planned() -> None:
    """Profile 2, by `vpxenc --profile=2 --bit-depth=10`: PyAV's encoder has eight bits only."""
    path = Path(__file__).with_name("profile2.webm")

    compare(path, lambda count: [count * 5 // 8], lambda count: [count - 1])
    assert decode_plan.plan(packets.read(path), [25]).decoded.sum() == 6


@pytest.mark.parametrize(
    ("name", "known"),
    [("h264", False), ("h264-mkv", False), ("h264-ts", True), ("hevc", True), ("vp9", True)],
)
def test_opening_a_file_blindly_decodes_none_of_it(name: str, known: bool, tmp_path: Path) -> None:
    """FFmpeg would decode seven frames of H.264, most of what a short look at 4K costs."""
    with stream.opened(FORMATS[name](tmp_path), blind=True) as (_, opened):
        assert (opened.codec_context.pix_fmt is not None) == known


@pytest.mark.usefixtures("planned_only")
def test_a_container_that_lies_about_the_size_is_not_believed(tmp_path: Path) -> None:
    """Opened blindly, a file has not been asked for its size yet when the plan is made."""
    path = FORMATS["h264"](tmp_path)
    content = bytearray(path.read_bytes())
    entry = content.index(b"avc1", content.index(b"stsd"))
    assert content[entry + 28 : entry + 32] == b"\0\x60\0\x40"  # 96 x 64
    content[entry + 28 : entry + 32] = b"\0\x40\0\x20"
    path.write_bytes(bytes(content))

    compare(path, pairs)
    assert next(iter(decode(path, pairs).pixels.values())).shape == (64, 96, 3)


def test_a_change_of_size_is_decoded_from_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All frames have the size of the first, which a plan might not see."""
    small, large = FORMATS["h264-in-band"](tmp_path), formats.larger(tmp_path)
    path = formats.join(small, large, tmp_path / "both.mp4")

    with caplog.at_level(logging.DEBUG, logger=module.__name__):
        compare(path, *CHOICES.values())

    assert "parameters change" in caplog.text


CUT = ["h264", "h264-mkv", "h264-ts", "hevc-open", "mpeg2-ts", "vp9", "av1", "mpeg4-avi"]


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.77, 0.99])
@pytest.mark.parametrize("name", CUT)
def test_a_cut_file_has_the_frames_it_has(name: str, share: float, tmp_path: Path) -> None:
    """An upload that broke off: asked anew where the last frame turns out to be missing."""
    path = formats.cut(FORMATS[name](tmp_path), share)

    compare(path, *CHOICES.values())


@pytest.mark.parametrize("place", [0.2, 0.35, 0.5, 0.65, 0.8])
@pytest.mark.parametrize("name", ["h264", "h264-no-b", "h264-slices", "h264-open", "h264-ts"])
def test_a_bad_sector_sends_a_file_to_the_sequential_decoder(
    name: str, place: float, tmp_path: Path
) -> None:
    """What a decoder makes of damage depends on all that it saw before."""
    path = formats.damage(FORMATS[name](tmp_path), place, size=1024)

    compare(path, *CHOICES.values())
    with pytest.raises(decode_plan.NoPlanError):
        decode_plan.plan(packets.read(path), [packets.read(path).frame_count // 2])


def test_a_plan_that_fails_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Damage that only decoding shows: what was made of the first frames is dropped."""
    path = FORMATS["h264-no-b"](tmp_path)
    with stream.opened(path) as (container, opened):
        there = [(p.pos, p.size) for p in container.demux(opened) if p.size]
    begin, size = there[50]
    content = bytearray(path.read_bytes())
    # Behind the headers: packets look sound.
    content[begin + 40 : begin + size] = b"\xff" * (size - 40)
    path.write_bytes(bytes(content))
    used: list[int] = []

    def use(place: int, group: module.Decoded) -> int:
        used.append(place)
        return next(iter(group.seconds))

    with caplog.at_level(logging.DEBUG, logger=module.__name__):
        found = in_groups(path, lambda count, _: [[1], [52], [110]], use)

    assert "decoded from its first frame on" in caplog.text
    assert used == [0, 0, 1, 2]
    assert found == [1, 52, 110]
    compare(path, lambda count: [1, 52, 110])


def test_a_file_that_is_replaced_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other packets in the second reading: the plan is void."""
    path, other = FORMATS["h264-ts"](tmp_path / "a"), FORMATS["h264-open-ts"](tmp_path / "b")
    take = packets.take

    def then_replace(*source: Any) -> packets.Packets:  # noqa: ANN401
        found = take(*source)
        path.write_bytes(other.read_bytes())
        return found

    monkeypatch.setattr(packets, "take", then_replace)

    found = decode(path, lambda count: [60, 61])

    expected = sequential(other)
    for number in (60, 61):
        np.testing.assert_array_equal(found.pixels[number], expected[number][1])


def clips() -> list[Path]:
    """Real camera footage, where it is at hand."""
    folder = Path(os.environ.get("VQ_ASSETS", "../shared/assets")) / "videos"
    return sorted(folder.glob("*")) if folder.is_dir() else []


@pytest.mark.skipif(not clips(), reason="no real clips: set VQ_ASSETS")
@pytest.mark.slow
@pytest.mark.parametrize("path", clips(), ids=lambda path: path.stem)
def test_real_clips_have_the_frames_of_a_sequential_decode(path: Path) -> None:
    """Encoders of all kinds made them."""
    choices = (pairs, CHOICES["first-and-last"])
    count = packets.read(path).frame_count
    wanted = {number for choose in choices for number in choose(count)}
    expected, convert, number = {}, None, -1  # not all frames at once
    for number, (seconds, frame) in enumerate(stream.frames(path)):
        convert = convert or Converter(frame)
        if number in wanted:
            expected[number] = (seconds, convert.rgb(frame))

    for choose in choices:
        decoded = decode(path, choose)

        assert decoded.frame_count == number + 1
        assert decoded.seconds == {n: expected[n][0] for n in sorted(set(choose(count)))}
        for n, pixels in decoded.pixels.items():
            np.testing.assert_array_equal(pixels, expected[n][1])
