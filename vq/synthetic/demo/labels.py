"""Synthetic opinion: a full-reference measure, a published curve, and simulated raters.

Nobody has looked at these videos. What is called MOS here is SSIM against the undistorted frames
(Wang et al., IEEE TIP 2004; luma, FFmpeg's `ssim` filter, mean over frames), put on the scale of 1
to 5 by the intervals of Zinner et al. (ITC specialist seminar 2010), and rated by simulated people.
"""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.filter import Graph
from jaxtyping import Float64, Int64
from numpy.random import Generator

from vq.errors import VideoError
from vq.synthetic.demo.scene_camera import Clip
from vq.words import count

CURVE = ((0.0, 1.0), (0.5, 1.5), (0.88, 2.5), (0.95, 3.5), (0.99, 4.5), (1.0, 5.0))
"""(SSIM, grade): where one grade ends and the next begins stands the half between them.

Zinner, Abboud, Hohlfeld, Hossfeld & Tran-Gia, "Towards QoE management for scalable video streaming"
(21st ITC Specialist Seminar, 2010), give SSIM from 0.99 as excellent, 0.95 good, 0.88 fair, 0.5
poor, less as bad; we have these numbers from works that repeat their table, not from the paper.
Between these edges the curve is straight; that, and its two ends, are ours.
"""


def ssim(path: Path, pristine: Clip, *, fps: int | float) -> Float64[np.ndarray, " time"]:
    """Structural similarity of the luma of each frame of a file to the undistorted one.

    Raises:
        VideoError: the file has another number of frames than the reference.
    """
    height, width = pristine.shape[1:3]
    tick = 1 / Fraction(fps).limit_denominator(1001)
    graph = Graph()
    size = {"width": width, "height": height, "format": "yuv420p", "time_base": tick}
    seen, true = graph.add_buffer(**size), graph.add_buffer(**size)
    compare, sink = graph.add("ssim"), graph.add("buffersink")
    seen.link_to(compare, 0, 0)
    true.link_to(compare, 0, 1)
    compare.link_to(sink)
    graph.configure()
    values = []
    with av.open(str(path), "r") as container:
        for i, frame in enumerate(container.decode(video=0)):
            if i == len(pristine):
                raise VideoError(path, f"has more frames than the {i} it was made from")
            reference = av.VideoFrame.from_ndarray(pristine[i], format="rgb24")
            for buffer, one in ((seen, frame), (true, reference.reformat(format="yuv420p"))):
                one.pts, one.time_base = i, tick
                buffer.push(one)
            values.append(float(sink.pull().metadata["lavfi.ssim.Y"]))
    if len(values) < len(pristine):
        raise VideoError(path, f"has {count(len(values), 'frame')}, was made from {len(pristine)}")
    return np.array(values)


def grade(similarity: float) -> float:
    """The grade, 1 to 5, that `CURVE` gives to a similarity."""
    knots, grades = zip(*CURVE, strict=True)
    return float(np.interp(similarity, knots, grades))


def rate(
    quality: float, *, bias: Float64[np.ndarray, " raters"], noise: float, rng: Generator
) -> Int64[np.ndarray, " raters"]:
    """Let simulated raters grade one video, in whole grades from 1 to 5.

    The video deserves the grade `quality`, 1 to 5. Each rater has a bias on all videos (some are
    strict, some are kind), and a mood that is new for each video, of standard deviation `noise`.
    """
    felt = quality + bias + rng.normal(0, noise, len(bias))
    return np.clip(np.rint(felt), 1, 5).astype(np.int64)
