"""The evidence of a video: numbers by which causes are told, from packets and a few short runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from vq.causes import bars as bars_
from vq.causes import motion, packet_sizes, picture
from vq.video import frame_sampling
from vq.video.convert import Converter
from vq.video.decode import Decoded, in_groups
from vq.video.packets import Packets
from vq.video.shapes import UInt8

RUNS, FRAMES = 6, 6
"""Short runs of neighbouring frames, spread over the video; and frames of each."""
PLAIN = frozenset(
    {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"}
)
"""Formats whose first plane is luma of eight bits, as it is."""


@dataclass(frozen=True, eq=False)
class Run:
    """What is kept of neighbouring frames: a whole one from their middle, pixels of the others."""

    picture: UInt8[np.ndarray, "height width"]
    """Luma as it is stored."""
    picked: tuple[motion.Picked, ...]

    @classmethod
    def of(cls, frames: Sequence[UInt8[np.ndarray, "height width"]]) -> "Run":
        """The run of some frames."""
        return cls(frames[len(frames) // 2], tuple(map(motion.picked, frames)))


def measure(path: Path) -> dict[str, float]:
    """The numbers by name; the same bits for the same file.

    Raises:
        VideoError: the file is not a video, or not one frame of it decodes.
    """
    packets = packet_sizes.read(path)

    def choose(count: int, _: Packets | None) -> list[list[int]]:
        return numbers_of(count)

    def keep(_: int, decoded: Decoded) -> Run:
        return Run.of([decoded.pixels[number] for number in sorted(decoded.pixels)])

    runs = in_groups(path, choose, keep, see=luma)
    return {
        **packet_sizes.measure(packets),
        **of_runs(runs, black=packets.black, white=packets.white),
    }


def of_runs(runs: Sequence[Run], *, black: int, white: int) -> dict[str, float]:
    """What frames tell, by themselves and together."""
    pictures = [run.picture for run in runs]
    bars, numbers = bars_.find(pictures, black=black)
    numbers |= motion.measure([run.picked for run in runs], bars, black=black, white=white)
    each = [picture.measure(luma, bars, black=black, white=white) for luma in pictures]
    for name in each[0]:
        values = [one[name] for one in each]
        numbers[name] = float(np.mean(values))
        if name in WORST:
            numbers[f"most_{name}"] = float(np.max(values))
    return numbers


WORST = frozenset(
    {
        "worst_comb_excess",
        "comb_excess",
        "weave_excess",
        "teeth_excess",
        "white_cells",
        "black_cells",
        "grid_8",
        "contour_3",
        "noise",
    }
)


def numbers_of(frame_count: int) -> list[list[int]]:
    """Numbers of the frames that are looked at; a short video is looked at once, all of it."""
    clips = frame_sampling.clips(frame_count, moments=RUNS, frames=FRAMES)
    return [sorted(set(clip)) for clip in clips.tolist()]


def luma(convert: Converter, frame: av.VideoFrame) -> UInt8[np.ndarray, "height width"]:
    """Brightness as it is stored, of eight bits, in the range of the file; all of one size."""
    # The size may change midway, and frames are compared with each other.
    width, height = convert.size[::-1] if convert.orientation.exchanged else convert.size
    if (frame.width, frame.height) != (width, height):
        frame = frame.reformat(width, height, interpolation="AREA", threads=1)
    if frame.format.name not in PLAIN or frame.planes[0].line_size <= 0:
        return convert.luma(frame, side_px=max(convert.size))
    plane = frame.planes[0]
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width].copy()
