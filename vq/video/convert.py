"""From a decoder's frame to upright pixels."""

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8


class Converter:
    """Turns the frames of one video into arrays, all of the size and rotation of the first."""

    def __init__(self, first: av.VideoFrame) -> None:
        self.rotation = round(first.rotation / 90) * 90 % 360
        """Degrees by which pixels are turned counterclockwise to stand upright: 0, 90, 180, 270."""
        self._coded = first.width, first.height
        self._reformatter = VideoReformatter()  # one for all: each holds tables and threads

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as displayed."""
        return self._coded if self.rotation % 180 == 0 else self._coded[::-1]

    def rgb(self, frame: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        """Eight bits a colour, whatever the pixel format of the file."""
        return self._upright(self._convert(frame, self._coded, "rgb24"))

    def luma(self, frame: av.VideoFrame, *, side_px: int) -> UInt8[np.ndarray, "height width"]:
        """Full-range brightness, scaled down so that the long side is at most `side_px`."""
        scale = min(1.0, side_px / max(self._coded))
        width, height = (max(1, round(scale * side)) for side in self._coded)
        return self._upright(self._convert(frame, (width, height), "gray"))

    def _convert(self, frame: av.VideoFrame, size: tuple[int, int], pix_fmt: str) -> np.ndarray:
        # One thread: where the picture is cut into slices must not depend on the machine.
        converted = self._reformatter.reformat(
            frame, width=size[0], height=size[1], format=pix_fmt, interpolation="AREA", threads=1
        )
        return converted.to_ndarray()

    def _upright(self, pixels: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.rot90(pixels, self.rotation // 90))
