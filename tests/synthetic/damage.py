"""Ladders of damage by real encoders: a kind and a strength give a file."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import av
import numpy as np

from benchmarks import edits
from vq.synthetic.demo import encode
from vq.synthetic.demo.distort import DISTORTIONS
from vq.synthetic.demo.scene_camera import Clip

Damage = Callable[[Clip, float, Path], None]
"""Writes a damaged clip into a file whose name ends in .mkv."""

FPS = 25


def _codec(name: str, clip: Clip, strength: float, path: Path) -> None:
    _save(encode.compress(clip, name, strength, FPS), path)


def _distortion(name: str, clip: Clip, strength: float, path: Path) -> None:
    _save(DISTORTIONS[name](clip, strength, np.random.default_rng(5)), path)


def av1(clip: Clip, strength: float, path: Path) -> None:
    """SVT-AV1 at rates from good to poor."""
    options = {"crf": str(round(20 + 43 * strength)), "preset": "10"}
    options["svtav1-params"] = "lp=1"
    path.write_bytes(_encoded(clip, "libsvtav1", options))


def blocks(clip: Clip, strength: float, path: Path) -> None:
    """MPEG-2, which has no filter against blocks, by coarser and coarser steps."""
    step = str(round(2 + 28 * strength))
    path.write_bytes(_encoded(clip, "mpeg2video", {"qmin": step, "qmax": step, "b": "20M"}))


def lost(clip: Clip, strength: float, path: Path) -> None:
    """H.264 whose packets lose their second half; who loses more loses these as well.

    What the decoder conceals is shown; a frame that it gives up shows the one before.
    """
    options = {"crf": "18", "bf": "0", "g": "50", "x264-params": "slices=4:scenecut=0"}
    chance = np.random.default_rng(2).random(len(clip))
    shown: dict[int, np.ndarray] = {}
    with av.open(BytesIO(_encoded(clip, "libx264", options))) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"err_detect": "ignore_err"}
        for number, packet in enumerate(container.demux(stream)):
            data = packet
            if packet.size and 0 < number < len(clip) and chance[number] < 0.5 * strength:
                whole = bytes(packet)
                data = av.Packet(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
                data.pts, data.dts, data.time_base = packet.pts, packet.dts, packet.time_base
                data.stream = stream
            try:
                for frame in stream.codec_context.decode(data if data.size else None):
                    shown[round(frame.pts * frame.time_base * FPS)] = frame.to_ndarray(
                        format="rgb24"
                    )
            except av.FFmpegError:
                continue
    frames = [shown[0]]
    for number in range(1, len(clip)):
        frames.append(shown.get(number, frames[-1]))
    _save(np.stack(frames), path)


def halos(clip: Clip, strength: float, path: Path) -> None:
    """Sharpened until edges have rims."""
    _save(edits.halos(clip, amount=0.3 + 2.2 * strength), path)


def grain(clip: Clip, strength: float, path: Path) -> None:
    """Grain of film."""
    _save(edits.grain(clip, spread=1 + 14 * strength), path)


def _save(clip: Clip, path: Path) -> None:
    path.write_bytes(_encoded(clip, "libx264", {"crf": "12", "preset": "veryfast"}))


def _encoded(clip: Clip, encoder: str, options: dict[str, str]) -> bytes:
    buffer = BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        stream = container.add_stream(encoder, rate=FPS, options=options)
        stream.height, stream.width, stream.pix_fmt = clip.shape[1], clip.shape[2], "yuv420p"
        stream.codec_context.thread_count = 1
        for pixels in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


DAMAGE: dict[str, Damage] = {
    **{name: partial(_codec, name) for name in encode.CODECS},
    "av1": av1,
    "blocks": blocks,
    "lost": lost,
    **{name: partial(_distortion, name) for name in DISTORTIONS},
    "halos": halos,
    "grain": grain,
}
"""By kind; strengths are in (0, 1]."""
