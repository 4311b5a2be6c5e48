"""Real encoders through PyAV: quality ladders, and files that are the same to the bit each time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from io import BufferedIOBase, BytesIO
from pathlib import Path
from types import MappingProxyType

import av
import numpy as np
from av.video.stream import VideoStream

from vq.synthetic.demo.camera import Clip


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
    options: Mapping[str, str] = field(default_factory=dict)


CODECS: Mapping[str, Codec] = MappingProxyType(
    {
        # x264's macroblock tree (with AVX-512) reads memory nobody wrote: other bits each time.
        "h264": Codec("libx264", "mp4", ".mp4", 14, 44, {"preset": "veryfast", "mbtree": "0"}),
        "hevc": Codec(
            "libx265",
            "mp4",
            ".mp4",
            14,
            46,
            {
                "preset": "ultrafast",
                "x265-params": "log-level=none:pools=none:frame-threads=1:info=0",
            },
        ),
        "vp9": Codec(
            "libvpx-vp9",
            "webm",
            ".webm",
            8,
            63,
            {"deadline": "realtime", "cpu-used": "7", "b": "0"},
        ),
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
        _encode(frames, file, CODECS[codec], crf, fps)


def read(path: Path) -> Clip:
    """All frames of a file that `write` made."""
    with path.open("rb") as file:
        return _decode(file)


def compress(frames: Clip, codec: str, strength: float, fps: int | float) -> Clip:
    """The frames as they look after a real encoder and decoder, at a strength in (0, 1]."""
    buffer = BytesIO()
    _encode(frames, buffer, CODECS[codec], crf(codec, strength), fps)
    buffer.seek(0)
    return _decode(buffer)


def _encode(frames: Clip, file: BufferedIOBase, codec: Codec, crf: int, fps: int | float) -> None:
    bitexact = {"fflags": "+bitexact"}
    with av.open(file, "w", format=codec.container, options=bitexact) as container:
        rate = Fraction(fps).limit_denominator(1001)
        stream = container.add_stream(codec.encoder, rate=rate)
        if not isinstance(stream, VideoStream):
            raise TypeError(f"{codec.encoder} is no video encoder")
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        # Slices of several threads would depend on the machine.
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {**codec.options, "crf": str(crf), "flags": "+bitexact"}
        for pixels in frames:
            packets = stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24"))
            container.mux(packets)
        container.mux(stream.encode())


def _decode(file: BufferedIOBase) -> Clip:
    with av.open(file, "r") as container:
        decoded = container.decode(video=0)
        return np.stack([frame.to_ndarray(format="rgb24") for frame in decoded])
