"""From a decoder's frame to upright pixels."""

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from vq.video import orientation
from vq.video.shapes import Int64, UInt8

CUT = frozenset({"yuv420p", "yuvj420p"})
"""Formats of which a part can be converted as it is in the whole picture: each two by two pixels
share their colour, and no pixel depends on others. Not so where swscale interpolates colour."""


class Converter:
    """Turns the frames of one video into arrays, all of the size and orientation of the first."""

    def __init__(self, first: av.VideoFrame) -> None:
        self.orientation = orientation.of(first)
        self._coded = first.width, first.height
        self._reformatter = VideoReformatter()  # one for all: each holds tables and threads

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as displayed."""
        return self._coded[::-1] if self.orientation.exchanged else self._coded

    def rgb(self, frame: av.VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        """Eight bits a colour, whatever the pixel format of the file."""
        return self.orientation.upright(self._convert(frame, self._coded, "rgb24"))

    def patches(
        self,
        frame: av.VideoFrame,
        rows: Int64[np.ndarray, " height"],
        columns: Int64[np.ndarray, " width"],
    ) -> UInt8[np.ndarray, "height width 3"]:
        """Some rows and columns of `rgb`, to the bit, at the cost of no more pixels than these.

        They are those of the upright picture: neighbours in twos, of which the first is even.
        """
        if not self._can_cut(frame):
            # Five times as fast as indexing rows and columns at once.
            return self.rgb(frame).take(rows, axis=0).take(columns, axis=1)
        width, height = self.size
        rows, columns = self.orientation.stored(rows, columns, height, width)
        small = av.VideoFrame(len(columns), len(rows), frame.format.name)
        small.colorspace, small.color_range = frame.colorspace, frame.color_range
        _copy(frame.planes[0], small.planes[0], rows, columns)
        for source, target in zip(frame.planes[1:], small.planes[1:], strict=True):
            _copy(source, target, rows[::2] // 2, columns[::2] // 2)
        return self.orientation.upright(self._convert(small, (small.width, small.height), "rgb24"))

    def luma(self, frame: av.VideoFrame, *, side_px: int) -> UInt8[np.ndarray, "height width"]:
        """Full-range brightness, scaled down so that the long side is at most `side_px`."""
        scale = min(1.0, side_px / max(self._coded))
        width, height = (max(1, round(scale * side)) for side in self._coded)
        return self.orientation.upright(self._convert(frame, (width, height), "gray"))

    def _convert(self, frame: av.VideoFrame, size: tuple[int, int], pix_fmt: str) -> np.ndarray:
        # One thread: where the picture is cut into slices must not depend on the machine.
        converted = self._reformatter.reformat(
            frame, width=size[0], height=size[1], format=pix_fmt, interpolation="AREA", threads=1
        )
        return converted.to_ndarray()

    def _can_cut(self, frame: av.VideoFrame) -> bool:
        width, height = frame.width, frame.height
        # Of an odd height swscale takes another way; lines of two fields have colours of their own.
        if width % 2 or height % 2 or frame.interlaced_frame:
            return False
        # Some decoders store pictures upside down, with lines of a negative length.
        upright = frame.planes[0].line_size > 0
        return upright and frame.format.name in CUT and (width, height) == self._coded


def _copy(
    source: av.video.plane.VideoPlane,
    target: av.video.plane.VideoPlane,
    rows: Int64[np.ndarray, " height"],
    columns: Int64[np.ndarray, " width"],
) -> None:
    lines = np.frombuffer(memoryview(source), np.uint8).reshape(-1, source.line_size)
    into = np.zeros((target.height, target.line_size), np.uint8)
    into[:, : len(columns)] = lines.take(rows, axis=0).take(columns, axis=1)
    target.update(into.tobytes())
