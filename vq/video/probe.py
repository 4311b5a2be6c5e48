"""What a file really holds: everything is decoded and counted, no header is believed."""

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np

from vq.errors import VideoError
from vq.video import diagnosis, stream
from vq.video.convert import Converter
from vq.video.shapes import UInt8
from vq.video.warning import HDR, Warnings
from vq.workers.limits import Limits

LOOK_PX = 64
"""Long side at which frames are compared: averaging hides what an encoder does to a still."""
DARK_LUMA, DARK_SHARE = 25, 0.98
"""A frame is black if at least this share of its pixels is at most this bright, as in FFmpeg's
blackdetect."""
FROZEN = 0.04
"""Mean absolute change of luma that a frame which shows the one before it again does not exceed."""
UNEVEN, TICK_S = 0.1, 0.0015
"""An interval differs from the usual one by more than this share of it, and by more than the
rounding of containers that count milliseconds."""
STILL = 0.9
"""Share of neighbouring frames that `motion` is not exceeded by: a still picture jumps a little at
each keyframe (by up to 3 in H.264 at CRF 45), and that is no motion."""


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
    bit_depth: int
    """Of the first component: 8 in nearly all uploads."""
    hdr: str
    """PQ, HLG, or empty."""
    interlaced: float
    """Share of frames that hold two fields."""
    vfr: float
    """Share of intervals between frames that are not as long as most: 0 at a constant rate."""
    resizes: int
    """How often the size of the stored picture changes within the video."""
    rotation: int
    """Degrees counterclockwise by which the stored pixels are turned for display."""
    mirrored: bool
    """Left and right are exchanged after that, as selfie cameras do."""
    brightness: float
    """Highest mean luma (0 to 255) of any frame: near 0, all is black."""
    motion: float
    """Mean absolute change of luma (0 to 255) from frame to frame, of small pictures, that nine of
    ten pairs do not exceed. Below 0.04 in stills after H.264, HEVC and VP9, above 0.5 in ordinary
    camera clips; 0 if there is but one frame."""
    black: float
    """Share of frames that are black."""
    frozen: float
    """Share of frames that show the one before them again."""
    warning: str
    """What a viewer sees of the file that models do not: see `vq.video.warning`."""


def probe(path: Path, *, limits: Limits | None = None) -> Probe:
    """Decode a local file from end to end and say what it holds.

    Raises:
        VideoError: missing, no video, or not one frame decodes.
        LimitError: its frames are too large, or too many.
    """
    facts, _, _ = survey(path, limits=limits)
    return facts


def survey(
    path: Path, *, limits: Limits | None = None
) -> tuple[Probe, list[UInt8[np.ndarray, "height width"]], list[float]]:
    """Probe a file; keep the brightness of each frame, a small picture of `LOOK_PX`, and its time.

    Times are in seconds since the first frame.

    Raises:
        VideoError: missing, no video, or not one frame decodes.
        LimitError: its frames are too large, or too many.
    """
    limits = limits or Limits()
    with stream.opened(path) as (container, opened):
        codec = opened.codec_context.codec.canonical_name
        rate = float(opened.guessed_rate or 0)
        warnings = Warnings.of(container, opened)
    looks: list[np.ndarray] = []
    times: list[float] = []
    sizes: list[tuple[int, int]] = []
    interlaced = 0
    for seconds, frame in stream.frames(path):
        if not looks:
            first, convert = frame, Converter(frame)
            limits.allow_picture(*convert.size)
        limits.allow_frames(len(looks) + 1)
        times.append(seconds)
        sizes.append((frame.width, frame.height))
        interlaced += frame.interlaced_frame
        try:
            looks.append(convert.luma(frame, side_px=LOOK_PX))
        except av.FFmpegError as error:  # damaged marks of its colours, that nothing can convert
            raise VideoError(path, diagnosis.refused(path, error)) from error
    frames, span = len(looks), times[-1]
    changes = _changes(looks)
    fps = (frames - 1) / span if span > 0 else rate
    width, height = convert.size
    facts = Probe(
        width=width,
        height=height,
        fps=round(fps, 3),
        frames=frames,
        duration_s=round(frames / fps, 3) if fps else 0.0,
        codec=codec,
        pix_fmt=first.format.name,
        bit_depth=first.format.components[0].bits,
        hdr=HDR.get(int(first.color_trc), ""),
        interlaced=round(interlaced / frames, 3),
        vfr=round(_uneven(np.diff(times)), 3),
        resizes=sum(before != after for before, after in pairwise(sizes)),
        rotation=convert.orientation.rotation,
        mirrored=convert.orientation.is_mirrored,
        brightness=round(max(float(look.mean()) for look in looks), 3),
        motion=round(float(np.quantile(changes, STILL)), 3) if changes else 0.0,
        black=round(sum(map(_is_black, looks)) / frames, 3),
        frozen=round(sum(change <= FROZEN for change in changes) / frames, 3),
        warning=warnings.text(first),
    )
    return facts, looks, times


def sha256(path: Path) -> str:
    """Hash the bytes of a file: 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _changes(looks: list[np.ndarray]) -> list[float]:
    signed = (look.astype(np.int16) for look in looks)
    return [float(np.abs(after - before).mean()) for before, after in pairwise(signed)]


def _is_black(look: np.ndarray) -> bool:
    return bool((look <= DARK_LUMA).mean() >= DARK_SHARE)


def _uneven(intervals: np.ndarray) -> float:
    """Share of intervals that are not like most of them."""
    if not len(intervals):
        return 0.0
    usual = np.median(intervals)
    return float((np.abs(intervals - usual) > max(UNEVEN * usual, TICK_S)).mean())
