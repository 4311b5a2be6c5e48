"""A virtual camera over large photographs: it pans, zooms, shakes, rests, and something moves.

What it films is pristine: each pixel of a film is an average of at least one of the photograph.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

Clip = UInt8[np.ndarray, "time height width 3"]

SMEAR_PX = 2.0
"""Most that a long exposure smears, in pixels of the film: more would be damage, not pristine."""


@dataclass(frozen=True)
class Format:
    """Of a film."""

    width: int
    """Pixels, even."""
    height: int
    """Pixels, even."""
    frames: int
    fps: int


@dataclass(frozen=True)
class Take:
    """Where the camera looks: one entry for each frame, in pixels of the photograph."""

    left: Float64[np.ndarray, " time"]
    top: Float64[np.ndarray, " time"]
    scale: Float64[np.ndarray, " time"]
    """Pixels of the photograph for one of the film; 1 or more."""


def film(photo: Image.Image, form: Format, rng: Generator, other: Image.Image | None) -> Clip:
    """Film a photograph, by chance with a piece of another one that moves before it.

    Args:
        photo: RGB.
        form: of the film. A photograph that is smaller is first scaled up.
        rng: draws the way of the camera, its exposure time and the graded look.
        other: what may move in front; None: nothing does.
    """
    photo = _large_enough(photo, form)
    take = walk(rng, form, photo.size)
    long = rng.random() < 0.35
    thing = _thing(other, form, rng) if other is not None else None
    frames = []
    for number in range(form.frames):
        times = exposure(take, form, number) if long else [0.0]
        shots = [_shot(photo, take, form, number, time) for time in times]
        whole = shots[0] if len(shots) == 1 else np.mean(shots, 0, dtype=np.float32)
        frame = Image.fromarray(np.rint(whole).astype(np.uint8))
        if thing is not None:
            picture, mask, xs, ys = thing
            frame.paste(picture, (round(xs[number]), round(ys[number])), mask)
        frames.append(np.asarray(frame))
    return _look(rng)[np.stack(frames)]


def walk(rng: Generator, form: Format, size: tuple[int, int]) -> Take:
    """Draw the way of the camera: a pan, a sway, a shake, a zoom and rests, in the photograph."""
    moving = activity(rng, form)
    time = np.concatenate([[0.0], np.cumsum(moving)]) / form.fps
    # A hand shakes where the camera moves on both sides of a moment.
    free = np.minimum(np.insert(moving, 0, moving[0]), np.append(moving, moving[-1]))
    most = min(size[0] / form.width, size[1] / form.height)
    # Most takes are near: that is where a photograph shows detail as a film would.
    base = 1 + (most - 1) * rng.random() ** 1.3
    zoom = rng.choice([0.0, 0.0, 0.08, 0.3]) * rng.uniform(-1, 1)
    scale = np.clip(base * np.exp(zoom * (time - time.mean())), 1, most)
    speed = rng.choice([0.0, 0.03, 0.12, 0.4]) * rng.uniform(0.5, 1.5)
    shake = rng.choice([0.0, 0.0004, 0.002]) * rng.uniform(0.5, 1.5)
    angle = rng.uniform(0, 2 * np.pi)
    ways = []
    for axis, direction in ((0, np.cos(angle)), (1, np.sin(angle))):
        sway = (
            0.01 * rng.random() * np.sin(2 * np.pi * (rng.uniform(0.3, 1.5) * time + rng.random()))
        )
        jitter = shake * free * rng.standard_normal(len(time))
        moved = (speed * direction * time + sway + jitter) * form.width * scale
        room = size[axis] - (form.width, form.height)[axis] * scale
        start = rng.random() * float(room.min())
        ways.append(_reflect(start + moved - moved[0], room))
    return Take(ways[0], ways[1], scale)


def activity(rng: Generator, form: Format) -> Float64[np.ndarray, " frames"]:
    """How much the camera moves in each frame, from 0 (it rests) to 1.

    Real cameras rest on something or wait for something; a film in which nothing ever rests would
    teach that a resting camera is a stalled video. Three ways, equally likely: it moves all the
    time, it rests all the time, or it starts or stops within the film, once or twice, softly.
    """
    way = rng.integers(3)
    if way < 2:
        return np.full(form.frames, float(way))
    changes = np.sort(rng.uniform(0, form.frames, rng.integers(1, 3)))
    soft = form.fps * rng.uniform(0.02, 0.25)
    moving = np.full(form.frames, float(rng.integers(2)))
    for change in changes:
        after = np.clip((np.arange(form.frames) - change) / soft, 0, 1)
        moving = moving * (1 - after) + (1 - moving[-1]) * after
    return moving


def exposure(take: Take, form: Format, number: int) -> list[float]:
    """Times at which a long exposure sees the photograph, as shares of the time of a frame.

    What moves fast is exposed for a shorter time, as a camera does by itself. Neighbours are half a
    pixel apart at most: edges further apart would be seen as two.
    """
    left, top, scale = (way[number + 1] - way[number] for way in (take.left, take.top, take.scale))
    # A zoom moves the borders most.
    corner = np.hypot(form.width, form.height)
    moved = float((np.hypot(left, top) + abs(scale) * corner) / take.scale[number])
    open_ = min(1.0, SMEAR_PX / moved) if moved > 0 else 1.0
    steps = math.ceil(2 * moved * open_)
    return [open_ * step / steps for step in range(steps + 1)] if steps else [0.0]


def _shot(photo: Image.Image, take: Take, form: Format, number: int, part: float) -> np.ndarray:
    left, top, scale = (
        float((1 - part) * way[number] + part * way[number + 1])
        for way in (take.left, take.top, take.scale)
    )
    right = min(left + form.width * scale, photo.size[0])
    bottom = min(top + form.height * scale, photo.size[1])
    return np.asarray(
        photo.resize(
            (form.width, form.height), Image.Resampling.LANCZOS, box=(left, top, right, bottom)
        )
    )


def _reflect(way: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Turn back at the borders: from 0 to `room`."""
    period = 2 * np.maximum(room, 1e-9)
    folded = np.mod(way, period)
    return np.clip(np.minimum(folded, period - folded), 0, np.maximum(room, 0))


