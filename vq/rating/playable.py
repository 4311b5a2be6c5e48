"""Whether browsers play a file as it is, and how it is brought into a form that they play.

H.264 in MP4 and VP8 or VP9 in WebM, 8 bits with 4:2:0, play everywhere. These codecs in another
container are copied into one of those, packet by packet. Everything else that shows the same on any
screen is encoded as H.264 at a quality where nobody sees the difference.
"""

from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.filter import Graph
from av.video.stream import VideoStream

from vq.errors import VideoError
from vq.files import atomic
from vq.rating.forms import Form, Playable
from vq.video import main_stream, orientation, stream
from vq.video.orientation import Orientation
from vq.video.warning import DOLBY_VISION, HDR
from vq.workers.limits import LimitError, Limits
from vq.workers.protocol import Handler, Message

CONTAINERS = {"h264": "mp4", "vp8": "webm", "vp9": "webm"}
"""Where each codec that plays everywhere belongs."""
PLAIN = frozenset({"yuv420p", "yuvj420p"})
COPIED_FROM = frozenset({"mp4", "matroska", "flv"})
"""Containers whose packets MP4 and WebM take as they are."""
MOST_SECONDS = 120.0
"""Of a clip: the browser loads all of it before it plays."""
ENCODER = {"crf": "12", "preset": "veryfast"}
"""H.264 at CRF 12 is visually lossless at the sizes of clips; a larger file costs nothing here."""
TICK = Fraction(1, 90_000)


def prepare(limits: Limits) -> Handler:
    """What a worker does: look at a file, or convert it to a target."""

    def work(request: tuple[str, str, str]) -> list[Message]:
        path, form, target = request
        try:
            result = asdict(look(Path(path), limits=limits))
            if target and not result["problem"]:
                convert(Path(path), Path(target), copied=form == "copied", limits=limits)
        except VideoError as error:
            result = {"problem": error.reason}
        except LimitError as error:
            result = {"problem": f"{error}; raise the limit, or encode it smaller"}
        except av.FFmpegError as error:
            result = {
                "problem": f"cannot be encoded for browsers ({error.strerror}); encode it as H.264"
            }
        except OSError as error:
            result = {"problem": f"cannot be copied ({error.strerror}); check the disk"}
        return [Message(result)]

    return Handler(work)


def look(path: Path, *, limits: Limits) -> Playable:
    """Say how browsers can play a file, by its header and first frame.

    Raises:
        VideoError: it is no video, or not one frame decodes.
        LimitError: its frames are too large.
    """
    if not path.is_file():  # to open a pipe or a device may take forever
        raise VideoError(path, "no such file; correct the path, or restore the file")
    with stream.opened(path) as (container, video):
        codec = video.codec_context.codec.canonical_name
        container_names = container.format.name.split(",")
        alone = len(main_stream.candidates(container)) == 1
        duration = _duration(container, video)
        dolby = video.codec_context.codec_tag in DOLBY_VISION
    _, frame = next(iter(stream.frames(path)))
    turned = orientation.of(frame)
    width, height = (frame.width, frame.height)[:: -1 if turned.exchanged else 1]
    limits.allow_picture(width, height)
    if problem := _problem(frame, duration, dolby=dolby):
        return Playable(problem=problem)
    target = CONTAINERS.get(codec, "")
    form: Form = "encoded"
    if target and frame.format.name in PLAIN and not turned.is_mirrored:
        if alone and _is_in(target, path, container_names):
            form = "as it is"
        elif turned == Orientation() and COPIED_FROM & set(container_names):
            form = "copied"
    media_type = f"video/{'mp4' if form == 'encoded' else target}"
    return Playable(form, media_type, width, height, round(duration, 3))


def convert(path: Path, target: Path, *, copied: bool, limits: Limits) -> None:
    """Write a form of a file that browsers play, without sound, completely or not at all.

    Raises:
        VideoError: it does not decode, or its pictures change their size.
        LimitError: it has too many frames.
        av.FFmpegError: the encoder fails.
    """
    with atomic(target) as unfinished:
        if copied:
            _copy(path, unfinished)
        else:
            _encode(path, unfinished, limits)


