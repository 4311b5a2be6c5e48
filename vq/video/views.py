"""What the student sees of a video: patches of native resolution, at a few moments."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, UInt8
from PIL import Image

from vq.video import sample
from vq.video.decode import Decoded


@dataclass(frozen=True)
class ViewSpec:
    """How views are cut; the same in training and in scoring.

    Fragments of Wu et al. (ECCV 2022, FAST-VQA): a grid of small patches keeps compression
    artefacts, noise and sharpness as they are, which scaling the frame down would blur.
    """

    moments: int
    """Equally spaced places of the video."""
    grid: int
    """Patches along each side of a view."""
    patch_px: int
    """Side of a patch; even, so that patches start on whole chroma samples."""

    def __post_init__(self) -> None:
        if min(self.moments, self.grid, self.patch_px) < 1 or self.patch_px % 2:
            raise ValueError(f"{self}: all must be positive and patch_px even")

    @property
    def side_px(self) -> int:
        """Side of a view."""
        return self.grid * self.patch_px

    def indices(self, frame_count: int) -> list[int]:
        """Frames to decode: each moment and its neighbour, sorted, without repetition."""
        return sorted({number for pair in self.pairs(frame_count) for number in pair})

    def cut(self, decoded: Decoded) -> UInt8[np.ndarray, "moments 4 side side"]:
        """Cut the views of a video, one for each moment.

        Raises:
            KeyError: a frame of `indices` was not decoded.
        """
        pairs = self.pairs(decoded.frame_count)
        return np.stack([self.view(*(decoded.pixels[number] for number in pair)) for pair in pairs])

    def view(
        self,
        now: UInt8[np.ndarray, "height width 3"],
        after: UInt8[np.ndarray, "height width 3"],
    ) -> UInt8[np.ndarray, "4 side side"]:
        """Cut one view out of a pair of frames.

        Channels are red, green and blue of the patches, then the brightness (BT.601) of the second
        frame at the same places: what moved between the two. A frame smaller than a view is first
        scaled up, bilinear, until its short side fits.
        """
        view = np.empty((4, self.side_px, self.side_px), np.uint8)
        view[:3] = self._patches(now).transpose(2, 0, 1)
        view[3] = _luma(self._patches(after))
        return view

    def pairs(self, frame_count: int) -> list[tuple[int, int]]:
        """Frame numbers of each moment and its neighbour.

        The neighbour is the next frame; after the last frame comes the one before it.
        """
        last = frame_count - 1
        middles = sample.moments(frame_count, moments=self.moments).tolist()
        return [(now, now + 1 if now < last else max(last - 1, 0)) for now in middles]

    def _patches(self, pixels: UInt8[np.ndarray, "height width 3"]) -> np.ndarray:
        pixels = _at_least(pixels, self.side_px)
        height, width, _ = pixels.shape
        # Five times as fast as indexing rows and columns at once.
        return pixels.take(self._lines(height), axis=0).take(self._lines(width), axis=1)

    def _lines(self, length: int) -> Int64[np.ndarray, " side"]:
        """Rows or columns of the patches: each in the middle of its share of the length."""
        middles = sample.moments(length, moments=self.grid)
        starts = np.clip(middles - self.patch_px // 2, 0, length - self.patch_px) // 2 * 2
        return (starts[:, None] + np.arange(self.patch_px, dtype=np.int64)).ravel()


def _at_least(pixels: np.ndarray, side_px: int) -> np.ndarray:
    height, width, _ = pixels.shape
    short = min(height, width)
    if short >= side_px:
        return pixels
    size = tuple(max(side_px, round(side * side_px / short)) for side in (width, height))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _luma(pixels: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width"]:
    # Integers: the same bits on every machine.
    red, green, blue = np.moveaxis(pixels.astype(np.uint32), 2, 0)
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)
