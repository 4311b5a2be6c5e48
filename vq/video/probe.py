"""What a file really holds: everything is decoded and counted, no header is believed."""

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from vq.video import stream
from vq.video.convert import Converter

LOOKS = 16
"""Frames of a video that are looked at for brightness and motion, equally spaced."""
LOOK_PX = 256
"""Long side at which they are looked at; averaging hides what an encoder does to a still."""


@dataclass(frozen=True)
class Probe:
    """Facts about the video stream of a file."""

    width: int
    """As displayed, after rotation."""
    height: int
    """As displayed, after rotation."""
    fps: float
    """Frames a second, on average from the first frame to the last; 0 if only one is known."""
    frames: int
    """Frames that decode."""
    duration_s: float
    """Time for which frames are shown."""
    codec: str
    pix_fmt: str
    rotation: int
    """Degrees counterclockwise by which the stored pixels are turned for display."""
    brightness: float
    """Highest mean luma (0 to 255) of any frame looked at: near 0, all is black."""
    motion: float
    """Highest mean absolute change of luma (0 to 255) between frames looked at: near 0, all is
    still."""


def probe(path: Path, *, threads: int = 1) -> Probe:
    """Decode a local file from end to end and say what it holds.

    Raises:
        VideoError: missing, no video, or not one frame decodes.
    """
    with stream.opened(path) as (_, opened):
        codec = opened.codec_context.codec.canonical_name
        rate = float(opened.guessed_rate or 0)
    step = max(1, stream.count(path) // LOOKS)
    looks: list[np.ndarray] = []
    for number, frame in enumerate(stream.frames(path, threads=threads)):
        if number == 0:
            first, convert = frame, Converter(frame)
        if number % step == 0:
            looks.append(convert.luma(frame, side_px=LOOK_PX).astype(np.int16))
    frames, span = number + 1, (frame.time or 0.0) - (first.time or 0.0)
    fps = (frames - 1) / span if span > 0 else rate
    width, height = convert.size
    return Probe(
        width=width,
        height=height,
        fps=round(fps, 3),
        frames=frames,
        duration_s=round(frames / fps, 3) if fps else 0.0,
        codec=codec,
        pix_fmt=first.format.name,
        rotation=convert.rotation,
        brightness=round(max(float(look.mean()) for look in looks), 3),
        motion=round(_largest_change(looks), 3),
    )


def sha256(path: Path) -> str:
    """Hash the bytes of a file: 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _largest_change(looks: list[np.ndarray]) -> float:
    changes = (np.abs(after - before).mean() for before, after in pairwise(looks))
    return max(map(float, changes), default=0.0)
