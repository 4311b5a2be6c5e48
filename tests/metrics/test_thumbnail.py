"""Videos as small pictures."""

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from tests.conftest import write_video
from vq.report.thumbnail import middle_frame


def test_it_is_the_middle_frame(tmp_path: Path) -> None:
    """Frame n of the test video is grey 8 n; of eleven frames, the middle one is number 5."""
    kind, data = middle_frame(write_video(tmp_path / "a.mkv", 11)).split(",")
    picture = Image.open(io.BytesIO(base64.b64decode(data)))

    assert kind == "data:image/jpeg;base64"
    assert np.asarray(picture).mean() == 40


def test_a_large_picture_is_scaled_down_and_keeps_its_shape(tmp_path: Path) -> None:
    """The report stays a file that one can mail."""
    data = middle_frame(write_video(tmp_path / "a.mkv", 2, width=1280, height=640)).split(",")[1]

    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (360, 180)
