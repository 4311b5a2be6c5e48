"""What may happen to pictures before they are encoded, each at a strength in (0, 1]."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float32
from numpy.random import Generator
from PIL import Image
from scipy import fft

from vq.synthetic.demo.scene_camera import Clip
from vq.synthetic.pixels import to_bytes

Distortion = Callable[[Clip, float, Generator], Clip]
Light = Float32[np.ndarray, "..."]


def rescale(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Scaled down, by up to 5, and up again: what an upload in a smaller size becomes."""
    height, width = frames.shape[1:3]
    factor = 1.1 + 3.9 * strength**1.7
    small = max(round(width / factor), 8), max(round(height / factor), 8)
    up = [Image.Resampling.BICUBIC, Image.Resampling.LANCZOS][int(rng.integers(2))]
    return np.stack(
        [
            np.asarray(
                Image.fromarray(frame)
                .resize(small, Image.Resampling.LANCZOS)
                .resize((width, height), up)
            )
            for frame in frames
        ]
    )


def defocus(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Seen by a lens out of focus: a disc of up to 4 pixels radius, in 240 lines."""
    radius = (0.5 + 3.5 * strength**1.5) * frames.shape[1] / 240
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return _convolved(frames, np.clip(radius + 0.5 - np.hypot(x, y), 0, 1))


def motion_blur(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Smeared along one direction, by up to 15 pixels in 240 lines: a shaken, long exposure."""
    length = (1 + 14 * strength**1.7) * frames.shape[1] / 240
    reach = int(np.ceil(length / 2)) + 1
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    line = np.clip(length / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(1 - np.abs(across), 0, 1)
    return _convolved(frames, line)


def sensor_noise(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Photon and read noise of a sensor (Foi et al., IEEE TIP 2008), new in each frame."""
    out = np.empty_like(frames)
    shot, read = 1.2 * strength**2, 13.2 * strength**1.5 + 0.8
    for i, frame in enumerate(frames):
        spread = np.sqrt(shot * frame.astype(np.float32) + read**2)
        noise = rng.standard_normal(frame.shape, dtype=np.float32)
        out[i] = to_bytes(frame + spread * noise)
    return out


def under_exposure(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Up to three and a half stops too little light: dark, the rest in read noise."""
    stops = 0.2 + 3.3 * strength**1.4
    dark = _linear(frames) * np.float32(2.0**-stops)
    read = np.float32(0.0006 * strength)
    return _coded(dark + read * rng.standard_normal(frames.shape, dtype=np.float32))


def over_exposure(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Up to three stops too much light: bright areas clip to white."""
    return _coded(_linear(frames) * np.float32(2.0 ** (0.15 + 2.85 * strength**1.3)))


def banding(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Few levels for each colour, down to 4, without dither: contours in smooth areas."""
    steps = np.float32(32 * (3 / 32) ** strength)
    levels = np.arange(256, dtype=np.float32) / 255
    return to_bytes(255 * np.rint(levels * steps) / np.rint(steps))[frames]


def freeze(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Stalls, up to 70 % of the clip: the picture stands still, then jumps ahead."""
    count = len(frames)
    frozen = max(2, round(count * 0.7 * strength))
    stalls = 1 if frozen < 6 else int(rng.integers(1, 3))
    shown = np.arange(count)
    for part in np.array_split(np.arange(count), stalls):
        length = min(frozen // stalls, len(part) - 1)
        start = int(part[0]) + int(rng.integers(0, len(part) - length))
        shown[start : start + length + 1] = start
    return frames[shown]


def drop(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Single frames lost here and there, up to 70 %: the one before is shown again."""
    count = len(frames)
    lost = rng.permutation(np.arange(1, count))[: max(1, round(0.7 * strength**1.3 * count))]
    shown = np.arange(count)
    shown[lost] = 0
    return frames[np.maximum.accumulate(shown)]


DISTORTIONS: Mapping[str, Distortion] = MappingProxyType(
    {
        f.__name__: f
        for f in (
            rescale,
            defocus,
            motion_blur,
            sensor_noise,
            under_exposure,
            over_exposure,
            banding,
            freeze,
            drop,
        )
    }
)
"""Distortions by name; each takes (frames, strength in (0, 1], rng) and keeps the shape."""


def _convolved(frames: Clip, kernel: np.ndarray) -> Clip:
    """Each frame convolved with a kernel of odd side; the border is mirrored."""
    height, width = frames.shape[1:3]
    reach = kernel.shape[0] // 2
    full = fft.next_fast_len(height + 2 * reach, True), fft.next_fast_len(width + 2 * reach, True)
    spread = np.zeros(full, np.float32)
    spread[: kernel.shape[0], : kernel.shape[1]] = kernel / kernel.sum()
    spectrum = fft.rfft2(np.roll(spread, (-reach, -reach), (0, 1)))
    border = ((0, 0), (reach, full[0] - height - reach), (reach, full[1] - width - reach))
    out = np.empty_like(frames)
    for i, frame in enumerate(frames):
        planes = np.moveaxis(frame, -1, 0).astype(np.float32)
        soft = fft.irfft2(fft.rfft2(np.pad(planes, border, "reflect")) * spectrum, s=full)
        out[i] = np.moveaxis(
            to_bytes(soft[:, reach : reach + height, reach : reach + width]), 0, -1
        )
    return out


_DECODED = ((np.arange(256) / 255) ** 2.2).astype(np.float32)


def _linear(frames: Clip) -> Light:
    return _DECODED[frames]


def _coded(light: Light) -> Clip:
    # A table of 4096 steps with a square-root index stands for the costly power of every pixel.
    table = np.rint(255 * (np.arange(4096) / 4095) ** (2 / 2.2)).astype(np.uint8)
    return table[(np.sqrt(np.clip(light, 0, 1)) * np.float32(4095)).astype(np.int16)]
