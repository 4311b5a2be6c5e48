"""Fixtures for every test: small videos, from real encoders, whose content is known."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import settings

from tests import type_checks

type_checks.install()

pytest_plugins = ["tests.mlflow_store", "tests.workspace"]

# On a busy machine any example may take long.
settings.register_profile("vq", deadline=None)
settings.load_profile("vq")

Picture = Callable[[int, int, int], np.ndarray]


def grey(number: int, width: int, height: int) -> np.ndarray:
    """Frame `number` is a flat grey of level `8 * number`: a frame says who it is."""
    return np.full((height, width, 3), 8 * number % 256, np.uint8)


def still(number: int, width: int, height: int) -> np.ndarray:
    """A soft texture that never moves."""
    return moving(0, width, height)


def moving(number: int, width: int, height: int) -> np.ndarray:
    """A soft texture that moves by three pixels each frame."""
    x, y = np.arange(width) + 3 * number, np.arange(height)[:, None]
    picture = np.empty((height, width, 3), np.uint8)
    for channel, (a, b, c) in enumerate(((7, 9, 31), (5, 17, 23), (11, 6, 13))):
        # cos(y / b + x / c), from sines of a row and a column: 4K has eight million pixels.
        wave = np.cos(y / b) * np.cos(x / c) - np.sin(y / b) * np.sin(x / c)
        picture[..., channel] = 128 + 50 * (np.sin(x / a) + wave)
    return picture


def marked(number: int, width: int, height: int) -> np.ndarray:
    """Black, with a white upper left quarter: it says which way is up."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = 255
    return picture


def write_video(
    path: Path,
    frames: int = 10,
    *,
    fps: int = 25,
    width: int = 32,
    height: int = 16,
    codec: str = "ffv1",
    pix_fmt: str = "yuv444p",
    picture: Picture = grey,
    times: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
) -> Path:
    """Encode a video, lossless by default; `times` are the frames' milliseconds, if not even."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(path, "w", options=muxer or {}) as container:
        quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream: Any = container.add_stream(codec, rate=fps, options={**quiet, **(options or {})})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.thread_count = 1  # the same bytes on every machine
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, width, height))
            if times:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def lengthen(path: Path, times: int) -> Path:
    """Let the packets of a video follow themselves: long to decode, and not to encode.

    There must be no B-frames, and a keyframe first.
    """
    long = path.with_name(f"long-{path.name}")
    with av.open(path) as old, av.open(long, "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        packets = [packet for packet in old.demux(video=0) if packet.size]
        step = packets[1].pts - packets[0].pts
        for number in range(times * len(packets)):
            packet = packets[number % len(packets)]
            again = av.Packet(bytes(packet))
            again.pts = again.dts = number * step
            again.time_base, again.is_keyframe = packet.time_base, packet.is_keyframe
            again.stream = stream
            new.mux(again)
    return long.replace(path)


@pytest.fixture(scope="session")
def long_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that takes seconds to decode: no group of pictures can be left out."""
    noise = np.random.default_rng(7).integers(0, 256, (8, 360, 640, 3), np.uint8)
    path = write_video(
        tmp_path_factory.mktemp("long") / "long.mp4",
        80,
        width=640,
        height=360,
        codec="mpeg4",
        pix_fmt="yuv420p",
        picture=lambda number, *_: noise[number % 8],
        options={"qscale": "31", "flags": "+qscale", "g": "600"},
    )
    return lengthen(path, 10)


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Write a video into the test's folder: `make_video(20)`, `make_video(name="a.mp4", ...)`.

    Without a name it is called by its frames and rate: `20f25.mkv`.
    """

    def make(frames: int = 10, *, name: str | None = None, fps: int = 25, **how: Any) -> Path:  # noqa: ANN401
        return write_video(tmp_path / (name or f"{frames}f{fps}.mkv"), frames, fps=fps, **how)

    return make


@pytest.fixture
def make_h264(make_video: Callable[..., Path]) -> Callable[..., Path]:
    """Write an ordinary upload: moving, H.264 in MP4, its index at the front."""

    def make(name: str = "clip.mp4", frames: int = 24, **how: Any) -> Path:  # noqa: ANN401
        ordinary: dict[str, Any] = {
            "width": 96,
            "height": 64,
            "codec": "libx264",
            "pix_fmt": "yuv420p",
            "picture": moving,
            "muxer": {"movflags": "faststart"},
        }
        return make_video(frames, name=name, **{**ordinary, **how})

    return make


@pytest.fixture
def make_sound(tmp_path: Path) -> Callable[..., Path]:
    """Write a file that holds sound and no picture."""

    def make(name: str = "sound.mp4") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(path, "w") as container:
            stream = container.add_stream("aac", rate=44100, layout="mono")
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.rate = 44100
            container.mux(stream.encode(silence))
            container.mux(stream.encode())
        return path

    return make


def rotate(path: Path, degrees: int) -> Path:
    """Turn the picture of an MP4, as a phone does: `degrees` clockwise, 90, 180 or 270."""
    return orient(path, {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[degrees])


def orient(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Set the display matrix of an MP4: a pixel at (x, y) is shown at (a x + c y, b x + d y).

    Track header box of ISO/IEC 14496-12, 8.3.2: after the type come version and flags, times,
    track id, duration (24 bytes in version 0), 16 bytes of layer and volume, then the matrix in
    16.16 fixed point.
    """
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4 + 24 + 16
    a, b, c, d = (value * 65536 for value in matrix)
    content[start : start + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    path.write_bytes(bytes(content))
    return path
