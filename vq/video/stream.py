"""The video stream of a local file, frame by frame."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from vq.errors import VideoError
from vq.video import diagnosis, encryption, main_stream

if TYPE_CHECKING:
    Packet = av.Packet[VideoStream]  # generic in its stubs alone
else:
    Packet = av.Packet

log = logging.getLogger(__name__)

ELSEWHERE = frozenset(
    {
        "alias_pix",
        "concat",
        "dash",
        "ffmetadata",
        "hls",
        "image2",
        "imf",
        "lavfi",
        "rtp",
        "rtsp",
        "sap",
    }
    | {"sdp", "tty", "vapoursynth", "vobsub", "webm_dash_manifest"}
)
"""Formats that point at other files, or draw text: what they show is not in the file itself."""
CONTAINERS = ",".join(sorted(av.formats_available - ELSEWHERE))
"""What FFmpeg may take a file for; it would follow a playlist before it tells that it is one."""
MOST_STREAMS = 100
"""More than any recording has; each costs memory."""

BEFORE_ALL = -(1 << 40)
"""A time before the first packet of any file, in whatever unit."""

BLINDLY = {"probesize": "32", "skip_frame": "all"}
"""Options by which opening a file neither decodes frames nor reads far for them."""
TIMED = frozenset({"mp4", "matroska"})
"""Containers that give each packet its time, which FFmpeg would otherwise reckon from frames."""

END = (av.FFmpegError, IndexError)
"""What reading on may raise where a file is broken; PyAV has no index for a stream that begins in
the middle of a file."""

NO_FRAME = "not one frame can be decoded; encode or download it again"


@contextmanager
def opened(path: Path, *, blind: bool = False) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a local file at its video stream, and close it again.

    A `blind` opening decodes none of the first seven frames of H.264, whose packets carry all that
    FFmpeg would learn from them. Pixel format and size are then those of the first frame that comes
    out; the codec context may say none or another.

    Raises:
        VideoError: missing, unreadable, or without a video stream.
    """
    container = _open(path, BLINDLY if blind else {})
    if blind and not _can_open_blindly(container):
        container.close()
        container = _open(path, {})
    with container:
        stream = _main_stream(container)
        if stream is None:
            raise VideoError(path, diagnosis.no_video(path, container))
        if encryption.is_encrypted(path, container, stream):
            raise VideoError(path, "is encrypted; decrypt it first")
        if stream.codec_context is None:
            raise VideoError(path, diagnosis.no_decoder(path))
        # One, always: what several make of damage depends on which is first, and they do not say
        # that there was any.
        stream.codec_context.thread_count = 1
        yield container, stream


def _open(path: Path, options: Mapping[str, str]) -> InputContainer:
    try:
        # `file:` because FFmpeg takes what stands before a colon in a name for a protocol;
        # metadata in a foreign encoding must not cost us the video.
        return av.open(
            f"file:{path}",
            metadata_errors="replace",
            options={
                "protocol_whitelist": "file",
                "format_whitelist": CONTAINERS,
                "max_streams": str(MOST_STREAMS),
                **options,
            },
        )
    except av.FFmpegError as error:
        raise VideoError(path, diagnosis.refused(path, error)) from error


def _can_open_blindly(container: InputContainer) -> bool:
    """Whether packets have times of their own, and the stream is one that can be opened blindly."""
    stream = _main_stream(container)
    codec = stream and stream.codec_context
    timed = TIMED.intersection(container.format.name.split(","))
    return bool(timed and codec and codec.codec.canonical_name == "h264" and codec.extradata)


@contextmanager
def again(
    path: Path, container: InputContainer, stream: VideoStream, *, rewind: bool
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Begin anew with a file that was read to its end and is still open, opened blindly.

    Raises:
        VideoError: as `opened`.
    """
    if rewind:
        container.seek(BEFORE_ALL, stream=stream)
        yield container, stream
    else:
        with opened(path, blind=True) as source:
            yield source


def frames(path: Path) -> Iterator[tuple[float, av.VideoFrame]]:
    """Decode a file: each frame with its seconds since the first, in the order of display.

    A damaged packet costs its frames and no more, as in a player; a file that ends too early
    gives what it has.

    Raises:
        VideoError: as `opened`, or not one frame decodes.
    """
    seen = damaged = 0
    last: av.FFmpegError | None = None
    with opened(path) as (container, stream):
        clock = _Clock(stream)
        for packet in chain(packets(path, container, stream), (None,)):
            try:
                decoded = stream.decode(packet)
            except av.FFmpegError as error:
                if isinstance(error, MemoryError):
                    raise VideoError(path, diagnosis.refused(path, error)) from error
                damaged += 1
                last = error
                continue
            seen += len(decoded)
            for frame in decoded:
                yield clock.seconds(frame), frame
    if not seen:
        if last is None or isinstance(last, av.InvalidDataError):
            raise VideoError(path, NO_FRAME) from last
        raise VideoError(path, diagnosis.refused(path, last)) from last
    if damaged:
        log.warning("%s: %d packets are damaged, %d frames decode", path, damaged, seen)


class _Clock:
    """Times of frames; one that has none follows the frame before it at the usual distance."""

    def __init__(self, stream: VideoStream) -> None:
        self._unit = float(stream.time_base or 0)
        self._step = 1 / float(stream.guessed_rate or 25)
        self._start: float | None = None
        self._last = -self._step

    def seconds(self, frame: av.VideoFrame) -> float:
        # Not `frame.time`: it is not a number for the frames that come when a decoder is flushed.
        if frame.pts is None:
            self._last += self._step
            return self._last
        shown = frame.pts * self._unit
        if self._start is None:
            self._start = shown - (self._last + self._step)
        self._last = shown - self._start
        return self._last


def packets(path: Path, container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    """Packets of an open file that hold something, up to where it ends or cannot be read on."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except END as error:
        log.warning("%s: ends early (%s)", path, error)


def _main_stream(container: InputContainer) -> VideoStream | None:
    return next(iter(main_stream.candidates(container)), None)
