"""A damaged file has one set of frames: those of a decode from its first packet on."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest

from tests.video import formats
from vq.video import decode_plan, packets, stream
from vq.video.convert import Converter
from vq.video.decode import decode

HASH = """
import hashlib, sys
from pathlib import Path
from vq.video.decode import decode
decoded = decode(Path(sys.argv[1]), range)
print(hashlib.sha256(b"".join(p.tobytes() for p in decoded.pixels.values())).hexdigest())
"""


def digest(path: Path) -> str:
    """Of all frames."""
    pixels = decode(path, range).pixels.values()
    return hashlib.sha256(b"".join(part.tobytes() for part in pixels)).hexdigest()


def with_packets(source: Path, target: Path, change: "Change") -> Path:
    """Copy a file with other packets: what `change` makes of each, None to lose it."""
    with av.open(source) as old, av.open(target, "w") as new:
        copy = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for number, packet in enumerate(p for p in old.demux(video=0) if p.size):
            content = change(number, bytes(packet))
            if content is None:
                continue
            other = av.Packet(content)
            other.pts, other.dts = packet.pts, packet.dts
            other.time_base, other.is_keyframe = packet.time_base, packet.is_keyframe
            other.stream = copy
            new.mux(other)
    return target


class Change:
    """What becomes of a packet."""

    def __call__(self, number: int, content: bytes) -> bytes | None:
        """Its content; None if it is lost."""
        return content


class Flipped(Change):
    """Bits behind the headers of some packets are flipped: the decoder conceals what it misses."""

    def __call__(self, number: int, content: bytes) -> bytes:
        """Two bytes of each seventeenth packet."""
        damaged = bytearray(content)
        if number % 17 == 7:
            damaged[len(content) // 2] ^= 0x5A
            damaged[len(content) // 3] ^= 0xFF
        return bytes(damaged)


class Lost(Change):
    """A packet that others are predicted from is missing."""

    def __init__(self, number: int) -> None:
        self._lost = number

    def __call__(self, number: int, content: bytes) -> bytes | None:
        """None for one of them."""
        return None if number == self._lost else content


class ZeroLength(Change):
    """Units of no length in some packets: the decoder refuses them."""

    def __call__(self, number: int, content: bytes) -> bytes:
        """Each twentieth packet begins with one."""
        return bytes(4) + content if number % 20 == 9 else content


def whole(path: Path) -> list[tuple[float, np.ndarray]]:
    """Every frame that a decoder gives."""
    convert, frames = None, []
    for seconds, frame in stream.frames(path):
        convert = convert or Converter(frame)
        frames.append((seconds, convert.rgb(frame)))
    return frames


@pytest.fixture
def flipped(tmp_path: Path) -> Path:
    """H.264 of which the decoder conceals damage without a word."""
    healthy = formats.FORMATS["h264"](tmp_path / "healthy")
    path = with_packets(healthy, tmp_path / "flipped.mp4", Flipped())
    assert any(frame.is_corrupt for _, frame in stream.frames(path))
    return path


def test_one_thread_decodes_a_file(flipped: Path) -> None:
    """Several conceal damage by what is decoded first, and do not say that there was any."""
    with stream.opened(flipped) as (_, opened):
        assert opened.codec_context.thread_count == 1


def test_damage_comes_out_the_same_under_load(flipped: Path) -> None:
    """Whatever else the machine does."""
    with ThreadPoolExecutor(6) as pool:
        digests = set(pool.map(digest, [flipped] * 12))

    assert len(digests) == 1


@pytest.mark.parametrize("name", ["h264", "h264-slices", "hevc", "vp8", "vp9", "mpeg4-avi"])
def test_damage_comes_out_the_same_in_every_process(name: str, tmp_path: Path) -> None:
    """Whatever is in memory that nobody has written to."""
    healthy = formats.FORMATS[name](tmp_path / "healthy")
    path = with_packets(healthy, tmp_path / f"flipped{healthy.suffix}", Flipped())
    digests = {digest(path)}
    for byte in ("1", "170"):
        done = subprocess.run(
            [sys.executable, "-c", HASH, str(path)],
            env={**os.environ, "MALLOC_PERTURB_": byte},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())

    assert len(digests) == 1


def damaged(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files that the packets alone do not show to be damaged, or hardly."""
    healthy = formats.FORMATS["h264"](folder / "healthy")
    mkv = formats.FORMATS["h264-mkv"](folder / "healthy-mkv")
    yield "flipped", with_packets(healthy, folder / "flipped.mp4", Flipped())
    yield "zero-length", with_packets(healthy, folder / "zero.mp4", ZeroLength())
    reference = int(np.flatnonzero(~packets.read(healthy).spare)[-4])
    yield "lost-mp4", with_packets(healthy, folder / "lost.mp4", Lost(reference))
    yield "lost-mkv", with_packets(mkv, folder / "lost.mkv", Lost(reference))


@pytest.mark.parametrize("name", ["flipped", "zero-length", "lost-mp4", "lost-mkv"])
def test_frames_of_a_damaged_file_are_those_of_a_full_decode(name: str, tmp_path: Path) -> None:
    """And there are as many, whoever asks, for whichever of them."""
    path = dict(damaged(tmp_path))[name]
    expected = whole(path)

    for wanted in (lambda n: [n // 2], lambda n: [n // 3, n - 1], lambda n: range(0, n, 9)):
        decoded = decode(path, wanted)
        assert decoded.frame_count == len(expected)
        for number, pixels in decoded.pixels.items():
            assert decoded.seconds[number] == expected[number][0]
            np.testing.assert_array_equal(pixels, expected[number][1])


@pytest.mark.parametrize("name", ["lost-mp4", "lost-mkv", "zero-length"])
def test_a_lost_packet_forbids_a_plan(name: str, tmp_path: Path) -> None:
    """By rule: the numbers of reference pictures have a gap; a unit has no length."""
    read = packets.read(dict(damaged(tmp_path))[name])

    with pytest.raises(decode_plan.NoPlanError, match="damaged"):
        decode_plan.plan(read, [read.frame_count // 2])
