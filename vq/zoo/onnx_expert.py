"""Experts that are networks: how each prepares what it sees. Nothing here needs torch."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image

from vq.video.views import ViewSpec
from vq.zoo import runtime
from vq.zoo.expert import Kind, Tags
from vq.zoo.frame_window import window

LEAST_PX = 32
"""Shortest side that a network of somebody else is shown at native resolution."""


@dataclass(frozen=True, eq=False)
class OnnxExpert:
    """What image and clip experts made of a network have in common."""

    name: str
    catalog: str
    dim: int
    identity: str
    tags: Tags
    parameters: int
    gmacs: float
    network: runtime.Network
    """From pixels to features, normalisation included."""
    dtype: Literal["float16", "float32"] = "float16"
    version: int = 2


@dataclass(frozen=True, eq=False)
class Square(OnnxExpert):
    """What a network says of the centre square of each frame, scaled to one size."""

    side_px: int = 224
    kind: Kind = "image"

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float32[np.ndarray, "time dim"]:
        """Describe each frame by itself."""
        return self.network(squares(pixels, self.side_px))


@dataclass(frozen=True, eq=False)
class Native(OnnxExpert):
    """What a network says of each frame at native resolution, of any size up to the window."""

    least_px: int = 1
    """Shortest side that the network can see: a shorter one is made longer by its edge."""
    kind: Kind = "image"

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float32[np.ndarray, "time dim"]:
        """Describe each frame by itself."""
        return self.network(widened(window(pixels), self.least_px))


@dataclass(frozen=True, eq=False)
class Fragments(OnnxExpert):
    """What a network says of patches of each frame at native resolution, as the student's are."""

    grid: int = 2
    patch_px: int = 128
    kind: Kind = "image"

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float32[np.ndarray, "time dim"]:
        """Describe each frame by itself."""
        spec = ViewSpec(moments=1, grid=self.grid, patch_px=self.patch_px)
        return self.network(np.stack([spec.patches(frame) for frame in pixels]))


@dataclass(frozen=True, eq=False)
class NativeClip(OnnxExpert):
    """What a network says of a clip at native resolution, of any size up to the window."""

    kind: Kind = "clip"

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float32[np.ndarray, "1 dim"]:
        """Describe the clip as one."""
        return self.network(window(pixels)[None])


@dataclass(frozen=True, eq=False)
class Clip(OnnxExpert):
    """What a network says of the centre square of a clip, scaled to one size."""

    side_px: int = 112
    least_frames: int = 1
    """What the network was made for: a shorter clip is slowed down by repeating frames."""
    kind: Kind = "clip"

    def describe(
        self, pixels: UInt8[np.ndarray, "time height width 3"]
    ) -> Float32[np.ndarray, "1 dim"]:
        """Describe the clip as one."""
        return self.network(slowed(squares(pixels, self.side_px), self.least_frames)[None])


def widened(
    pixels: UInt8[np.ndarray, "time height width 3"], least_px: int
) -> UInt8[np.ndarray, "time rows columns 3"]:
    """Repeat the last row and column of each frame until its sides are long enough."""
    rows, columns = (max(least_px - side, 0) for side in pixels.shape[1:3])
    if not rows and not columns:
        return pixels
    return np.pad(pixels, ((0, 0), (0, rows), (0, columns), (0, 0)), mode="edge")


def squares(
    pixels: UInt8[np.ndarray, "time height width 3"], side_px: int
) -> UInt8[np.ndarray, "time side side 3"]:
    """Scale the short side of each frame (bicubic, antialiased) and cut the centre square."""
    height, width = pixels.shape[1:3]
    short = min(height, width)
    left, top = (width - short) / 2, (height - short) / 2
    box = (left, top, left + short, top + short)
    size = (side_px, side_px)
    scaled = [Image.fromarray(f).resize(size, Image.Resampling.BICUBIC, box=box) for f in pixels]
    return np.stack([np.asarray(picture) for picture in scaled])


def slowed(
    pixels: UInt8[np.ndarray, "time height width 3"], least: int
) -> UInt8[np.ndarray, "slow_time height width 3"]:
    """Repeat each frame equally often, until there are at least so many."""
    if len(pixels) >= least:
        return pixels
    return np.repeat(pixels, math.ceil(least / len(pixels)), axis=0)[:least]
