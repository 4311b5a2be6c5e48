"""Films with damage that is known: one cause or two, strong enough to be seen, and a last encode.

Damage is planted by `vq.footage.filmed.damage_steps`, and by steps here for what it lacks. The
last encode is that of an upload of good quality, unless the codec itself is the damage.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from vq.causes.vocabulary import CAUSES
from vq.footage.filmed import damage_steps
from vq.synthetic.demo import distort
from vq.synthetic.pixels import to_bytes

Clip = np.ndarray
Plant = Callable[[Clip, float, Generator], Clip]
"""Takes frames (time height width 3), a strength from 0 (clearly visible) to 1, and choices."""

ORDER = (
    "exposure", "blur", "noise", "clipping", "flicker", "banding", "stalls", "interlacing",
    "upscaled", "borders", "compression",
)  # fmt: skip
"""In which damage happens to a film."""
CLEAN = {"libx264": (12, 21), "libx265": (14, 22), "libvpx-vp9": (12, 24)}
"""Rate factors of a good last encode."""
MOVED = 2.0
"""Mean change of luma from frame to frame below which nobody sees that frames lack."""


@dataclass(frozen=True)
class Planted:
    """A damaged film as a file, and what is wrong with it."""

    data: bytes
    """Of a Matroska file."""
    planted: tuple[str, ...]
    """What was done, in order."""
    causes: frozenset[str]
    """What is seen: also what one damage brings along, such as clipping with too much light."""


def version(
    frames: Clip, fps: float, planted: Sequence[str], strengths: Sequence[float], rng: Generator
) -> Planted | None:
    """A film with some damage; None where nobody could see it, as frames that lack in a still."""
    causes = set(planted)
    encoder = str(rng.choice(list(CLEAN), p=[0.75, 0.15, 0.1]))
    crf = float(rng.integers(*CLEAN[encoder]))
    encoded = b""
    for name, strength in sorted(
        zip(planted, strengths, strict=True), key=lambda one: ORDER.index(one[0])
    ):
        before = frames
        if name == "compression":
            encoder, level, again = _codec(strength, rng)
            encoded = damage_steps.encode(frames, encoder, level, fps)
            if not again:
                break
            frames, encoded = damage_steps.decode(encoded), b""
            encoder = "libx264"
            crf = float(rng.integers(*CLEAN[encoder]))
            continue
        frames = PLANTS[name](frames, strength, rng)
        if not _is_visible(name, before, frames):
            return None
        if name in ("exposure", "clipping"):
            causes |= _of_light(before, frames)
    return Planted(
        encoded or damage_steps.encode(frames, encoder, crf, fps), tuple(planted), frozenset(causes)
    )


def _is_visible(name: str, before: Clip, after: Clip) -> bool:
    if name not in ("stalls", "interlacing", "banding", "clipping"):
        return True
    one, other = (frames[: len(after), :, ::2].astype(np.int16) for frames in (before, after))
    change = np.abs(one - other).mean(-1)
    if name == "banding":
        return bool(change.mean() > 1.0)
    if name == "clipping":
        return bool(_ends(after) - _ends(before) > 0.06)
    moved = change.mean((1, 2))
    if name == "interlacing":
        # Combs cover some of the picture, most of the time.
        return bool(np.median((change > 24).mean((1, 2))) > 0.015)
    return bool(np.sort(moved)[-3:].mean() > MOVED)


def _ends(frames: Clip) -> float:
    luma = frames[::4, ::2, ::2].mean(-1)
    return float(((luma > 250) | (luma < 5)).mean())


def _of_light(before: Clip, after: Clip) -> set[str]:
    one, other = (frames[::4, ::2, ::2].mean(-1) / 255 for frames in (before, after))
    causes = set()
    if _ends(after) - _ends(before) > 0.06:
        causes.add("clipping")
    if abs(other.mean() - one.mean()) > 0.2:
        causes.add("exposure")
    return causes


def _codec(strength: float, rng: Generator) -> tuple[str, float, bool]:
    encoder = str(
        rng.choice(["libx264", "libx265", "libvpx-vp9", "mpeg4"], p=[0.5, 0.2, 0.15, 0.15])
    )
    return encoder, damage_steps.level(encoder, 0.62 + 0.36 * strength), bool(rng.random() < 0.6)


def blur(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Out of focus, shaken or softened."""
    name = ("defocus", "motion_blur", "softness")[int(rng.integers(3))]
    return damage_steps.STEPS[name](frames, 0.42 + 0.5 * strength, rng)


