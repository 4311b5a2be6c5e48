"""How a file reaches browsers: as it is, copied or encoded; what they see is what is in it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import marked, moving, write_video
from tests.video import test_warning
from vq.rating.playable import MOST_SECONDS, convert, look
from vq.video import stream
from vq.video.convert import Converter
from vq.workers.limits import Limits

LIMITS = Limits()
H264 = {"codec": "libx264", "pix_fmt": "yuv420p"}
CASES = {
    "as-it-is": ("a.mp4", H264, "as it is", "mp4"),
    "webm": ("a.webm", {"codec": "libvpx-vp9", "pix_fmt": "yuv420p"}, "as it is", "webm"),
    "h264-in-matroska": ("a.mkv", H264, "copied", "mp4"),
    "vp9-in-matroska": (
        "a.mkv", {"codec": "libvpx-vp9", "pix_fmt": "yuv420p"}, "copied", "webm"
    ),
    "ten-bits": ("a.mp4", {"codec": "libx264", "pix_fmt": "yuv420p10le"}, "encoded", "mp4"),
    "hevc": ("a.mp4", {"codec": "libx265", "pix_fmt": "yuv420p"}, "encoded", "mp4"),
    "lossless-rgb": ("a.mkv", {"codec": "ffv1", "pix_fmt": "bgr0"}, "encoded", "mp4"),
    "odd-sides": ("a.mkv", {"width": 65, "height": 49}, "encoded", "mp4"),
    "uneven-times": ("a.mkv", {"times": [0, 40, 200, 240, 1000, 1040]}, "encoded", "mp4"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "how", "form", "kind"), CASES.values(), ids=CASES)
def test_every_frame_is_shown_at_its_time(
    tmp_path: Path, name: str, how: dict[str, Any], form: str, kind: str
) -> None:
    """Of a copy to the bit, of an encoded one within two levels on average."""
    path = write_video(
        tmp_path / name, 6, **{"width": 64, "height": 48, "picture": moving, **how}
    )  # fmt: skip

    playable = look(path, limits=LIMITS)

    assert (playable.form, playable.media_type, playable.problem) == (form, f"video/{kind}", "")
    if form == "as it is":
        return
    target = tmp_path / f"out.{kind}"
    convert(path, target, copied=form == "copied", limits=LIMITS)
    assert look(target, limits=LIMITS).form == "as it is"
    times, pictures = _frames(path)
    shown_times, shown = _frames(target)
    assert shown_times == times
    height, width = shown.shape[1:3]
    assert (height, width) == (48, 64)
    error = np.abs(pictures[:, :height, :width].astype(int) - shown)
    assert error.mean() <= (0 if form == "copied" else 4)


def test_a_phone_video_is_encoded_upright(tmp_path: Path) -> None:
    """Its pixels are turned, so that no browser has to know how they were stored."""
    import av

    flat = write_video(tmp_path / "flat.mp4", 3, width=64, height=48, picture=marked,
                       codec="libx265", pix_fmt="yuv420p")  # fmt: skip
    turned = tmp_path / "turned.mp4"
    with av.open(flat) as old, av.open(turned, "w") as new:
        copy: Any = new.add_stream_from_template(old.streams.video[0])
        copy.set_display_rotation(90)
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = copy
                new.mux(packet)
    target = tmp_path / "out.mp4"

    playable = look(turned, limits=LIMITS)
    convert(turned, target, copied=False, limits=LIMITS)

    assert (playable.form, playable.width, playable.height) == ("encoded", 48, 64)
    expected, shown = _frames(turned)[1], _frames(target)[1]
    assert shown.shape == (3, 64, 48, 3)
    assert np.abs(expected.astype(int) - shown).mean() < 4


def test_what_browsers_show_each_in_its_own_way_is_refused(tmp_path: Path) -> None:
    """With the remedy."""
    hdr = test_warning.write(tmp_path / "hdr.mp4", transfer=16)
    woven = write_video(tmp_path / "woven.mp4", 3, width=64, height=48, codec="libx264",
                        pix_fmt="yuv420p", options={"x264-params": "tff=1"})  # fmt: skip
    long = write_video(tmp_path / "long.mkv", 2, times=[0, int(1000 * MOST_SECONDS) + 1000])

    problems = [look(path, limits=LIMITS).problem for path in (hdr, woven, long)]

    assert problems[0].startswith("is HDR (PQ), which each browser shows in its own way; tone-map")
    assert problems[1] == "is interlaced, which browsers show with combs; deinterlace it first"
    assert problems[2] == "lasts 121 s; cut it into clips of at most 120 s"


def _frames(path: Path) -> tuple[list[float], np.ndarray]:
    times, pictures = [], []
    for seconds, frame in stream.frames(path):
        times.append(round(seconds, 3))
        pictures.append(Converter(frame).rgb(frame))
    return times, np.stack(pictures)
