"""What a viewer sees that models do not is said, and nothing else is."""

from pathlib import Path
from typing import Any

import av
import pytest
from av.video.reformatter import ColorTrc

from tests.conftest import moving
from vq.video.decode import decode
from vq.video.probe import probe


def write(path: Path, *, transfer: int = 1, tag: str = "") -> Path:
    """A few frames of HEVC with a transfer function (ITU-T H.273)."""
    params = f"log-level=none:colorprim=9:transfer={transfer}:colormatrix=9"
    with av.open(path, "w") as container:
        stream: Any = container.add_stream("libx265", rate=25, options={"x265-params": params})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p10le"
        if tag:
            stream.codec_context.codec_tag = tag
        for number in range(4):
            frame = av.VideoFrame.from_ndarray(moving(number, 64, 64))
            frame.color_trc = ColorTrc(transfer)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("how", "warning"),
    [
        pytest.param({}, "", id="sdr"),
        pytest.param({"transfer": 16}, "HDR (PQ) is scored as if it were SDR", id="pq"),
        pytest.param({"transfer": 18}, "HDR (HLG) is scored as if it were SDR", id="hlg"),
        pytest.param({"transfer": 2, "tag": "dvh1"}, "HDR (Dolby Vision) is", id="dolby-vision"),
        pytest.param({"transfer": 16, "tag": "dvh1"}, "HDR (PQ) is", id="dolby-vision-on-pq"),
    ],
)
def test_hdr_is_said(how: dict[str, Any], warning: str, tmp_path: Path) -> None:
    """By scoring and by import, in the same words."""
    path = write(tmp_path / "a.mp4", **how)

    said = decode(path, lambda count: [1]).warning

    assert said.startswith(warning)
    assert bool(said) == bool(warning)
    assert probe(path).warning == said
