"""Videos of many makes, by real encoders: what a plan has to get right."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import av

from tests.conftest import moving, write_video

FRAMES = 120

Write = Callable[[Path], Path]


def remux(source: Path, target: Path, *, shift: int = 0, keyframes: bool = False) -> Path:
    """Copy packets into another file.

    Args:
        source: a video.
        target: the copy.
        shift: milliseconds at the begin that an edit list cuts off.
        keyframes: call every packet but one a keyframe; of all there is no list in an MP4.
    """
    with av.open(source) as old, av.open(target, "w", options={"avoid_negative_ts": "0"}) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate([p for p in old.demux(video=0) if p.size]):
            packet.is_keyframe |= keyframes and number != 1
            moved = round(shift / 1000 / packet.time_base)
            packet.pts -= moved
            packet.dts -= moved
            packet.stream = stream
            new.mux(packet)
    return target


def join(first: Path, second: Path, target: Path) -> Path:
    """Let the packets of one file follow those of another in the same stream."""
    with av.open(first) as one, av.open(second) as two, av.open(target, "w") as new:
        stream = new.add_stream_from_template(one.streams.video[0])
        end = 0
        for part in (one, two):
            packets = [packet for packet in part.demux(video=0) if packet.size]
            for packet in packets:
                packet.pts += end
                packet.dts += end
                packet.stream = stream
            end = max(packet.pts for packet in packets) + 1000
            new.mux(packets)
    return target


def damage(path: Path, place: float, *, size: int = 200) -> Path:
    """Overwrite bytes somewhere in the pictures of a file, as a bad disk does."""
    content = bytearray(path.read_bytes())
    pictures = max(content.find(b"mdat"), 0)
    begin = pictures + int(place * (len(content) - pictures))
    content[begin : begin + size] = b"\0" * size
    path.write_bytes(bytes(content))
    return path


def cut(path: Path, share: float) -> Path:
    """Keep the beginning of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path


def _with(name: str, codec: str, **how: Any) -> Write:  # noqa: ANN401
    """Encode a moving texture; `name` ends in the container's suffix."""
    ordinary = {"width": 96, "height": 64, "pix_fmt": "yuv420p", "picture": moving}
    if name.endswith(".mp4"):
        ordinary["muxer"] = {"movflags": "faststart"}  # as uploads are
    encoded: list[bytes] = []

    def write(folder: Path) -> Path:
        path = folder / name
        if encoded:  # in an earlier test
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded[0])
        else:
            write_video(path, **{"frames": FRAMES, "codec": codec, **ordinary, **how})
            encoded.append(path.read_bytes())
        return path

    return write


def _x264(name: str, params: str, **how: Any) -> Write:  # noqa: ANN401
    options = {"preset": "veryfast", "x264-params": f"keyint=12:min-keyint=12:scenecut=0:{params}"}
    return _with(name, "libx264", options=options, **how)


def _x265(name: str, params: str, **how: Any) -> Write:  # noqa: ANN401
    params = f"log-level=none:keyint=12:min-keyint=12:scenecut=0:{params}"
    return _with(name, "libx265", options={"preset": "ultrafast", "x265-params": params}, **how)


VARIABLE = [40 * n + 13 * (n % 3) + (400 if n > 70 else 0) for n in range(FRAMES)]
# With its usual thirty threads the encoder waits for ever now and then.
ONE_THREAD = {"preset": "12", "g": "24", "svtav1-params": "lp=1"}
ALT_REF = {"auto-alt-ref": "1", "lag-in-frames": "16", "g": "24", "cpu-used": "8"}

