"""When in a video a cause is seen: spans of seconds, each looked at as a video of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from vq.causes import evidence, model, packet_sizes
from vq.causes.evidence import Run
from vq.causes.vocabulary import LIKELY
from vq.video.decode import Decoded, in_groups
from vq.video.packets import Packets

ROOM = 1e-4
"""Seconds by which times of packets and frames may differ."""


@dataclass(frozen=True)
class Span:
    """Seconds after each other in which a cause is likely."""

    cause: str
    start: float
    """Seconds from the first frame."""
    end: float
    probability: float
    """The highest of any second; from 0 to 1."""


def measure(path: Path, parts: Callable[[int], Sequence[range]]) -> list[Span]:
    """The spans of a video, in the order of time.

    Nearly every frame is decoded. `parts` cuts a video of so many frames into seconds.

    Raises:
        VideoError: the file is not a video, or not one frame of it decodes.
    """
    packets = packet_sizes.read(path)
    whole = packet_sizes.measure(packets)
    first = float(np.nanmin(packets.seconds)) if np.isfinite(packets.seconds).any() else 0.0

    def choose(count: int, _: Packets | None) -> Sequence[range]:
        return parts(count)

    def look(_: int, decoded: Decoded) -> tuple[float, float, dict[str, float]]:
        frames = sorted(decoded.pixels)
        runs = [
            Run.of([decoded.pixels[frames[number]] for number in numbers])
            for numbers in evidence.numbers_of(len(frames))
        ]
        start, last = (decoded.seconds[frames[place]] for place in (0, -1))
        there = packets.between(first + start - ROOM, first + last + ROOM)
        numbers = {
            **whole,
            **({name: packet_sizes.measure(there)[name] for name in OF_A_SECOND} if there else {}),
            **evidence.of_runs(runs, black=packets.black, white=packets.white),
        }
        return start, last, model.shipped().probabilities(numbers)

    seconds = in_groups(path, choose, look, see=evidence.luma)
    ends = [start for start, _, _ in seconds[1:]] + [seconds[-1][1]]
    return joined([(start, end, c) for (start, _, c), end in zip(seconds, ends, strict=True)])


OF_A_SECOND = ("empty_packets", "small_packets", "small_run", "tiny_packets", "gap_most", "gaps")
"""Numbers of packets that tell of a second; a keyframe, which others need, may lie elsewhere."""


def joined(seconds: Sequence[tuple[float, float, Mapping[str, float]]]) -> list[Span]:
    """Spans from start, end and probabilities of each second."""
    spans = []
    for cause in seconds[0][2]:
        for likely, group in groupby(seconds, lambda second: second[2][cause] >= LIKELY):  # noqa: B023
            some = list(group)
            if likely:
                most = max(chances[cause] for _, _, chances in some)
                spans.append(Span(cause, round(some[0][0], 3), round(some[-1][1], 3), most))
    return sorted(spans, key=lambda span: (span.start, -span.probability, span.cause))
