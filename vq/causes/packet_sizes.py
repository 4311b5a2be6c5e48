"""What sizes and times of packets tell of damage, before anything is decoded."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from vq.video import stream
from vq.video.shapes import Bool, Float64

CODECS = ("h264", "hevc", "vp9", "av1", "mpeg4")


@dataclass(frozen=True, eq=False)
class PacketSizes:
    """The packets of a video stream, in the order of display."""

    bytes: Float64[np.ndarray, " packets"]
    seconds: Float64[np.ndarray, " packets"]
    """Time of display; not a number for a packet that does not say."""
    key: Bool[np.ndarray, " packets"]
    codec: str
    width: int
    height: int
    full_range: bool
    """Brightness goes from 0 to 255; else from 16 to 235."""

    @property
    def black(self) -> int:
        """Luma of black."""
        return 0 if self.full_range else 16

    @property
    def white(self) -> int:
        """Luma of white."""
        return 255 if self.full_range else 235

    def between(self, start: float, end: float) -> "PacketSizes | None":
        """Those that are displayed from one time to another; None if there are none."""
        there = (self.seconds >= start) & (self.seconds <= end)
        if not there.any():
            return None
        return replace(
            self, bytes=self.bytes[there], seconds=self.seconds[there], key=self.key[there]
        )


def read(path: Path) -> PacketSizes:
    """Read a file without decoding it.

    Raises:
        VideoError: missing, unreadable, or without a video stream.
    """
    sizes: list[tuple[float, float, bool]] = []
    with stream.opened(path) as (container, opened):
        unit = float(opened.time_base or 0)
        for packet in stream.packets(path, container, opened):
            time = np.nan if packet.pts is None else packet.pts * unit
            sizes.append((time, float(packet.size), bool(packet.is_keyframe)))
        codec = opened.codec_context
        full = codec.color_range == 2 or str(codec.pix_fmt).startswith("yuvj")
        facts = codec.codec.canonical_name, codec.width, codec.height, full
    table = np.array(sizes or [(0.0, 1.0, True)], np.float64)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return PacketSizes(table[:, 1], table[:, 0], table[:, 2] > 0, *facts)


def measure(packets: PacketSizes) -> dict[str, float]:
    """The numbers by name."""
    times = packets.seconds[np.isfinite(packets.seconds)]
    gaps = np.diff(times)
    gaps = gaps[gaps > 0]
    usual = float(np.median(gaps)) if len(gaps) else 0.04
    pixels = max(packets.width * packets.height, 1)
    rest = packets.bytes[~packets.key]
    keys = packets.bytes[packets.key]
    middle = float(np.median(rest)) if len(rest) else 1.0
    upper = float(np.percentile(rest, 75)) if len(rest) else 1.0
    small = rest < 0.1 * upper
    return {
        "bits_per_pixel": float(np.log2(8 * packets.bytes.mean() / pixels + 1e-4)),
        "bits_per_second": float(np.log2(8 * packets.bytes.mean() / usual / pixels + 1e-3)),
        "key_bits": float(np.log2(8 * (keys.mean() if len(keys) else middle) / pixels + 1e-4)),
        "key_share": float(np.log2((keys.mean() + 1) / (middle + 1))) if len(keys) else 0.0,
        "frame_rate": float(np.log2(1 / max(usual, 1e-3))),
        "pixels": float(np.log2(pixels)),
        "height": float(np.log2(max(min(packets.width, packets.height), 1))),
        "empty_packets": float((rest < 0.05 * upper).mean()) if len(rest) else 0.0,
        "small_packets": float(small.mean()) if len(rest) else 0.0,
        "small_run": _longest(small) / max(len(rest), 1),
        "tiny_packets": float((8 * rest < 0.002 * pixels).mean()) if len(rest) else 0.0,
        "uneven_packets": float(np.log2(rest.std() / (rest.mean() + 1) + 0.05))
        if len(rest)
        else 0.0,
        "large_packet": float(np.log2((rest.max() + 1) / (middle + 1))) if len(rest) else 0.0,
        "gap_most": float(np.log2(gaps.max() / usual)) if len(gaps) else 0.0,
        "gaps": float((gaps > 1.6 * usual).mean()) if len(gaps) else 0.0,
        **{f"is_{name}": float(packets.codec == name) for name in CODECS},
    }


def _longest(there: np.ndarray) -> int:
    most = run = 0
    for one in there.tolist():
        run = run + 1 if one else 0
        most = max(most, run)
    return most