def _problem(frame: av.VideoFrame, duration: float, *, dolby: bool) -> str:
    kind = HDR.get(int(frame.color_trc)) or ("Dolby Vision" if dolby else "")
    if kind:
        return f"is HDR ({kind}), which each browser shows in its own way; tone-map it to SDR first"
    if frame.interlaced_frame:
        return "is interlaced, which browsers show with combs; deinterlace it first"
    if duration > MOST_SECONDS:
        return f"lasts {duration:.0f} s; cut it into clips of at most {MOST_SECONDS:.0f} s"
    return ""


def _duration(container: InputContainer, video: VideoStream) -> float:
    if video.duration and video.time_base:
        return float(video.duration * video.time_base)
    return (container.duration or 0) / av.time_base


def _is_in(target: str, path: Path, names: list[str]) -> bool:
    # Matroska and WebM are one to FFmpeg; browsers play the latter alone.
    return target in names and (target != "webm" or path.suffix.lower() == ".webm")


def _copy(path: Path, target: Path) -> None:
    with stream.opened(path) as (container, video), av.open(str(target), "w") as out:
        copy = out.add_stream_from_template(video)
        packets = list(stream.packets(path, container, video))  # of a clip: a few megabytes
        for packet, dts in zip(packets, _decoding_times(packets), strict=True):
            packet.dts, packet.stream = dts, copy
            out.mux(packet)


def _decoding_times(packets: list[stream.Packet]) -> list[int]:
    """Those of packets; the first ones, to which Matroska gives none, count down from the next."""
    times: list[int] = []
    first = next((place for place, packet in enumerate(packets) if packet.dts is not None), None)
    for place, packet in enumerate(packets):
        if packet.dts is not None:
            times.append(packet.dts)
        elif first is not None and place < first:
            # At least a tick apart; the presentation time stays.
            step = max(1, (packets[first].duration or 1))
            times.append((packets[first].dts or 0) - (first - place) * step)
        else:
            times.append(times[-1] + 1 if times else packet.pts or 0)
    return times


def _encode(path: Path, target: Path, limits: Limits) -> None:
    with av.open(str(target), "w", options={"movflags": "faststart"}) as out:
        encoder: Any = None
        last = -1
        for number, (seconds, frame) in enumerate(stream.frames(path), 1):
            limits.allow_frames(number)
            if encoder is None:
                first, graph = frame, _upright(frame)
                encoder = out.add_stream("libx264", rate=25, options=ENCODER)
                # The same bits on every machine.
                encoder.codec_context.thread_count = 2
                encoder.codec_context.time_base = TICK
            elif (frame.width, frame.height) != (first.width, first.height):
                raise VideoError(path, "changes the size of its pictures; encode it at one size")
            ticks = round(seconds / TICK)
            if ticks <= last:
                continue
            last = ticks
            graph.push(frame)
            shown: Any = graph.pull()
            if number == 1:
                encoder.width, encoder.height = shown.width, shown.height
                encoder.pix_fmt = "yuv420p"
                _tag(encoder.codec_context, shown, _ratio(path))
            shown.pts, shown.time_base = ticks, TICK
            out.mux(encoder.encode(shown))
        out.mux(encoder.encode())


def _upright(frame: av.VideoFrame) -> Graph:
    """Filters that turn a frame upright, cut it to even sides and give it the encoder's format."""
    turned = orientation.of(frame)
    graph = Graph()
    names = [("transpose", "dir=cclock_flip")] if turned.exchanged else []
    names += [("vflip", "")] if turned.rows_reversed else []
    names += [("hflip", "")] if turned.columns_reversed else []
    names += [("crop", "w=iw-mod(iw\\,2):h=ih-mod(ih\\,2):x=0:y=0:exact=1")]
    if frame.format.is_rgb:
        names += [("scale", "out_color_matrix=bt709:out_range=tv")]
    names += [("format", "pix_fmts=yuv420p"), ("buffersink", "")]
    before: Any = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=TICK
    )
    for name, arguments in names:
        after = graph.add(name, arguments) if arguments else graph.add(name)
        before.link_to(after)
        before = after
    graph.configure()
    return graph


def _tag(context: Any, frame: av.VideoFrame, ratio: Fraction) -> None:  # noqa: ANN401 - PyAV's
    for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
        value = getattr(frame, name, None)
        if value is not None:
            setattr(context, name, int(value))
    context.sample_aspect_ratio = ratio


def _ratio(path: Path) -> Fraction:
    with stream.opened(path) as (_, video):
        return video.sample_aspect_ratio or Fraction(1)