def noise(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Of a sensor, or grain."""
    if rng.random() < 0.6:
        return damage_steps.STEPS["sensor_noise"](frames, 0.45 + 0.5 * strength, rng)
    return damage_steps.STEPS["grain"](frames, 0.35 + 0.6 * strength, rng)


def exposure(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Too dark, too bright, or washed out; nothing is cut off."""
    way = rng.random()
    light = frames.astype(np.float32) / 255
    if way < 0.5:
        return distort.under_exposure(frames, 0.5 + 0.45 * strength, rng)
    if way < 0.75:
        keep = 0.55 - 0.3 * strength
        middle = float(rng.uniform(0.45, 0.7))
        return to_bytes(255 * (middle + (light - light.mean()) * keep))
    return to_bytes(255 * light ** (1 / (1.8 + 1.6 * strength)))


def clipping(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Highlights burnt out, shadows crushed, or both."""
    light = frames.astype(np.float32)
    luma = light.mean(-1)
    share = 0.12 + 0.25 * strength
    way = int(rng.integers(3))
    low = np.percentile(luma[::4, ::4, ::4], 100 * share / 2) if way == 0 else 0.0
    high = np.percentile(luma[::4, ::4, ::4], 100 * (1 - share / 2)) if way == 0 else 255.0
    if way == 1:
        high = np.percentile(luma[::4, ::4, ::4], 100 * (1 - share))
    if way == 2:
        low = np.percentile(luma[::4, ::4, ::4], 100 * share)
    return to_bytes((light - low) * np.float32(255 / max(high - low, 16)))


def banding(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Few levels, of each colour or of brightness alone."""
    if rng.random() < 0.6:
        return distort.banding(frames, 0.28 + 0.5 * strength, rng)
    step = 255 / round(14 - 8 * strength)
    grey = frames.mean(-1, keepdims=True, dtype=np.float32)
    return to_bytes(frames + (np.rint(grey / step) * step - grey))


def stalls(frames: Clip, strength: float, rng: Generator) -> Clip:
    """The picture stands still, frames lack, or every so many frames one is shown twice."""
    way = rng.random()
    if way < 0.4:
        return distort.freeze(frames, 0.35 + 0.55 * strength, rng)
    if way < 0.7:
        return distort.drop(frames, 0.4 + 0.5 * strength, rng)
    hold = int(rng.integers(2, 4 + round(2 * strength)))
    return frames[np.arange(len(frames)) // hold * hold]


def flicker(frames: Clip, strength: float, rng: Generator) -> Clip:
    """From frame to frame at random, or in a beat as of lamps."""
    if rng.random() < 0.6:
        return damage_steps.flicker(frames, 0.35 + 0.6 * strength, rng)
    beat = float(rng.uniform(0.12, 0.45))
    size = 0.1 + 0.15 * strength
    gains = 1 + size * np.sin(2 * np.pi * (beat * np.arange(len(frames)) + rng.random()))
    return to_bytes(frames * gains.astype(np.float32)[:, None, None, None])


def borders(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Black bars, or a blurred copy around a narrower picture; also on all sides."""
    height, width = frames.shape[1:3]
    share = 0.62 - 0.3 * strength + 0.2 * rng.random()
    way = int(rng.integers(5))
    inner = [height, width]
    if way in (0, 1):  # letterbox
        inner[0] = round(height * share / 2) * 2
    elif way in (2, 3):
        inner[1] = round(width * share / 2) * 2
    else:
        share = share**0.5
        inner = [round(height * share / 2) * 2, round(width * share / 2) * 2]
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    fits = rng.random() < 0.5  # the picture is cropped, not scaled
    blurred = rng.random() < 0.4
    out = np.zeros_like(frames)
    level = 0 if rng.random() < 0.8 else int(rng.integers(4, 20))
    for number, frame in enumerate(frames):
        picture = Image.fromarray(frame)
        if blurred:
            small = picture.resize(
                (max(width // 16, 2), max(height // 16, 2)), Image.Resampling.BOX
            )
            fill = small.resize((width, height), Image.Resampling.BICUBIC)
            out[number] = np.asarray(fill.filter(ImageFilter.GaussianBlur(height / 40)))
        else:
            out[number] = level
        if fits:
            inside = frame[top : top + inner[0], left : left + inner[1]]
        else:
            scale = max(inner[0] / height, inner[1] / width)
            size = max(round(width * scale), inner[1]), max(round(height * scale), inner[0])
            whole = np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
            y, x = (size[1] - inner[0]) // 2, (size[0] - inner[1]) // 2
            inside = whole[y : y + inner[0], x : x + inner[1]]
        out[number, top : top + inner[0], left : left + inner[1]] = inside
    return out


def interlacing(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Lines of two moments woven into each frame."""
    out = frames[:-1].copy()
    out[:, 1::2] = frames[1:, 1::2]
    return out


def upscaled(frames: Clip, strength: float, rng: Generator) -> Clip:
    """Scaled down, perhaps encoded there, and up again, by what editors and platforms use."""
    height, width = frames.shape[1:3]
    factor = 1.5 + 1.7 * strength * rng.uniform(0.7, 1.3)
    if rng.random() < 0.3:
        factor = (
            float(rng.choice([1.5, 2.0, 3.0])) if strength > 0.4 else float(rng.choice([1.5, 2.0]))
        )
    down = [Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.BOX][
        int(rng.integers(3))
    ]
    up = [Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS][
        int(rng.integers(3))
    ]
    small = tuple(max(round(side / factor / 2) * 2, 32) for side in (width, height))
    less = np.stack([np.asarray(Image.fromarray(f).resize(small, down)) for f in frames])
    if rng.random() < 0.6:
        less = damage_steps.decode(
            damage_steps.encode(less, "libx264", float(rng.integers(14, 25)), 25)
        )
    return np.stack([np.asarray(Image.fromarray(f).resize((width, height), up)) for f in less])


PLANTS: Mapping[str, Plant] = {
    plant.__name__: plant
    for plant in (
        blur,
        noise,
        exposure,
        clipping,
        banding,
        stalls,
        flicker,
        borders,
        interlacing,
        upscaled,
    )
}
"""How each cause is planted, but for compression."""
if set(PLANTS) | {"compression"} != set(CAUSES):
    raise RuntimeError("each cause is planted in one way")