FORMATS: Mapping[str, Write] = {
    "h264": _x264("a.mp4", "bframes=2:open-gop=0"),
    "h264-mkv": _x264("a.mkv", "bframes=3:open-gop=0"),
    "h264-ts": _x264("a.ts", "bframes=3:open-gop=0"),
    "h264-flv": _x264("a.flv", "bframes=2:open-gop=0"),
    "h264-open": _x264("a.mp4", "bframes=3:open-gop=1:b-pyramid=normal"),
    "h264-open-ts": _x264("a.ts", "bframes=3:open-gop=1:b-pyramid=normal"),
    "h264-pyramid": _x264("a.mp4", "bframes=7:b-pyramid=normal:b-adapt=0"),
    "h264-strict": _x264("a.mp4", "bframes=7:b-pyramid=strict:open-gop=1:b-adapt=0"),
    "h264-no-b": _x264("a.mp4", "bframes=0"),
    "h264-slices": _x264("a.mp4", "slices=4:bframes=2"),
    "h264-refs": _x264("a.mp4", "ref=8:bframes=4:weightp=2:open-gop=1"),
    "h264-in-band": _x264("a.mp4", "repeat-headers=1:bframes=2:aud=1"),
    "h264-interlaced": _x264("a.mp4", "tff=1:bframes=2"),
    "h264-interlaced-ts": _x264("a.ts", "tff=1:bframes=2:open-gop=1"),
    "h264-fake-interlaced": _x264("a.mp4", "fake-interlaced=1:bframes=2"),
    "h264-refresh": _x264("a.mp4", "intra-refresh=1:bframes=2"),
    "h264-refresh-ts": _x264("a.ts", "intra-refresh=1:bframes=0"),
    "h264-long": _with("a.mp4", "libx264", options={"preset": "veryfast", "g": "500"}),
    "h264-variable": _x264("a.mp4", "bframes=2", times=VARIABLE),
    "h264-variable-mkv": _x264("a.mkv", "bframes=2:open-gop=1", times=VARIABLE),
    "h264-444": _x264("a.mp4", "bframes=2", pix_fmt="yuv444p"),
    "h264-full-range": _x264("a.mp4", "bframes=2", pix_fmt="yuvj420p"),
    "hevc": _x265("a.mp4", "bframes=3:open-gop=0"),
    "hevc-mkv": _x265("a.mkv", "bframes=3:open-gop=0:repeat-headers=1"),
    "hevc-open": _x265("a.mp4", "bframes=4:open-gop=1:b-pyramid=1"),
    "hevc-open-ts": _x265("a.ts", "bframes=4:open-gop=1:b-pyramid=1"),
    "hevc-layers": _x265("a.mp4", "bframes=3:temporal-layers=3:open-gop=0"),
    "hevc-radl": _x265("a.mp4", "bframes=3:radl=2:open-gop=0"),
    "hevc-refresh": _x265("a.mp4", "intra-refresh=1:bframes=0"),
    "hevc-10-bit": _x265("a.mp4", "bframes=3:open-gop=1", pix_fmt="yuv420p10le"),
    "vp8": _with("a.webm", "libvpx", options=ALT_REF),
    "vp9": _with("a.webm", "libvpx-vp9", options=ALT_REF),
    "vp9-mp4": _with("a.mp4", "libvpx-vp9", options=ALT_REF),
    "av1": _with("a.mp4", "libsvtav1", options=ONE_THREAD),
    "av1-webm": _with("a.webm", "libsvtav1", options=ONE_THREAD),
    "mpeg2-ts": _with("a.ts", "mpeg2video", options={"g": "12", "bf": "2"}),
    "mpeg2-closed": _with(
        "a.mpg",
        "mpeg2video",
        options={"g": "12", "bf": "2", "flags": "+cgop", "sc_threshold": "1000000000"},
    ),
    "mpeg2-interlaced": _with(
        "a.ts", "mpeg2video", options={"g": "12", "bf": "2", "flags": "+ildct+ilme"}
    ),
    "mpeg1": _with("a.mpg", "mpeg1video", options={"g": "12", "bf": "2"}),
    "mpeg4-avi": _with("a.avi", "mpeg4", options={"g": "12"}),
    "mpeg4-avi-b": _with("a.avi", "mpeg4", options={"g": "12", "bf": "2"}),
    "mpeg4-mp4-b": _with("a.mp4", "mpeg4", options={"g": "12", "bf": "2"}),
    "mjpeg": _with("a.avi", "mjpeg", pix_fmt="yuvj420p"),
    "prores": _with("a.mov", "prores_ks", pix_fmt="yuv422p10le"),
    "flv1": _with("a.flv", "flv", options={"g": "12"}),
    "ffv1": _with("a.mkv", "ffv1"),
}

larger = _x264("b.mp4", "repeat-headers=1:bframes=2:aud=1", width=128, height=80)
"""As `h264-in-band`, in another size."""
