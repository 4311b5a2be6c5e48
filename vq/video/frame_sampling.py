"""Which frames of a video the models see."""

import numpy as np

from vq.video.shapes import Int64


def moments(frame_count: int, *, moments: int) -> Int64[np.ndarray, " moments"]:
    """Spread moments evenly: the middle frame of each of `moments` equal parts.

    Two moments in a video of ten frames: `..f....f..`. A video with fewer frames than moments
    repeats some of them.

    Raises:
        ValueError: the video has no frame, or no moment is asked for.
    """
    if frame_count < 1 or moments < 1:
        raise ValueError(f"cannot take {moments} moments of a video of {frame_count} frames")
    return (2 * np.arange(moments, dtype=np.int64) + 1) * frame_count // (2 * moments)


def snap_to_keyframes(
    frame_count: int, keys: Int64[np.ndarray, " keys"], *, moments: int, slack: float
) -> Int64[np.ndarray, " moments"]:
    """Spread moments evenly, and move those to a keyframe that have one near: it costs least.

    A moment may move by `slack` of the way from the middle of its part to the part's ends, and
    takes the keyframe nearest to the middle. The first frame of a video does not count: what leads
    from it to the others is decoded anyway, and it is often black. To move without a keyframe, to
    the front of a part, made students worse (EXPERIMENTS.md). Keys are ascending numbers of
    keyframes, none where they are not known; `slack` is from 0 to 1.

    Raises:
        ValueError: as `moments`.
    """
    numbers = _middles(frame_count, moments=moments)
    reach = int(slack * frame_count / (2 * moments))
    for place, middle in enumerate(numbers.tolist()):
        near = keys[(middle - reach <= keys) & (keys < middle + reach) & (keys > 0)]
        if len(near):
            numbers[place] = near[np.abs(near - middle).argmin()]
    return numbers


def pair(number: int, frame_count: int) -> tuple[int, int]:
    """A frame and its neighbour: the next one; after the last frame, the one before it."""
    last = frame_count - 1
    return number, number + 1 if number < last else max(last - 1, 0)


def clips(frame_count: int, *, moments: int, frames: int) -> Int64[np.ndarray, "moments frames"]:
    """Take neighbouring frames from each moment on.

    A clip that would run over the end is shifted back until it fits; a video that is shorter
    than one clip repeats its last frame.

    Raises:
        ValueError: the video has no frame, or no moment is asked for.
    """
    middle = _middles(frame_count, moments=moments)
    starts = np.minimum(middle, max(frame_count - frames, 0))
    return np.minimum(starts[:, None] + np.arange(frames, dtype=np.int64), frame_count - 1)


_middles = moments  # `clips` has an argument of that name
