"""A virtual camera: films a still picture, with things that move in front of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8
from numpy.random import Generator
from PIL import Image, ImageDraw

from vq.synthetic.demo.textures import Picture, dead_leaves, noise
from vq.synthetic.pixels import to_bytes

Clip = UInt8[np.ndarray, "time height width 3"]


@dataclass(frozen=True)
class View:
    """The format of a clip."""

    frames: int
    width: int
    height: int
    fps: int | float


@dataclass(frozen=True)
class Path:
    """Where the camera looks, one entry for each frame."""

    x: Float64[np.ndarray, " time"]
    y: Float64[np.ndarray, " time"]
    """Offset of the middle of the view, in widths and heights of the frame."""
    zoom: Float64[np.ndarray, " time"]
    """1 or more."""
    roll: Float64[np.ndarray, " time"]
    """Radians."""


@dataclass(frozen=True)
class Sprite:
    """A thing with an outline that crosses the view."""

    picture: UInt8[np.ndarray, "height width 4"]
    x: Float64[np.ndarray, " time"]
    y: Float64[np.ndarray, " time"]
    """Its middle, in pixels of the frame."""


def walk(rng: Generator, view: View, *, reach: float, speed: float) -> Path:
    """A hand-held path: a steady pan, a sway, a shake, a slow zoom and roll.

    Args:
        rng: draws direction, sway, shake, zoom and roll.
        view: how many frames, and how fast; the motion is the same at any rate.
        reach: how far the view may move from the middle, in frame sizes.
        speed: of the pan, in frame widths per second.
    """
    t = np.arange(view.frames) / view.fps
    angle = rng.uniform(0, 2 * np.pi)
    tracks = []
    for heading in (np.cos(angle), np.sin(angle)):
        sway = rng.uniform(0.01, 0.05) * np.sin(rng.uniform(2, 5) * t + rng.uniform(0, 6))
        shake = rng.uniform(0, 0.003) * np.sin(rng.uniform(15, 40) * t + rng.uniform(0, 6))
        track = heading * speed * t + sway + shake
        track -= (track.max() + track.min()) / 2
        tracks.append(track * min(1.0, reach / max(float(np.abs(track).max()), 1e-9)))
    rate = rng.choice([0.0, 0.0, rng.uniform(0.02, 0.06), rng.uniform(-0.06, -0.02)])
    grow = rate * t
    roll = np.deg2rad(rng.uniform(0, 1.2)) * np.sin(rng.uniform(0.5, 2) * t + rng.uniform(0, 6))
    return Path(x=tracks[0], y=tracks[1], zoom=1 + grow - grow.min(), roll=roll)


def film(picture: Picture, path: Path, view: View, *, density: float = 1.0) -> Clip:
    """Film a picture along a path.

    The picture is larger than the frame by what the path needs on every side. At zoom 1, `density`
    pixels of it are one of the frame.
    """
    width, height = view.width, view.height
    still = Image.fromarray(picture)
    clip = np.empty((len(path.x), height, width, 3), np.uint8)
    for i in range(len(clip)):
        scale = density / path.zoom[i]
        cos, sin = scale * np.cos(path.roll[i]), scale * np.sin(path.roll[i])
        middle_x = still.width / 2 + path.x[i] * width * density
        middle_y = still.height / 2 + path.y[i] * height * density
        affine = (
            *(cos, -sin, middle_x - cos * width / 2 + sin * height / 2),
            *(sin, cos, middle_y - sin * width / 2 - cos * height / 2),
        )
        clip[i] = np.asarray(
            still.transform(
                (width, height), Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC
            )
        )
    return clip


def sprite(rng: Generator, view: View) -> Sprite:
    """A textured blob that flies through a view of this size."""
    width, height = view.width, view.height
    side = int(rng.uniform(0.18, 0.45) * height)
    paint = dead_leaves if rng.random() < 0.5 else noise
    outline = Image.new("L", (2 * side, 2 * side))
    a = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    lobes = 1 + rng.uniform(0, 0.3) * np.sin(rng.integers(2, 6) * a + rng.uniform(0, 6))
    radius = 0.97 * side * lobes / lobes.max()
    points = np.stack([side + radius * np.cos(a), side + radius * np.sin(a)], 1)
    ImageDraw.Draw(outline).polygon(points.ravel().tolist(), fill=255)
    alpha = np.asarray(outline.reduce(2))[..., None]
    t = (np.arange(view.frames) - view.frames / 2) / view.fps
    heading = rng.choice([-1.0, 1.0]) * rng.uniform(0.2, 0.6) * width
    y = rng.uniform(0.2, 0.8) * height + rng.uniform(0, 0.2) * height * np.sin(
        rng.uniform(1, 4) * t
    )
    return Sprite(
        picture=np.concatenate([paint(rng, side, side), alpha], -1),
        x=rng.uniform(0.3, 0.7) * width + heading * t,
        y=y,
    )


def add_sprites(clip: Clip, sprites: Sequence[Sprite]) -> Clip:
    """The clip with sprites in front of it, the last in front of all."""
    out = np.empty_like(clip)
    for i, frame in enumerate(clip):
        canvas = Image.fromarray(frame)
        for one in sprites:
            h, w = one.picture.shape[:2]
            left, top = one.x[i] - w / 2, one.y[i] - h / 2
            # A border of nothing keeps the outline soft when it lies between two pixels.
            affine = (1, 0, np.floor(left) - left - 1, 0, 1, np.floor(top) - top - 1)
            placed = Image.fromarray(one.picture).transform(
                (w + 3, h + 3), Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
            )
            canvas.paste(placed, (int(np.floor(left)), int(np.floor(top))), placed)
        out[i] = np.asarray(canvas)
    return out


def add_particles(clip: Clip, *, fps: int | float, rng: Generator) -> Clip:
    """The clip with snow, sparks or dust in front: soft bright spots, each on its own way."""
    frames, height, width, _ = clip.shape
    count = int(rng.uniform(60, 200))
    place = rng.random((count, 2)) * (width, height)
    wind = rng.normal(0, 0.12, 2) * width
    velocity = wind + rng.normal(0, 0.08, (count, 2)) * width
    size = rng.gamma(3.0, 0.4, count) * height / 240 + 0.5
    colour = rng.uniform(170, 255, 3)
    strength = rng.uniform(0.3, 1.0, count)
    out = clip.astype(np.float32)
    for k in range(count):
        half = int(np.ceil(2.5 * size[k]))
        around = np.arange(-half, half + 1)
        for i in range(frames):
            x, y = (place[k] + velocity[k] * i / fps) % (width, height)
            columns, rows = int(x) + around, int(y) + around
            columns, rows = (
                columns[(columns >= 0) & (columns < width)],
                rows[(rows >= 0) & (rows < height)],
            )
            spot = np.exp(-((columns - x) ** 2) / (2 * size[k] ** 2))
            spot = np.exp(-((rows - y) ** 2) / (2 * size[k] ** 2))[:, None] * spot
            part = out[i, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            part += (colour - part) * (strength[k] * spot)[..., None].astype(np.float32)
    return to_bytes(out)
