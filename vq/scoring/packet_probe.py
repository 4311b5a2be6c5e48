"""What the packets of a file say of it: enough for a rule, and nothing is decoded."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vq.scoring.decode_summary import clock, step
from vq.video import stream
from vq.video.packets import take


@dataclass(frozen=True)
class PacketProbe:
    """Facts about the video stream of a file, as `vq.video.inspect.Probe` calls them."""

    width: int
    """As stored: a display matrix is not looked at."""
    height: int
    """As stored."""
    short_side: int
    """The smaller of both: the same however the video is turned."""
    fps: float
    """Frames a second, on average; 0 if there is but one."""
    duration_s: float
    """From the first frame to the end of the last one."""
    codec: str


def probe(path: Path) -> PacketProbe:
    """Read a file without decoding it.

    Raises:
        VideoError: missing, unreadable, or without a frame.
    """
    with stream.opened(path) as (container, opened):
        packets = take(path, container, opened)
        codec = opened.codec_context
        unit, rate = float(opened.time_base or 0), float(opened.guessed_rate or 25)
        times, unit = clock(packets, unit, rate)
        shown = np.sort(times[packets.shown])
        span = float(shown[-1] - shown[0]) * unit if len(shown) else 0.0
        return PacketProbe(
            codec.width,
            codec.height,
            min(codec.width, codec.height),
            round((len(shown) - 1) / span, 3) if span > 0 else 0.0,
            round(span + step(shown) * unit, 3) if len(shown) else 0.0,
            codec.codec.canonical_name,
        )
