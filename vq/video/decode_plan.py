"""Which packets have to be decoded to see some frames of a video, and in which runs."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from vq.video.packets import NO_TIME, Packets
from vq.video.shapes import Bool, Int64

WORTH = 0.9
"""A plan that decodes a larger share of the packets, up to the last one needed, is none."""
NOTHING_SAVED = "a plan would save nothing"
"""Why that is none; every other reason holds for any frames of the file."""

HOLE = 1.75
"""Times the usual distance of two frames; 1.5 times is the longest in film on television."""


class NoPlanError(Exception):
    """Frames of this video are only to be had by decoding it from its first one on."""


@dataclass(frozen=True, eq=False)
class Run:
    """Packets that are decoded one after the other, the first of them a keyframe.

    Display order is not the order of decoding: pictures that are displayed before the keyframe
    and follow it in the file (leading pictures of an open group) may refer to the group before.
    They are decoded, as in any player, and what comes out of that is thrown away.
    """

    packets: range
    """From the keyframe to the last packet that is needed."""
    floor: int
    """Time of the keyframe: frames before it are not to be used."""
    expected: Int64[np.ndarray, " frames"]
    """Times of the frames that have to come out, in this order."""


@dataclass(frozen=True, eq=False)
class Plan:
    """How to decode some frames of a video, and no more than is needed."""

    times: Int64[np.ndarray, " frames"]
    """Of all frames that the video promises, in the order of display: number `n` is `times[n]`."""
    decoded: Bool[np.ndarray, " packets"]
    """Packets that the decoder gets."""
    runs: tuple[Run, ...]
    """In the order of the file, which is also that of display."""


def plan(packets: Packets, wanted: Collection[int]) -> Plan:
    """Find the groups of pictures that hold the wanted frames.

    Frames are numbered by the time of their packets, which needs no trust in any header. Those that
    are wanted are numbers in the order of display, each below `packets.frame_count`.

    Raises:
        NoPlanError: the packets do not allow it, with the rule that says so; or it saves nothing.
    """
    if not wanted:
        raise NoPlanError("no frame is wanted")
    shown = np.flatnonzero(packets.shown)
    order = shown[np.argsort(packets.pts[shown], kind="stable")]
    times = packets.pts[order]
    starts = np.flatnonzero(packets.start)
    _check(packets, order, starts)

    needed = order[np.array(sorted(wanted), np.int64)]
    decoded = np.zeros(len(packets.pts), np.bool_)
    runs = []
    for first, last in _spans(packets, starts, needed):
        members = np.arange(first, last + 1)
        fed = members[~packets.spare[members] | np.isin(members, needed)]
        decoded[fed] = True
        pts = packets.pts[fed[packets.shown[fed]]]
        floor = int(packets.pts[first])
        runs.append(Run(range(first, last + 1), floor, np.sort(pts[pts >= floor])))
    if decoded.sum() > WORTH * (needed.max() + 1):
        raise NoPlanError(NOTHING_SAVED)
    return Plan(times, decoded, tuple(runs))


def cost(packets: Packets, wanted: Collection[int]) -> int:
    """Packets that have to be decoded to see some frames, with a plan or without."""
    try:
        return int(plan(packets, wanted).decoded.sum())
    except NoPlanError:
        return max(wanted) + 1


def _check(packets: Packets, shown: np.ndarray, starts: np.ndarray) -> None:
    """Check that the numbers are consistent, as in a healthy stream."""
    if packets.fault:
        raise NoPlanError(packets.fault)
    times = packets.pts[shown]
    if (packets.pts == NO_TIME).any():
        raise NoPlanError("packets without a time")
    steps = np.diff(times)
    if (steps == 0).any():
        raise NoPlanError("two frames at one time")
    stated = packets.order[shown]
    if (stated != NO_TIME).any() and (np.diff(stated) <= 0).any():
        raise NoPlanError("pictures want to be displayed in another order than their packets")
    if not packets.listed and len(steps) and steps.max() > HOLE * np.median(steps):
        # What is predicted from a lost frame has no fixed pixels, and is not called damaged.
        raise NoPlanError("frames seem to be missing")
    if not len(starts) or starts[0]:
        raise NoPlanError("the first packet is no keyframe that can be relied on")
    keys = packets.pts[starts]
    earliest = np.minimum.reduceat(packets.pts, starts)
    latest = np.maximum.reduceat(packets.pts, starts)
    if times[0] < keys[0]:
        raise NoPlanError("frames before the first keyframe")
    if (earliest[1:] <= keys[:-1]).any() or (latest[:-1] >= keys[1:]).any():
        raise NoPlanError("groups of pictures that reach into others")


def _spans(packets: Packets, starts: np.ndarray, needed: np.ndarray) -> list[tuple[int, int]]:
    """First and last packet of each run, runs that touch made one."""
    group = np.searchsorted(starts, needed, side="right") - 1
    # A leading picture may refer to the group before its own.
    group -= packets.pts[needed] < packets.pts[starts[group]]
    spans: list[tuple[int, int]] = []
    for first, last in sorted(zip(starts[group].tolist(), needed.tolist(), strict=True)):
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = spans[-1][0], max(spans[-1][1], last)
        else:
            spans.append((first, last))
    return spans
