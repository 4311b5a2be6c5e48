"""What a video looks like, in hashes that outlive encoders, crops, mirrors and cuts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import imagehash
import numpy as np
from jaxtyping import UInt8, UInt64
from PIL import Image

from vq.video.frame_sampling import moments

CUT = (0.04, 0.12)
"""Shares that a window leaves out at a side: a crop of up to 0.16 is at most 0.04 from one."""
WINDOWS: tuple[tuple[float, ...], ...] = ((0.0,) * 4, *product(CUT, repeat=4))
"""Parts of the picture that are hashed, the whole one first: shares cut off at left, top, right and
bottom. What somebody cropped looks like one of them."""
RATE, DENSE = 2, 8
"""Moments a second at which windows are hashed, and whole pictures: one side has to be dense,
since whoever cuts a film does not cut it where we looked."""
FEWEST, FEWEST_DENSE = 8, 32
"""Of a video that is very short."""
MOST_SECONDS = 30
"""In a longer video, the same number of moments is spread more widely."""
BORDER = 20
"""Brightness (0 to 255) that a row or column of the picture exceeds in some frame; bars do not."""
FLAT = 8.0
"""Standard deviation of brightness below which a frame says nothing: black, fog, a wall."""
SIDE_PX = 32
"""What a perceptual hash of 64 bits is made from."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """Hashes of 64 bits; those of pictures that look alike differ in few bits."""

    windows: UInt64[np.ndarray, "moments windows"]
    """Of each part in `WINDOWS`."""
    frames: UInt64[np.ndarray, "ways dense"]
    """Of whole pictures, at more moments: as they are, then mirrored."""
    step: float
    """Seconds that each moment of `windows` stands for."""

    @property
    def seconds(self) -> float:
        """Time that it tells something of."""
        return len(self.windows) * self.step


def take(looks: Sequence[UInt8[np.ndarray, "height width"]], duration_s: float) -> Fingerprint:
    """Make the fingerprint of a video.

    Black bars are no part of the picture. Flat frames are left out: of a video without any other,
    nothing is known, and it is like no other. `looks` are the brightness of all its frames, small
    pictures of one size (`vq.video.probe`).
    """
    seconds = min(duration_s, MOST_SECONDS)
    few = _spread(len(looks), max(FEWEST, round(seconds * RATE)))
    many = _spread(len(looks), max(FEWEST_DENSE, round(seconds * DENSE)))
    box = _picture([looks[number] for number in many])
    windows = [_hashes(looks[number], box) for number in few if not _flat(looks[number], box)]
    whole = [_whole(looks[number], box) for number in many if not _flat(looks[number], box)]
    return Fingerprint(
        np.array(windows, np.uint64).reshape(-1, len(WINDOWS)),
        np.array(whole, np.uint64).reshape(-1, 2).T,
        duration_s / len(few),
    )


def pack(fingerprint: Fingerprint) -> tuple[dict[str, float], bytes]:
    """A few numbers and some bytes, for pipes and files."""
    header = {
        "step": fingerprint.step,
        "moments": len(fingerprint.windows),
        "dense": fingerprint.frames.shape[1],
    }
    return header, fingerprint.windows.astype("<u8").tobytes() + fingerprint.frames.astype(
        "<u8"
    ).tobytes()


def unpack(header: Mapping[str, Any], data: bytes) -> Fingerprint:
    """What `pack` packed.

    Raises:
        ValueError: it is something else.
    """
    few, many = int(header["moments"]), int(header["dense"])
    hashes = np.frombuffer(data, "<u8").astype(np.uint64)
    windows, frames = np.split(hashes, [few * len(WINDOWS)])
    step = float(header["step"])
    if not 0 <= step < np.inf:
        raise ValueError(f"a moment of {step} s")
    return Fingerprint(windows.reshape(few, len(WINDOWS)), frames.reshape(2, many), step)


def _spread(frames: int, count: int) -> list[int]:
    return sorted({int(number) for number in moments(frames, moments=count)})


def _picture(looks: Sequence[np.ndarray]) -> Box:
    """Left, top, right and bottom of what is not always dark; all of it if that is too little."""
    bright = np.max(looks, axis=0) > BORDER
    rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
    height, width = bright.shape
    if 4 * len(rows) < height or 4 * len(columns) < width:
        return 0, 0, width, height
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _flat(look: np.ndarray, box: Box) -> bool:
    left, top, right, bottom = box
    return bool(look[top:bottom, left:right].std() < FLAT)


def _hashes(look: np.ndarray, box: Box) -> list[int]:
    picture = Image.fromarray(look)
    return [_hash(_part(picture, box, window)) for window in WINDOWS]


def _whole(look: np.ndarray, box: Box) -> tuple[int, int]:
    part = _part(Image.fromarray(look), box, WINDOWS[0])
    return _hash(part), _hash(part.transpose(Image.Transpose.FLIP_LEFT_RIGHT))


def _part(picture: Image.Image, box: Box, window: Sequence[float]) -> Image.Image:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    inner = (
        left + width * window[0],
        top + height * window[1],
        right - width * window[2],
        bottom - height * window[3],
    )
    return picture.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS, box=inner)


def _hash(part: Image.Image) -> int:
    return int.from_bytes(np.packbits(imagehash.phash(part).hash).tobytes(), "big")
