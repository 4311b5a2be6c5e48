"""Real encoders through PyAV: quality ladders, and files that are the same to the bit each time."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from io import BufferedIOBase, BytesIO
from pathlib import Path
from types import MappingProxyType

import av
import numpy as np
from av.video.stream import VideoStream

from vq.synthetic.demo.scene_camera import Clip


@dataclass(frozen=True)
class Codec:
    """An encoder and the range of its quality ladder."""

    encoder: str
    container: str
    suffix: str
    best: int
    """Rate factor (CRF) at strength 0: hardly visible."""
    worst: int
    """Rate factor at strength 1."""
    options: Mapping[str, str]


# x264's macroblock tree (with AVX-512) reads memory nobody wrote: other bits each time.
X264 = {"preset": "veryfast", "mbtree": "0"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=none:pools=none:frame-threads=1:info=0"}
VP9 = {"deadline": "realtime", "cpu-used": "7", "b": "0"}
CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        "h264": Codec("libx264", "mp4", ".mp4", 14, 44, X264),
        "hevc": Codec("libx265", "mp4", ".mp4", 14, 46, X265),
        "vp9": Codec("libvpx-vp9", "webm", ".webm", 8, 63, VP9),
    }
)
"""Encoders by the name of their format."""


def crf(codec: str, strength: float) -> int:
    """The rate factor of a codec at a strength in [0, 1]."""
    encoder = CODECS[codec]
    return round(encoder.best + (encoder.worst - encoder.best) * strength)


def write(frames: Clip, path: Path, *, codec: str, crf: int, fps: int | float) -> None:
    """Encode frames into a file; the same frames give the same bytes."""
    with path.open("wb") as file:
        _encode(frames, file, codec, crf, fps)


def read(path: Path) -> Clip:
    """All frames of a file that `write` made."""
    with path.open("rb") as file:
        return decode(file)


def recode(frames: Clip, *, codec: str, crf: int, fps: int | float) -> Clip:
    """The frames as they look after a real encoder and decoder."""
    buffer = BytesIO()
    _encode(frames, buffer, codec, crf, fps)
    buffer.seek(0)
    return decode(buffer)


def compress(frames: Clip, codec: str, strength: float, fps: int | float) -> Clip:
    """As `recode`, at a strength in (0, 1]."""
    return recode(frames, codec=codec, crf=crf(codec, strength), fps=fps)


def _encode(frames: Clip, file: BufferedIOBase, codec: str, crf: int, fps: int | float) -> None:
    one = CODECS[codec]
    options = {**one.options, "crf": str(crf)}
    encode(frames, file, encoder=one.encoder, container=one.container, options=options, fps=fps)


def encode(
    frames: Clip,
    file: BufferedIOBase,
    *,
    encoder: str,
    container: str,
    options: Mapping[str, str],
    fps: int | float,
) -> None:
    """Encode frames by an encoder and its options, the same to the bit each time."""
    # Else the container holds random numbers.
    bitexact = {"fflags": "+bitexact"}
    with av.open(file, "w", format=container, options=bitexact) as opened:
        stream = opened.add_stream(encoder, rate=Fraction(fps).limit_denominator(1001))
        if not isinstance(stream, VideoStream):
            raise TypeError(f"{encoder} is no video encoder")
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        # Slices of several threads would depend on the machine.
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {**options, "flags": "+bitexact"}
        for pixels in frames:
            opened.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        opened.mux(stream.encode())


def decode(file: BufferedIOBase) -> Clip:
    """All frames of a file that is open."""
    with av.open(file, "r") as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])
