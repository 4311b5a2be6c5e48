"""What happens to a film on its way: capture, device, editing, platform, delivery.

Each step takes a clip, a strength from 0 (hardly visible) to 1 (as bad as is met), and a generator
for its choices of manner. The same choices at rising strengths are a ladder: drawn from the same
seed, a stronger step is the worse one.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from types import MappingProxyType

import numpy as np
from jaxtyping import UInt8
from numpy.random import Generator
from PIL import Image, ImageFilter

from vq.footage.filmed.photo_camera import Clip
from vq.synthetic.demo import distort
from vq.synthetic.demo import encode as encoders
from vq.synthetic.pixels import to_bytes

Step = Callable[[Clip, float, Generator], Clip]

ENCODERS: Mapping[str, tuple[int, int, Mapping[str, str]]] = MappingProxyType(
    {
        "libx264": (16, 46, encoders.X264),
        "libx265": (16, 48, encoders.X265),
        "libvpx-vp9": (12, 63, encoders.VP9),
        "mpeg4": (2, 31, {"b": "100000000"}),
    }
)
"""Encoder: rate factor (quantiser for mpeg4) at strength 0 and at 1, and its other options.

No SVT-AV1: as root it gives its threads real-time priority, before everything on the machine.
"""


def encode(frames: Clip, encoder: str, level: float, fps: int | float) -> bytes:
    """A Matroska file of the frames, at a rate factor."""
    quantiser = str(max(round(level), 2))
    quality = {"crf": str(round(level))}
    if encoder == "mpeg4":
        quality = {"qmin": quantiser, "qmax": quantiser}
    options = {**ENCODERS[encoder][2], **quality}
    buffer = BytesIO()
    encoders.encode(frames, buffer, encoder=encoder, container="matroska", options=options, fps=fps)
    return buffer.getvalue()


def decode(data: bytes) -> Clip:
    """All frames of what `encode` made."""
    return encoders.decode(BytesIO(data))


def level(encoder: str, strength: float) -> float:
    """The rate factor of an encoder at a strength."""
    best, worst, _ = ENCODERS[encoder]
    return best + (worst - best) * strength


def transcoded(encoder: str) -> Step:
    """Encoded and decoded again."""

    def step(frames: Clip, strength: float, rng: Generator) -> Clip:
        return decode(encode(frames, encoder, level(encoder, strength), 25))

    step.__name__ = encoder
    return step


def rendition(frames: Clip, strength: float, rng: Generator) -> Clip:
    """A platform's smaller rendition, encoded, and scaled up by the player."""
    encoder = str(rng.choice(["libx264", "libvpx-vp9", "libx265"]))
    up = [Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS][
        int(rng.integers(3))
    ]
    height, width = frames.shape[1:3]
    factor = 1.25 + 1.75 * strength
    small = tuple(max(round(side / factor / 2) * 2, 32) for side in (width, height))
    down = _resized(frames, small, Image.Resampling.BICUBIC)
    back = decode(encode(down, encoder, level(encoder, 0.25 + 0.45 * strength), 25))
    return _resized(back, (width, height), up)


def softness(frames: Clip, strength: float, rng: Generator) -> Clip:
    """A soft lens: a Gaussian of up to 3 pixels in 270 lines."""
    radius = (0.4 + 2.6 * strength**1.3) * frames.shape[1] / 270
    blur = ImageFilter.GaussianBlur(radius)
    return _each(frames, lambda picture: picture.filter(blur))


def sharpen(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Too much of an unsharp mask: halos along edges, and noise is lifted."""
    mask = ImageFilter.UnsharpMask(float(rng.uniform(0.8, 2.5)), round(60 + 440 * strength), 0)
    return _each(frames, lambda picture: picture.filter(mask))


def grain(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Film grain added in editing: luma alone, new in each frame, a little coarser than pixels."""
    coarse = float(rng.uniform(0.0, 1.0))
    spread = np.float32(3 + 22 * strength)
    out = np.empty_like(frames)
    for number, frame in enumerate(frames):
        field = rng.standard_normal(frame.shape[:2], dtype=np.float32)
        if coarse > 0.35:
            field = _box(field)
        out[number] = to_bytes(frame + spread * (field / field.std())[..., None])
    return out


def denoise(frames: Clip, strength: float, rng: Generator) -> Clip:
    """A denoiser that takes texture with it: weak detail goes, edges stay."""
    radius, bound = 1 + 1.5 * strength, np.float32(4 + 26 * strength)
    out = np.empty_like(frames)
    for number, frame in enumerate(frames):
        smooth = np.asarray(
            Image.fromarray(frame).filter(ImageFilter.GaussianBlur(radius)), np.float32
        )
        detail = frame - smooth
        out[number] = to_bytes(smooth + detail * (1 - np.exp(-((detail / bound) ** 2))))
    return out


def contrast(frames: Clip, strength: float, rng: Generator) -> Clip:
    """A filter of an app: contrast and saturation pushed, or washed out."""
    push = 1 + (1.4 if rng.random() < 0.5 else -0.7) * strength
    colour = 1 + float(rng.uniform(-0.8, 1.2)) * strength
    out = np.empty_like(frames)
    for number, frame in enumerate(frames):
        grey = frame.mean(-1, keepdims=True, dtype=np.float32)
        out[number] = to_bytes((grey + (frame - grey) * colour - 128) * push + 128)
    return out


def cast(frames: Clip, strength: float, rng: Generator) -> Clip:
    """A wrong white balance: the colours lean to one side."""
    lean = rng.standard_normal(3)
    gains = np.exp(0.35 * strength * (lean - lean.mean()) / (np.abs(lean).max() + 1e-6))
    return to_bytes(frames * gains.astype(np.float32))


def flicker(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Brightness that jumps from frame to frame."""
    gains = np.exp(0.35 * strength * rng.uniform(-1, 1, len(frames))).astype(np.float32)
    return to_bytes(frames * gains[:, None, None, None])


def lost_packets(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Bands of slices that never came: the picture before stands there, displaced, for a while."""
    out = frames.copy()
    height = frames.shape[1]
    rows = max(height // 16, 1)
    hits = max(1, round(6 * strength))
    for _ in range(hits):
        start = int(rng.integers(1, len(frames)))
        last = min(start + 2 + int(10 * strength * rng.random()), len(frames))
        top = int(rng.integers(rows)) * 16
        deep = 16 * (1 + int(rng.integers(1 + round(5 * strength))))
        shift = int(rng.integers(-24, 25))
        band = np.roll(out[start - 1, top : top + deep], shift, axis=1)
        for number in range(start, last):
            out[number, top : top + deep] = band
    return out


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        **distort.DISTORTIONS,
        **{name: transcoded(name) for name in ENCODERS},
        **{
            step.__name__: step
            for step in (
                rendition,
                softness,
                sharpen,
                grain,
                denoise,
                contrast,
                cast,
                flicker,
                lost_packets,
            )
        },
    }
)
"""All steps by name."""


def _resized(
    frames: Clip, size: tuple[int, int], how: Image.Resampling
) -> UInt8[np.ndarray, "time rows columns 3"]:
    return np.stack([np.asarray(Image.fromarray(frame).resize(size, how)) for frame in frames])


def _each(frames: Clip, change: Callable[[Image.Image], Image.Image]) -> Clip:
    return np.stack([np.asarray(change(Image.fromarray(frame))) for frame in frames])


def _box(field: np.ndarray) -> np.ndarray:
    return field + np.roll(field, 1, 0) + np.roll(field, 1, 1) + np.roll(field, (1, 1), (0, 1))
