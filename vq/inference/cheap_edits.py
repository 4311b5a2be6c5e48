"""Edits that cost an uploader nothing, and that may raise a score without raising quality.

Each takes frames and a strength from 0 (nothing) to 1 (as far as anybody would go), and is the same
for the same strength and seed.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageFilter

from vq.synthetic.demo import encode

Frames = UInt8[np.ndarray, "frames height width 3"]
Edited = UInt8[np.ndarray, "frames _ _ 3"]
"""As many frames, of any size."""
Edit = Callable[[Frames, float], Edited]
Chain = Sequence[tuple[str, float]]
"""Edits by name with their strengths, in the order in which they are applied."""

SEED = 7
"""Of the grain."""
MOST = 3
"""Edits of a chain."""
CRF = 12, 34
"""Rate factors of the H.264 that an upload is stored by, best and worst."""


def sharpen(frames: Frames, strength: float) -> Edited:
    """An unsharp mask of one pixel and a half, up to 250 %."""
    mask = ImageFilter.UnsharpMask(1.5, round(250 * strength), 0)
    return _each(frames, lambda picture: picture.filter(mask))


def smooth(frames: Frames, strength: float) -> Edited:
    """A Gaussian of up to 1.5 pixels, as filters against blocks and noise leave it."""
    return _each(frames, lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5 * strength)))


def denoise(frames: Frames, strength: float) -> Edited:
    """Weak detail goes, up to 12 grey levels; edges stay."""
    out = np.empty_like(frames)
    soft = _each(frames, lambda picture: picture.filter(ImageFilter.GaussianBlur(1.2)))
    bound = np.float32(12 * strength + 1e-3)
    for number, frame in enumerate(frames):
        base = soft[number].astype(np.float32)
        detail = frame - base
        out[number] = _bytes(base + detail * (1 - np.exp(-((detail / bound) ** 2))))
    return out


def grain(frames: Frames, strength: float) -> Edited:
    """Grey grain, new in each frame, of up to 16 grey levels."""
    rng = np.random.default_rng(SEED)
    noise = rng.standard_normal(frames.shape[:3], dtype=np.float32)
    return _bytes(frames + np.float32(16 * strength) * noise[..., None])


def contrast(frames: Frames, strength: float) -> Edited:
    """From two thirds of the contrast (0) to one and a half times (1); half is none."""
    push = np.float32(1.5 ** (2 * strength - 1))
    return _table(frames, (np.arange(256) - 128) * push + 128)


def gamma(frames: Frames, strength: float) -> Edited:
    """Darker (0) or brighter (1), up to a gamma of 1.6 either way; half is none."""
    return _table(frames, 255 * (np.arange(256) / 255) ** (1.6 ** (1 - 2 * strength)))


def saturation(frames: Frames, strength: float) -> Edited:
    """From grey (0) to twice the colour (1); half is none."""
    out = np.empty_like(frames)
    for number, frame in enumerate(frames):
        grey = frame.mean(-1, keepdims=True, dtype=np.float32)
        out[number] = _bytes(grey + (frame - grey) * np.float32(2 * strength))
    return out


def pad(frames: Frames, strength: float) -> Edited:
    """Black borders around the picture, up to an eighth of each side."""
    rows, columns = (round(side * strength / 8 / 2) * 2 for side in frames.shape[1:3])
    return np.pad(frames, ((0, 0), (rows, rows), (columns, columns), (0, 0)))


def enlarge(frames: Frames, strength: float) -> Edited:
    """Scaled up, to twice the width and height at most."""
    height, width = (round(side * (1 + strength) / 2) * 2 for side in frames.shape[1:3])
    return _each(frames, lambda picture: picture.resize((width, height), Image.Resampling.LANCZOS))


def recode(frames: Frames, strength: float) -> Edited:
    """Encoded once more, as H.264."""
    even = frames[:, : frames.shape[1] // 2 * 2, : frames.shape[2] // 2 * 2]
    crf = round(CRF[0] + (CRF[1] - CRF[0]) * strength)
    return encode.recode(even, codec="h264", crf=crf, fps=25)


EDITS: Mapping[str, Edit] = MappingProxyType(
    {
        edit.__name__: edit
        for edit in (
            *(sharpen, smooth, denoise, grain, contrast, gamma, saturation, pad, enlarge),
            recode,
        )
    }
)
"""All by name, in the order in which a chain applies them."""
WORDS: Mapping[str, Callable[[float], str]] = MappingProxyType(
    {
        "sharpen": lambda s: f"sharpened by {250 * s:.0f} %",
        "smooth": lambda s: f"smoothed by {1.5 * s:.2f} px",
        "denoise": lambda s: f"denoised up to {12 * s:.1f} grey levels",
        "grain": lambda s: f"grain of {16 * s:.1f} grey levels",
        "contrast": lambda s: f"contrast times {1.5 ** (2 * s - 1):.2f}",
        "gamma": lambda s: f"gamma {1.6 ** (1 - 2 * s):.2f}",
        "saturation": lambda s: f"colour times {2 * s:.2f}",
        "pad": lambda s: f"borders of {100 * s / 8:.0f} %",
        "enlarge": lambda s: f"scaled up {1 + s:.2f} times",
        "recode": lambda s: f"stored as H.264 at CRF {CRF[0] + (CRF[1] - CRF[0]) * s:.0f}",
    }
)
"""What an edit of a strength is, for people."""


def apply(frames: Frames, chain: Chain) -> Edited:
    """The frames after all edits of a chain."""
    edited: Edited = frames
    for name, strength in chain:
        edited = EDITS[name](edited, strength)
    return edited


def draw(rng: np.random.Generator) -> Chain:
    """A chain of different edits, one to `MOST` of them, of any strength."""
    count = int(rng.integers(1, MOST + 1))
    names = rng.choice(list(EDITS), count, replace=False)
    return ordered({str(name): float(rng.random()) for name in names})


def ordered(strengths: Mapping[str, float]) -> Chain:
    """The chain of some edits, by name, in the order in which a chain applies them."""
    return tuple((name, strengths[name]) for name in EDITS if name in strengths)


def in_words(chain: Chain) -> str:
    """What was done, for people."""
    return ", ".join(WORDS[name](strength) for name, strength in chain) or "nothing"


def _each(frames: Frames, change: Callable[[Image.Image], Image.Image]) -> Edited:
    return np.stack([np.asarray(change(Image.fromarray(frame))) for frame in frames])


def _table(frames: Frames, levels: np.ndarray) -> Frames:
    return _bytes(levels)[frames]


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
