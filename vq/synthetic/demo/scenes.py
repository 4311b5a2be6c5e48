"""The contents of the demo: photographs and painted scenes, filmed by a moving camera."""

from dataclasses import replace
from itertools import zip_longest
from zlib import crc32

import numpy as np
from numpy.random import Generator
from PIL import Image

from vq.errors import DataError
from vq.synthetic.demo import textures
from vq.synthetic.demo.photographs import PHOTOGRAPHS, photograph
from vq.synthetic.demo.scene_camera import (
    Clip,
    View,
    add_particles,
    add_sprites,
    film,
    sprite,
    walk,
)

_PAINTED = {
    "dead_leaves": (3.0, 11),
    "objects": (2.0, 10),
    "noise": (1.0, 5),
    "sky": (1.5, 7),
    "text": (1.0, 6),
    "facade": (1.0, 7),
    "floor": (1.0, 6),
    "particles": (1.0, 6),
    "cut": (0.5, 6),
}
"""Kinds of painted scene: how often `random_scene` draws each, and how many the demo has."""
KINDS = tuple(_PAINTED)

_PHOTOS = [f"photo:{name}" for name in PHOTOGRAPHS]
_SCENES = sorted(
    (number, f"{kind}:{number}") for kind, (_, count) in _PAINTED.items() for number in range(count)
)
SCENES: tuple[str, ...] = tuple(
    name
    for both in zip_longest(_PHOTOS, (scene for _, scene in _SCENES))
    for name in both
    if name is not None
)
"""The contents of the demo, one name each: photographs and painted scenes in turn."""

FILMED_TWICE = ("photo:astronaut", "photo:china", "photo:motorcycle", "photo:rocket")
"""Contents that the demo films in two takes: two crops of one photograph are one content."""

_MARGIN = 0.3
"""Of a painted picture on each side of the view, in frame sizes."""
_PHOTO_MARGIN = 0.14
"""The same, of a photograph."""
_DENSITY = 1.1
"""Pixels of a painted picture for one of the frame: room to zoom in."""


def render(
    name: str, *, frames: int, width: int, height: int, fps: int | float, take: int = 0
) -> Clip:
    """Film a content of the demo, without any distortion.

    Width and height are in pixels. A clip shows the same motion at any rate. Another `take` films
    the same picture or scene on another path.

    Raises:
        DataError: no content has this name, or its photograph is not installed.
    """
    if name not in SCENES:
        raise DataError(f"no scene is called {name!r}; the scenes are {', '.join(SCENES)}")
    kind, _, which = name.partition(":")
    view = View(frames, width, height, fps)
    rng = np.random.default_rng([crc32(b"vq demo"), crc32(name.encode()), take])
    return _photo(which, rng, view) if kind == "photo" else procedural(kind, rng, view)


def fits(name: str, width: int, height: int) -> bool:
    """Whether a content can be filmed at this size without making its pixels visibly larger."""
    kind, _, which = name.partition(":")
    return kind != "photo" or _enlargement(photograph(which), width, height) < 1.08


def random_scene(rng: Generator, *, frames: int, width: int, height: int) -> Clip:
    """Paint and film a scene that is none of the demo's, at 25 frames per second."""
    odds = np.array([odds for odds, _ in _PAINTED.values()])
    kind = KINDS[int(rng.choice(len(KINDS), p=odds / odds.sum()))]
    return procedural(kind, rng, View(frames, width, height, fps=25))


def procedural(kind: str, rng: Generator, view: View) -> Clip:
    """Paint and film a scene of one of `KINDS`; another state of `rng` is another scene."""
    if kind == "cut":
        return _cut(rng, view)
    if kind == "noise":
        # Two layers that move apart, as light on water does: no single shift explains the motion.
        near, far = (_filmed("noise", rng, view) for _ in range(2))
        return ((near.astype(np.uint16) + far) // 2).astype(np.uint8)
    if kind == "objects":
        ground = str(rng.choice(["dead_leaves", "noise", "floor", "sky"]))
        crowd = range(int(rng.integers(2, 5)))
        return add_sprites(_filmed(ground, rng, view), [sprite(rng, view) for _ in crowd])
    if kind == "particles":
        ground = str(rng.choice(["sky", "dead_leaves", "noise"]))
        return add_particles(_filmed(ground, rng, view), fps=view.fps, rng=rng)
    return _filmed(kind, rng, view)


def _cut(rng: Generator, view: View) -> Clip:
    """Two scenes, one after the other."""
    kinds = rng.choice(["dead_leaves", "sky", "facade", "objects"], 2, replace=False)
    at = max(1, int(view.frames * rng.uniform(0.35, 0.65)))
    lengths = (at, view.frames - at)
    return np.concatenate(
        [
            procedural(str(kind), rng, replace(view, frames=length))
            for kind, length in zip(kinds, lengths, strict=True)
        ]
    )


def _filmed(painter: str, rng: Generator, view: View) -> Clip:
    spread = _DENSITY * (1 + 2 * _MARGIN)
    size = round(view.width * spread), round(view.height * spread)
    picture = textures.PAINTERS[painter](rng, *size)
    path = walk(rng, view, reach=_MARGIN - 0.04, speed=rng.uniform(0.08, 0.22))
    return film(picture, path, view, density=_DENSITY)


def _photo(name: str, rng: Generator, view: View) -> Clip:
    """Film the part of a photograph that leaves the camera room to move."""
    picture = photograph(name)
    still = Image.fromarray(picture)
    width, height = (round(side * (1 + 2 * _PHOTO_MARGIN)) for side in (view.width, view.height))
    scale = _enlargement(picture, view.width, view.height)
    if scale < 1:
        # A photograph much larger than the view is filmed from nearer, not made a thumbnail.
        scale = max(scale, 0.62)
    fitted = still.resize(
        (max(width, round(still.width * scale)), max(height, round(still.height * scale))),
        Image.Resampling.LANCZOS,
    )
    left = int(rng.uniform(0.1, 0.9) * (fitted.width - width))
    top = int(rng.uniform(0.1, 0.9) * (fitted.height - height))
    seen = np.asarray(fitted.crop((left, top, left + width, top + height)))
    path = walk(rng, view, reach=_PHOTO_MARGIN - 0.04, speed=rng.uniform(0.07, 0.14))
    clip = film(seen, path, view)
    return add_sprites(clip, [sprite(rng, view)]) if rng.random() < 0.3 else clip


def _enlargement(picture: textures.Picture, width: int, height: int) -> float:
    """Factor by which a photograph just covers the view and its margin."""
    spread = 1 + 2 * _PHOTO_MARGIN
    return max(width * spread / picture.shape[1], height * spread / picture.shape[0])
