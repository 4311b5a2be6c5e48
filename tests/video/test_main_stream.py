"""Of several video streams, the one that a player shows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from vq.video import main_stream, stream
from vq.video.decode import decode

THUMBNAIL = {"codec": "mjpeg", "pix_fmt": "yuvj420p", "frames": 1, "size": (32, 32)}
SMALL = {"codec": "libx264", "frames": 20, "size": (32, 32)}
LARGE = {"codec": "libx264", "frames": 20, "size": (64, 64)}
DEFAULT = {"disposition": Disposition.default}
NONE = {"disposition": Disposition(0)}


def write(path: Path, streams: Sequence[dict[str, Any]]) -> Path:
    """Write video streams into one file; frames of stream n are of the grey 40 (n + 1)."""
    with av.open(path, "w") as container:
        made: list[Any] = []
        for how in streams:
            one: Any = container.add_stream(how["codec"], rate=25)
            one.width, one.height = how["size"]
            one.pix_fmt = how.get("pix_fmt", "yuv420p")
            one.disposition = how["disposition"]
            made.append(one)
        for number, (one, how) in enumerate(zip(made, streams, strict=True)):
            grey = np.full((*how["size"][::-1], 3), 40 * (number + 1), np.uint8)
            for _ in range(how["frames"]):
                container.mux(one.encode(av.VideoFrame.from_ndarray(grey)))
            container.mux(one.encode())
    return path


@pytest.mark.parametrize(
    ("streams", "taken"),
    [
        pytest.param([THUMBNAIL | NONE, SMALL | DEFAULT], 1, id="thumbnail-first"),
        pytest.param([THUMBNAIL | DEFAULT, SMALL | DEFAULT], 1, id="all-are-default"),
        pytest.param([LARGE | NONE, SMALL | DEFAULT], 1, id="default-before-large"),
        pytest.param([SMALL | DEFAULT, LARGE | DEFAULT], 1, id="large-before-small"),
        pytest.param([SMALL | DEFAULT, SMALL | DEFAULT], 0, id="first-of-equals"),
    ],
)
def test_the_stream_that_players_show_is_decoded(
    tmp_path: Path, streams: Sequence[dict[str, Any]], taken: int
) -> None:
    """Default flag, no still, no thumbnail, then the larger; and the row says that it chose."""
    path = write(tmp_path / "a.mkv", streams)

    decoded = decode(path, lambda count: [count // 2])

    assert decoded.frame_count == 20
    (pixels,) = decoded.pixels.values()
    assert pixels.mean() == pytest.approx(40 * (taken + 1), abs=3)
    assert f"2 video streams: number {taken} is taken" in decoded.warning


def test_a_still_of_an_animated_picture_is_not_taken(tmp_path: Path) -> None:
    """As AVIF stores them; one has a single frame, by the list of the container."""
    still = THUMBNAIL | {"size": (128, 128), "codec": "libx264", "pix_fmt": "yuv420p"} | DEFAULT
    path = write(tmp_path / "a.mp4", [still, SMALL | DEFAULT])

    assert decode(path, lambda count: [1]).frame_count == 20


def test_one_stream_is_no_choice(tmp_path: Path) -> None:
    """Nearly every file; nothing is said."""
    path = write(tmp_path / "a.mkv", [SMALL | DEFAULT])

    assert decode(path, lambda count: [0]).warning == ""


def test_cover_art_is_no_video(tmp_path: Path) -> None:
    """A picture that belongs to a song."""
    path = write(tmp_path / "a.mkv", [SMALL | DEFAULT, THUMBNAIL | NONE])
    with stream.opened(path) as (container, taken):
        assert len(main_stream.candidates(container)) == 2
        assert taken.index == 0
