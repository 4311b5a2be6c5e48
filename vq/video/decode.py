"""Read chosen frames from a file with PyAV."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from vq.errors import VideoError
from vq.video import stream
from vq.video.convert import Converter
from vq.video.frames import Frames


@dataclass(frozen=True, eq=False)
class Decoded:
    """The frames of a video that someone asked for, by number."""

    frame_count: int
    """Frames in the whole video."""
    pixels: Mapping[int, UInt8[np.ndarray, "height width 3"]]
    """RGB, upright, native resolution; all frames of a video have the size of its first."""
    seconds: Mapping[int, float]
    """Presentation time of each frame, from the first frame of the video."""

    def frames(self, numbers: Sequence[int]) -> Frames:
        """Stack frames in the order of `numbers`; a number may repeat.

        Raises:
            KeyError: one of them was not asked for when decoding.
        """
        return Frames(
            np.stack([self.pixels[int(number)] for number in numbers]),
            np.array([self.seconds[int(number)] for number in numbers], np.float64),
        )


def decode(path: Path, choose: Callable[[int], Iterable[int]], *, threads: int = 1) -> Decoded:
    """Decode the frames that `choose` picks, given how many there are.

    Decoding walks from the first frame to the last one wanted instead of seeking: a seek lands
    on a keyframe, and user videos lie about where those are. A file that promises more frames
    than it delivers is asked again with the number it delivers.

    Args:
        path: a local file.
        choose: from the number of frames to the numbers wanted, each at least 0 and below it.
        threads: of the decoder; one where many videos are decoded side by side. The frames do
            not depend on it.

    Raises:
        VideoError: the file is not a video, or not one frame of it decodes.
        ValueError: `choose` wants a frame that the video cannot have.
    """
    try:
        return _decode(path, choose, threads)
    except stream.DamagedError:
        return _decode(path, choose, 1)


def _decode(path: Path, choose: Callable[[int], Iterable[int]], threads: int) -> Decoded:
    promised = stream.count(path)
    if not promised:
        raise VideoError(path, stream.NO_FRAME)
    found = _collect(path, promised, _wanted(choose, promised), threads)
    if found.frame_count < promised:
        if threads > 1:
            raise stream.DamagedError(path)
        found = _collect(path, found.frame_count, _wanted(choose, found.frame_count), threads)
    return found


def _wanted(choose: Callable[[int], Iterable[int]], frame_count: int) -> set[int]:
    numbers = {int(number) for number in choose(frame_count)}
    if numbers and not 0 <= min(numbers) <= max(numbers) < frame_count:
        raise ValueError(f"frames {sorted(numbers)} of a video of {frame_count} frames")
    return numbers


def _collect(path: Path, frame_count: int, wanted: set[int], threads: int) -> Decoded:
    """Decode up to the last wanted frame; with fewer frames than that, the count is corrected."""
    pixels: dict[int, np.ndarray] = {}
    seconds: dict[int, float] = {}
    last = max(wanted, default=0)
    for number, (time, frame) in enumerate(stream.frames(path, threads=threads)):
        if number == 0:
            convert = Converter(frame)
        if number in wanted:
            pixels[number] = convert.rgb(frame)
            seconds[number] = time
        if number == last:
            return Decoded(frame_count, pixels, seconds)
    return Decoded(number + 1, pixels, seconds)
