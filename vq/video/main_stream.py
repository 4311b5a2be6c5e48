"""Which of the video streams of a file is the one that a player shows."""

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

STILLS = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
PICTURE_CODECS = frozenset({"bmp", "gif", "mjpeg", "png", "tiff", "webp"})
"""Beside a stream of another codec, a stream of these is nearly always a thumbnail."""


def candidates(container: InputContainer) -> list[VideoStream]:
    """Video streams, best first, without cover art.

    As players choose: what moves before a still, the default before others, then video before
    pictures, the larger before the smaller, and the first of equals.
    """
    # Cover art in a sound file is a video stream to FFmpeg, but no video.
    streams = [s for s in container.streams.video if Disposition.attached_pic not in s.disposition]
    return sorted(streams, key=_rank)


def warning(container: InputContainer, stream: VideoStream) -> str:
    """Say which stream was taken; empty where there was no choice."""
    count = len(candidates(container))
    if count < 2:
        return ""
    codec = stream.codec_context
    size = f", {codec.width}x{codec.height}" if codec.width else ""
    name = codec.codec.canonical_name
    return f"{count} video streams: number {stream.index} is taken ({name}{size})"


def _rank(stream: VideoStream) -> tuple[bool, bool, bool, int]:
    codec = stream.codec_context
    is_still = bool(stream.disposition & STILLS) or stream.frames == 1
    is_picture = codec is not None and codec.codec.canonical_name in PICTURE_CODECS
    area = codec.width * codec.height if codec else 0
    return is_still, Disposition.default not in stream.disposition, is_picture, -area
