"""Which part of a file a score decodes, as the page shows it: computed from its packets alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vq.inference.modes import Mode, spec_of
from vq.video import cheapest_frames, stream
from vq.video.decode_plan import NoPlanError, plan
from vq.video.packets import NO_TIME, Packets, take
from vq.video.shapes import Bool, Int64
from vq.video.views import ViewSpec

COLUMNS = 240
"""Most columns of a strip, however long the video is."""


@dataclass(frozen=True)
class Strip:
    """Packets on an axis of time, cut into columns of one width: `vq.serving.schemas.Strip`."""

    packets: tuple[int, ...]
    decoded: tuple[int, ...]
    starts: tuple[int, ...]


@dataclass(frozen=True)
class Decoding:
    """How a file is decoded for a score; `vq.serving.schemas.Plan` describes each field.

    A plan: a file whose decoder delivers something else than its packets promise is decoded from
    its first frame on all the same. `decoded` is an estimate where `sequential` says something,
    and then there is one run.
    """

    codec: str
    width: int
    height: int
    duration_s: float
    frames: int
    looked_at: int
    packets: int
    decoded: int
    groups: int
    runs: int
    sequential: str
    moments: tuple[float, ...]
    strip: Strip


def explain(path: Path, spec: ViewSpec, *, mode: Mode) -> Decoding:
    """Describe how a file is decoded, without decoding it.

    `spec` is what an exact look sees, `mode` what the row of its score says.

    Raises:
        VideoError: the file is not a video.
    """
    with stream.opened(path) as (container, opened):
        packets = take(path, container, opened)
        codec = opened.codec_context
        name, width, height = codec.codec.canonical_name, codec.width, codec.height
        unit, rate = float(opened.time_base or 0), float(opened.guessed_rate or 25)
    pairs = spec_of(mode, spec).pairs(packets.frame_count, packets)
    if mode == "fast":
        pairs = cheapest_frames.pairs(packets, pairs) or pairs
    wanted = {number for pair in pairs for number in pair}
    try:
        planned = plan(packets, wanted)
        decoded, runs, reason = planned.decoded, len(planned.runs), ""
    except NoPlanError as why:
        decoded, runs, reason = _up_to(packets, max(wanted)), 1, str(why)
    times, unit = clock(packets, unit, rate)
    shown = np.sort(times[packets.shown])
    end = int(shown[-1]) + step(shown)
    return Decoding(
        codec=name,
        width=width,
        height=height,
        duration_s=round((end - int(shown[0])) * unit, 3),
        frames=packets.frame_count,
        looked_at=len(wanted),
        packets=len(packets.pts),
        decoded=int(decoded.sum()),
        groups=int(packets.start.sum()),
        runs=runs,
        sequential=reason,
        moments=tuple(round(int(shown[now] - shown[0]) * unit, 3) for now, _ in pairs),
        strip=_strip(packets, times, decoded, span=(int(shown[0]), end)),
    )


def _up_to(packets: Packets, last: int) -> Bool[np.ndarray, " packets"]:
    """Packets from the first one on, until frame number `last` can come out."""
    decoded = np.zeros(len(packets.pts), np.bool_)
    decoded[: np.flatnonzero(packets.shown)[last] + 1] = True
    return decoded


def clock(
    packets: Packets, unit: float, rate: float
) -> tuple[Int64[np.ndarray, " packets"], float]:
    """Times of packets and what their unit is in seconds; their order where some have no time."""
    if unit and not (packets.pts == NO_TIME).any():
        return packets.pts, unit
    return np.arange(len(packets.pts), dtype=np.int64), 1 / rate


def step(times: Int64[np.ndarray, " frames"]) -> int:
    """The usual distance of two frames."""
    return max(1, int(np.median(np.diff(times)))) if len(times) > 1 else 1


def _strip(
    packets: Packets,
    clock: Int64[np.ndarray, " packets"],
    decoded: Bool[np.ndarray, " packets"],
    *,
    span: tuple[int, int],
) -> Strip:
    columns = min(COLUMNS, len(clock))
    first, end = span
    # Whole numbers: packets at even distances fall into even columns. What an edit list cuts off
    # lies beyond the ends.
    places = ((clock - first) * columns // (end - first)).clip(0, columns - 1)

    def count(these: Bool[np.ndarray, " packets"]) -> tuple[int, ...]:
        return tuple(np.bincount(places[these], minlength=columns).tolist())

    return Strip(count(np.ones_like(decoded)), count(decoded), count(packets.start))
