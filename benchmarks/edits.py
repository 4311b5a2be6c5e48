"""Two cheap edits that people call worse, and that a student may be fooled by."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from scipy import ndimage

from vq.synthetic.demo import encode
from vq.synthetic.demo.scene_camera import Clip

CRF = 14
"""Of the H.264 around an edit: nothing of it may be lost."""


def halos(frames: Clip, *, amount: float = 2.0) -> Clip:
    """An unsharp mask that is far too strong: bright and dark rims along every edge.

    Gaussian of 1.5 pixels in 270 lines, what it takes away added `amount` times.
    """
    sigma = 1.5 * frames.shape[1] / 270
    out = np.empty_like(frames)
    for i, frame in enumerate(frames):
        picture = frame.astype(np.float32)
        soft = ndimage.gaussian_filter(picture, (sigma, sigma, 0))
        out[i] = _bytes(picture + amount * (picture - soft))
    return out


def grain(frames: Clip, *, spread: float = 10.0) -> Clip:
    """Grey grain of film, slightly soft and new in each frame; `spread` in grey levels."""
    rng = np.random.default_rng(1)
    out = np.empty_like(frames)
    for i, frame in enumerate(frames):
        noise = ndimage.gaussian_filter(rng.standard_normal(frame.shape[:2]), 0.6)
        out[i] = _bytes(frame + (spread / noise.std() * noise)[..., None])
    return out


EDITS: Mapping[str, Callable[[Clip], Clip]] = MappingProxyType({"halos": halos, "grain": grain})
"""By name; each keeps the shape."""


def write(frames: Clip, stem: Path, *, fps: int | float) -> str:
    """Encode an edited clip; gives the name of the file."""
    path = stem.with_name(f"{stem.name}.mp4")
    encode.write(frames, path, codec="h264", crf=CRF, fps=fps)
    return path.name


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