def _large_enough(photo: Image.Image, form: Format) -> Image.Image:
    factor = max(form.width / photo.size[0], form.height / photo.size[1])
    if factor <= 1:
        return photo
    width, height = (int(np.ceil(side * factor)) for side in photo.size)
    return photo.resize((width, height), Image.Resampling.LANCZOS)


def _thing(
    other: Image.Image, form: Format, rng: Generator
) -> tuple[Image.Image, Image.Image, np.ndarray, np.ndarray]:
    """A piece of a photograph with an irregular outline, and its way over the film."""
    side = int(form.height * rng.uniform(0.25, 0.7))
    wide = max(int(side * rng.uniform(0.5, 1.4)), 8)
    scale = 1 + (min(other.size[0] / wide, other.size[1] / side, 3) - 1) * rng.random()
    left = rng.random() * max(other.size[0] - wide * scale, 0)
    top = rng.random() * max(other.size[1] - side * scale, 0)
    box = (
        left,
        top,
        min(left + wide * scale, other.size[0]),
        min(top + side * scale, other.size[1]),
    )
    picture = other.resize((wide, side), Image.Resampling.LANCZOS, box=box)
    mask = Image.new("L", (wide, side), 0)
    turns = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radius = 0.48 * rng.uniform(0.6, 1.0, len(turns))
    outline = [
        (wide * (0.5 + r * np.cos(t)), side * (0.5 + r * np.sin(t)))
        for r, t in zip(radius, turns, strict=True)
    ]
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.7, 2.0))))
    time = np.arange(form.frames) / form.fps
    angle, speed = rng.uniform(0, 2 * np.pi), form.width * rng.uniform(0.02, 0.5)
    x = rng.uniform(0, form.width - wide * 0.7) + speed * np.cos(angle) * time
    y = rng.uniform(0, form.height - side * 0.7) + speed * np.sin(angle) * time
    return picture, mask, x, y


def _look(rng: Generator) -> UInt8[np.ndarray, " levels"]:
    """A tone curve: contrast and brightness differ from camera to camera, and are no damage."""
    light = np.arange(256) / 255
    gamma = np.exp(rng.normal(0, 0.18))
    contrast = np.exp(rng.normal(0, 0.12))
    graded = np.clip((light**gamma - 0.5) * contrast + 0.5 + rng.normal(0, 0.03), 0, 1)
    return np.rint(255 * graded).astype(np.uint8)
