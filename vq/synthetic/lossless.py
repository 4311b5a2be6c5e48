"""Undistorted frames as a file, for whoever compares copies with frames that are in memory."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from jaxtyping import UInt8


def write(
    frames: UInt8[np.ndarray, "time height width 3"], path: Path, *, fps: int | float
) -> None:
    """Write frames as 8-bit 4:2:0 without further loss (H.264, qp 0), whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part{path.suffix}")
    with av.open(str(partial), "w") as container:
        options = {"qp": "0", "preset": "ultrafast"}
        rate = Fraction(fps).limit_denominator(1001)
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width, stream.pix_fmt = frames.shape[1], frames.shape[2], "yuv420p"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    partial.replace(path)
