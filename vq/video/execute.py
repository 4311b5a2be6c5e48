"""Decodes what a plan says, and checks the frames against it."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from vq.video import stream
from vq.video.decode_plan import NoPlanError, Plan, Run
from vq.video.packets import Packets


def execute(
    path: Path, source: tuple[InputContainer, VideoStream], packets: Packets, plan: Plan
) -> Iterator[tuple[int, float, av.VideoFrame]]:
    """Decode the runs of a plan: each frame with its number and its seconds since the first one.

    The file is read once more from its begin, not sought in: where a seek lands depends on the
    container, and reading over packets costs a hundredth of decoding them. `source` is the open
    file, of which the packets were taken.

    Raises:
        NoPlanError: something else came out than the plan expects; what was yielded before may be
            wrong, too.
        VideoError: the file cannot be opened any more.
    """
    anew = stream.again(path, *source, rewind=packets.listed)
    with anew as (container, opened):
        codec, unit = opened.codec_context, float(opened.time_base or 0)
        begin = int(plan.times[0]) * unit
        # All frames are converted as the first of the video is, which may not be among those
        # decoded; opened blindly, it looks as these do, since its parameter sets are theirs.
        look = (codec.width, codec.height, codec.pix_fmt)
        looks, rotations = {look} if codec.pix_fmt else set(), set()
        numbered = enumerate(stream.packets(path, container, opened))
        for run in plan.runs:
            fed = _fed(numbered, packets, plan, run)
            for time, frame in _expected(_decoded(fed, run, codec), run):
                looks.add((frame.width, frame.height, frame.format.name))
                rotations.add(frame.rotation)
                if len(looks) > 1 or len(rotations) > 1:
                    raise NoPlanError("the frames do not all look alike")
                yield int(np.searchsorted(plan.times, time)), time * unit - begin, frame
            codec.flush_buffers()


def _fed(
    numbered: Iterator[tuple[int, stream.Packet]], packets: Packets, plan: Plan, run: Run
) -> Iterator[tuple[int, stream.Packet]]:
    """Packets of a run that are to be decoded, with their times."""
    for place, packet in numbered:
        if place in run.packets and plan.decoded[place]:
            if packet.pts != packets.pts[place]:
                raise NoPlanError("the file reads differently the second time")
            yield int(packets.pts[place]), packet
        if place == run.packets.stop - 1:
            return


def _decoded(
    fed: Iterator[tuple[int, stream.Packet]], run: Run, codec: VideoCodecContext
) -> Iterator[av.VideoFrame]:
    for time, packet in fed:
        try:
            yield from codec.decode(packet)
        except av.FFmpegError as error:
            # What a leading picture refers to was not decoded, which may well be an error.
            if time >= run.floor:
                raise NoPlanError(f"a packet does not decode ({error.strerror})") from error
    try:
        yield from codec.decode(None)
    except av.FFmpegError as error:
        raise NoPlanError(f"the decoder does not finish ({error.strerror})") from error


def _expected(frames: Iterator[av.VideoFrame], run: Run) -> Iterator[tuple[int, av.VideoFrame]]:
    """Frames from the keyframe on with their times: all that were expected, and none but them.

    Those that are displayed after the last wanted one count, too: it may be predicted from them,
    and what a decoder makes of a damaged frame depends on all that it saw before.
    """
    expected: Iterator[int] = iter(run.expected.tolist())
    for frame in frames:
        if frame.pts is not None and frame.pts < run.floor:
            continue
        if frame.is_corrupt:
            raise NoPlanError("a frame is damaged")
        time = next(expected, None)
        if time is None or frame.pts != time:
            raise NoPlanError("another frame comes out than was expected")
        yield time, frame
    if next(expected, None) is not None:
        raise NoPlanError("a frame is missing")
