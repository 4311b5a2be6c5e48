"""What the student sees of a video: at which moments, and which patches of native resolution."""

from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

from vq.video import cheapest_frames as cheapest
from vq.video import frame_sampling
from vq.video.convert import Converter
from vq.video.decode import Decoded, in_groups
from vq.video.packets import Packets
from vq.video.shapes import Int64, UInt8

CUT = 2
"""Goes up when the same spec cuts other views out of the same frames, whose cache is then stale."""


@dataclass(frozen=True)
class ViewSpec:
    """How views are cut; the same in training and in scoring.

    Fragments of Wu et al. (ECCV 2022, FAST-VQA): a grid of small patches keeps compression
    artefacts, noise and sharpness as they are, which scaling the frame down would blur.
    """

    moments: int
    """Places of the video, equally spaced but for the slack."""
    grid: int
    """Patches along each side of a view."""
    patch_px: int
    """Side of a patch; even, so that patches start on whole chroma samples."""
    slack: float = 0.0
    """How far a moment may move to a keyframe: see `sample.snap_to_keyframes`."""

    def __post_init__(self) -> None:
        if min(self.moments, self.grid, self.patch_px) < 1 or self.patch_px % 2:
            raise ValueError(f"{self}: all must be positive and patch_px even")
        if not 0 <= self.slack <= 1:
            raise ValueError(f"{self}: slack must be from 0 to 1")

    @property
    def side_px(self) -> int:
        """Side of a view."""
        return self.grid * self.patch_px

    def indices(self, frame_count: int, promised: Packets | None = None) -> list[int]:
        """Frames to decode: each moment and its neighbour, sorted, without repetition."""
        return sorted({number for pair in self.pairs(frame_count, promised) for number in pair})

    def cut(self, decoded: Decoded) -> UInt8[np.ndarray, "moments 4 side side"]:
        """Cut the views of a video whose keyframes are not known, one for each moment.

        Raises:
            KeyError: a frame of `indices` was not decoded.
        """
        pairs = self.pairs(decoded.frame_count)
        return np.stack([self.view(*(decoded.pixels[number] for number in pair)) for pair in pairs])

    def view(
        self, now: UInt8[np.ndarray, "height width 3"], after: UInt8[np.ndarray, "height width 3"]
    ) -> UInt8[np.ndarray, "4 side side"]:
        """Cut one view out of a pair of frames.

        Channels are red, green and blue of the patches, then the brightness (BT.601) of the second
        frame at the same places: what moved between the two. In a frame smaller than a view the
        patches overlap; one smaller than a patch is made larger by its mirror images. Neither
        changes what a pixel is: a frame scaled up would look blurred.
        """
        return stack_view(self.patches(now), self.patches(after))

    def see(self, convert: Converter, frame: av.VideoFrame) -> UInt8[np.ndarray, "side side 3"]:
        """Cut the patches of a frame as it is decoded: the same as of its pixels, and cheaper."""
        width, height = convert.size
        if min(width, height) < self.patch_px:
            return self.patches(convert.rgb(frame))
        return convert.patches(frame, self._lines(height), self._lines(width))

    def patches(
        self, pixels: UInt8[np.ndarray, "height width 3"]
    ) -> UInt8[np.ndarray, "side side 3"]:
        """Cut the patches of a frame: see `view`."""
        pixels = _at_least(pixels, self.patch_px)
        height, width, _ = pixels.shape
        # Five times as fast as indexing rows and columns at once.
        return pixels.take(self._lines(height), axis=0).take(self._lines(width), axis=1)

    def pairs(self, frame_count: int, promised: Packets | None = None) -> list[tuple[int, int]]:
        """Frame numbers of each moment and its neighbour.

        See `sample.snap_to_keyframes` and `sample.pair`. `promised` are the packets, which know the
        keyframes; None where they are not to be had.
        """
        keys = promised.keys if promised else np.zeros(0, np.int64)
        moments = frame_sampling.snap_to_keyframes(
            frame_count, keys, moments=self.moments, slack=self.slack
        )
        return [frame_sampling.pair(now, frame_count) for now in moments.tolist()]

    def _lines(self, length: int) -> Int64[np.ndarray, " side"]:
        """Rows or columns of the patches: each in the middle of its share of the length."""
        middles = frame_sampling.moments(length, moments=self.grid)
        starts = np.clip(middles - self.patch_px // 2, 0, length - self.patch_px) // 2 * 2
        return (starts[:, None] + np.arange(self.patch_px, dtype=np.int64)).ravel()


@dataclass(frozen=True, eq=False)
class Look:
    """What a student sees of one video."""

    views: UInt8[np.ndarray, "moments 4 side side"]
    frame_count: int
    """Frames in the whole video."""
    numbers: tuple[int, ...]
    """Of the frames that were looked at, in order."""
    cheap: bool = False
    """They are fewer and cheaper ones than those of `ViewSpec.pairs`."""
    warning: str = ""
    """What a viewer sees of the file that the views do not show."""


def look(path: Path, spec: ViewSpec, *, cheap: bool = False) -> Look:
    """Decode what a student sees of a video, and no more.

    The same views as `spec.cut` gives of whole frames, but nothing of a frame is kept or converted
    that is not in a view, so that memory and time hardly depend on the size of the video. A `cheap`
    look rather sees fewer moments, where this file has frames that cost less.

    Raises:
        VideoError: the file is not a video, or not one frame of it decodes.
    """
    exact: list[tuple[int, int]] = []
    chosen: list[tuple[int, int]] = []

    def choose(frame_count: int, promised: Packets | None) -> list[tuple[int, int]]:
        exact[:] = spec.pairs(frame_count, promised)
        chosen[:] = (cheap and promised and cheapest.pairs(promised, exact)) or exact
        return chosen

    def view(place: int, decoded: Decoded) -> tuple[Decoded, np.ndarray]:
        pair = (decoded.pixels[number] for number in chosen[place])
        return replace(decoded, pixels={}), stack_view(*pair)

    made = in_groups(path, choose, view, see=spec.see)
    decoded = made[0][0]
    seen = sorted({number for pair in chosen for number in pair})
    views = np.stack([view for _, view in made])
    cheap = chosen != exact
    return Look(views, decoded.frame_count, tuple(seen), cheap=cheap, warning=decoded.warning)


def stack_view(
    now: UInt8[np.ndarray, "side side 3"], after: UInt8[np.ndarray, "side side 3"]
) -> UInt8[np.ndarray, "4 side side"]:
    """One view of the patches of a frame and of its neighbour: see `ViewSpec.view`."""
    return np.concatenate([now.transpose(2, 0, 1), _luma(after)[None]])


def _at_least(pixels: np.ndarray, side_px: int) -> np.ndarray:
    """Mirror a frame at its lower and right edge until both sides are long enough."""
    rows, columns = (max(side_px - side, 0) for side in pixels.shape[:2])
    if not rows and not columns:
        return pixels
    return np.pad(pixels, ((0, rows), (0, columns), (0, 0)), mode="symmetric")


def _luma(pixels: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width"]:
    # Integers: the same bits on every machine.
    red, green, blue = np.moveaxis(pixels.astype(np.uint32), 2, 0)
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)
