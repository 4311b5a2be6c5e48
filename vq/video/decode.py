"""Read chosen frames from a file with PyAV."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import av
import numpy as np

from vq.errors import VideoError
from vq.video import decode_plan, diagnosis, packets, stream
from vq.video.convert import Converter
from vq.video.execute import execute
from vq.video.shapes import UInt8
from vq.video.warning import Warnings

log = logging.getLogger(__name__)

T = TypeVar("T")
See = Callable[[Converter, av.VideoFrame], np.ndarray]
Choose = Callable[[int, packets.Packets | None], Sequence[Iterable[int]]]


@dataclass(frozen=True, eq=False)
class Decoded:
    """The frames of a video that someone asked for, by number."""

    frame_count: int
    """Frames in the whole video."""
    pixels: Mapping[int, UInt8[np.ndarray, "height width *colours"]]
    """RGB, upright, native resolution, or what `see` kept; all frames of a video have the size of
    its first."""
    seconds: Mapping[int, float]
    """Presentation time of each frame, from the first frame of the video."""
    warning: str = ""
    """What a viewer sees of the file that these pixels do not show: see `vq.video.warning`."""


def decode(path: Path, choose: Callable[[int], Iterable[int]]) -> Decoded:
    """Decode the frames that `choose` picks, given how many there are.

    The packets are read first, and only those decoded that the wanted frames need
    (`decode_plan`), where they allow it; else the file is decoded from its first frame on, which
    gives the same frames. A file that promises more frames than it delivers is asked again with the
    number it delivers. Each number that `choose` wants is at least 0 and below the number of
    frames.

    Raises:
        VideoError: the file is not a video, or not one frame of it decodes.
        ValueError: `choose` wants a frame that the video cannot have.
    """
    (decoded,) = in_groups(path, lambda count, _: [choose(count)], lambda _, group: group)
    return decoded


def in_groups(
    path: Path, choose: Choose, use: Callable[[int, Decoded], T], *, see: See = Converter.rgb
) -> list[T]:
    """Decode once, and use groups of frames as they come; what no later group wants is let go.

    The memory it takes is that of the frames between the first of a group and its last, however
    long the video is. Groups should end in the order in which they are given: one that ends
    earlier waits for those before it.

    Args:
        path: a local file.
        choose: as for `decode`, but a sequence of groups; given the packets too, but for a file
            that delivers fewer frames than they promise.
        use: called with the place of each group in the sequence, and its frames. A file that
            delivers fewer frames than it promises is begun anew, and what was made of it dropped.
        see: what is kept of a frame, all of it by default.

    Returns:
        What `use` made of each group.

    Raises:
        VideoError: the file is not a video, or not one frame of it decodes.
        ValueError: `choose` wants a frame that the video cannot have.
    """
    try:
        return _decode(path, choose, use, see)
    except av.FFmpegError as error:
        # Of a frame with damaged marks of its colours, say, that nothing can convert.
        raise VideoError(path, diagnosis.refused(path, error)) from error


def _decode(path: Path, choose: Choose, use: Callable[[int, Decoded], T], see: See) -> list[T]:
    with stream.opened(path, blind=True) as source:
        warnings = Warnings.of(*source)
        promised = packets.take(path, *source)
        count = promised.frame_count
        if not count:
            raise VideoError(path, stream.NO_FRAME)
        groups = _wanted(choose(count, promised), count)
        try:
            planned = decode_plan.plan(promised, frozenset().union(*groups))
            frames = execute(path, source, promised, planned)
            made, _ = _walk(frames, count, groups, use, see, warnings)
            deque(frames, maxlen=0)  # the rest, which nobody wants, may be found damaged
            return made
        except decode_plan.NoPlanError as reason:
            log.debug("%s: decoded from its first frame on: %s", path, reason)
    # To the end, whatever is wanted: frames that are missing there count, too.
    frames = _all(path)
    made, delivered = _walk(frames, count, groups, use, see, warnings)
    delivered += sum(1 for _ in frames)
    if delivered != count:
        groups = _wanted(choose(delivered, None), delivered)
        made, _ = _walk(_all(path), delivered, groups, use, see, warnings)
    return made


def _all(path: Path) -> Iterator[tuple[int, float, av.VideoFrame]]:
    for number, (time, frame) in enumerate(stream.frames(path)):
        yield number, time, frame


def _wanted(choice: Sequence[Iterable[int]], frame_count: int) -> list[frozenset[int]]:
    groups = [frozenset(int(number) for number in group) for group in choice]
    numbers = frozenset().union(*groups)
    if numbers and not 0 <= min(numbers) <= max(numbers) < frame_count:
        raise ValueError(f"frames {sorted(numbers)} of a video of {frame_count} frames")
    return groups


def _walk(
    frames: Iterable[tuple[int, float, av.VideoFrame]],
    frame_count: int,
    groups: Sequence[frozenset[int]],
    use: Callable[[int, Decoded], T],
    see: See,
    warnings: Warnings,
) -> tuple[list[T], int]:
    """Take frames up to the last wanted one; what was made of each group, and how many came.

    They come with number and time in the order of display; those that nobody wants may lack.
    """
    pixels: dict[int, np.ndarray] = {}
    seconds: dict[int, float] = {}
    made: list[T] = []
    wanted = frozenset().union(*groups)
    last = max(wanted, default=0)
    convert: Converter | None = None
    for number, time, frame in frames:
        if convert is None:
            convert, warning = Converter(frame), warnings.text(frame)
        if number in wanted:
            pixels[number] = see(convert, frame)
            seconds[number] = time
        while len(made) < len(groups) and max(groups[len(made)], default=0) <= number:
            group = sorted(groups[len(made)])
            chosen = {n: pixels[n] for n in group}, {n: seconds[n] for n in group}
            made.append(use(len(made), Decoded(frame_count, *chosen, warning)))
            wanted = frozenset().union(*groups[len(made) :])
            for gone in pixels.keys() - wanted:
                del pixels[gone], seconds[gone]
        if number == last:
            break
    return made, number + 1
