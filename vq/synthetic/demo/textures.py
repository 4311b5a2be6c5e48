"""Still pictures painted from random numbers, for the virtual camera to film."""

import string
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float32, UInt8
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from vq.synthetic.pixels import to_bytes

Picture = UInt8[np.ndarray, "still_height still_width 3"]
Painter = Callable[[Generator, int, int], Picture]


def pink(
    rng: Generator, width: int, height: int, *, exponent: float = 1.0
) -> Float32[np.ndarray, "height width"]:
    """Noise whose amplitude falls with frequency as `1 / f ** exponent`; mean 0, deviation 1.

    Natural images have exponents near 1 (Field, JOSA A 1987). Opposite edges fit together.
    """
    white = rng.standard_normal((height, width), dtype=np.float32)
    f = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    f[0, 0] = np.inf
    field = np.fft.irfft2(np.fft.rfft2(white) * f**-exponent, s=(height, width))
    return (field / field.std()).astype(np.float32)


def palette(rng: Generator, colours: int) -> Float32[np.ndarray, "colours 3"]:
    """Colours that lie together: a few hues, muted, dark to bright, in [0, 255]."""
    base = rng.uniform(40, 215, (4, 3))
    base = base.mean(1, keepdims=True) + rng.uniform(0.2, 0.7) * (
        base - base.mean(1, keepdims=True)
    )
    light = rng.normal(0, 38, (colours, 1))
    mixed = base[rng.integers(0, 4, colours)] + light + rng.normal(0, 12, (colours, 3))
    return np.clip(mixed, 8, 247).astype(np.float32)


def dead_leaves(rng: Generator, width: int, height: int) -> Picture:
    """Textured leaves that cover one another, their radii distributed as `r ** -3`.

    The model of Lee, Mumford & Huang (IJCV 2001), which shares edges, occlusion and scale
    invariance with natural images; the leaves' own texture is 1/f noise.
    """
    w, h = 2 * width, 2 * height
    smallest, largest = rng.uniform(6, 22), rng.uniform(0.12, 0.3) * max(w, h)
    low, high = largest**-2, smallest**-2
    leaf_area = 2 * np.pi * np.log(largest / smallest) / (high - low)
    count = int(4 * w * h / leaf_area) + 1
    radii = (high - rng.random(count) * (high - low)) ** -0.5
    centres = rng.random((count, 2)) * (w, h)
    corners = rng.choice([3, 4, 6, 24, 24, 24], count)
    turn, flat = rng.random(count) * 2 * np.pi, rng.uniform(0.35, 1, count)
    owner = Image.new("I", (w, h))
    draw = ImageDraw.Draw(owner)
    for i in range(count):
        a = np.arange(corners[i]) * (2 * np.pi / corners[i])
        x, y = radii[i] * np.cos(a), radii[i] * flat[i] * np.sin(a)
        cos, sin = np.cos(turn[i]), np.sin(turn[i])
        points = np.stack([cos * x - sin * y, sin * x + cos * y], 1) + centres[i]
        draw.polygon(points.ravel().tolist(), fill=i)
    ids = np.asarray(owner)
    # Each leaf shows its own part of one texture, at its own contrast.
    texture = pink(rng, w, h, exponent=rng.uniform(0.7, 1.2))
    shift = rng.integers(0, w * h, count)
    own = texture.ravel()[(np.arange(w * h).reshape(h, w) + shift[ids]) % (w * h)]
    contrast = rng.gamma(2.0, 9.0, count).astype(np.float32)
    picture = palette(rng, count)[ids] + (own * contrast[ids])[..., None]
    light = 1 + 0.25 * pink(rng, w, h, exponent=2.0)
    return _halved(picture * np.clip(light, 0.4, 1.5)[..., None])


def noise(rng: Generator, width: int, height: int) -> Picture:
    """1/f noise in three correlated colours: clouds, stone, water, by its exponent."""
    exponent = rng.uniform(0.85, 1.5)
    shared = pink(rng, width, height, exponent=exponent)
    own = np.stack([pink(rng, width, height, exponent=exponent + 0.3) for _ in range(3)], -1)
    mean, swing = rng.uniform(80, 170, 3), rng.uniform(28, 48)
    return to_bytes(mean + swing * (shared[..., None] + 0.35 * own))


def sky(rng: Generator, width: int, height: int) -> Picture:
    """A sky with sun and thin clouds over hills: long gradients, where banding shows."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    top, low = (
        rng.uniform([10, 40, 90], [90, 140, 230]),
        rng.uniform([150, 110, 80], [250, 220, 235]),
    )
    share = ((y / height) ** rng.uniform(0.7, 1.6))[..., None]
    picture = top * (1 - share) + low * share
    sun = rng.uniform([0.2 * width, 0.1 * height], [0.8 * width, 0.6 * height])
    glow = np.exp(-np.hypot(x - sun[0], y - sun[1]) / (rng.uniform(0.1, 0.3) * width))
    picture += glow[..., None] * rng.uniform([60, 50, 20], [150, 130, 90])
    cloud = np.clip(pink(rng, width, height, exponent=1.6) - rng.uniform(-0.2, 0.8), 0, 2) / 2
    picture += (240 - picture) * cloud[..., None] * rng.uniform(0.4, 0.9)
    for hill in range(int(rng.integers(2, 4))):
        ridge = np.cumsum(rng.standard_normal(width))
        ridge -= np.linspace(ridge[0], ridge[-1], width)
        ridge = height * (0.62 + 0.14 * hill) + 0.09 * height * ridge / (np.abs(ridge).max() + 1)
        ground = rng.uniform(15, 100, 3) + 9 * pink(rng, width, height, exponent=0.9)[..., None]
        picture = np.where((y > ridge)[..., None], ground, picture)
    # A camera's own noise dithers the gradient: the pristine sky must not be banded.
    return to_bytes(picture + rng.normal(0, 0.7, picture.shape))


def text(rng: Generator, width: int, height: int) -> Picture:
    """A page: headings, paragraphs and pictures, dark on light or light on dark."""
    paper, ink = rng.uniform(205, 252, 3), rng.uniform(5, 70, 3)
    if rng.random() < 0.35:
        paper, ink = ink, paper
    page = Image.fromarray(to_bytes(paper + 2.5 * pink(rng, width, height)[..., None]))
    draw = ImageDraw.Draw(page)
    fill = tuple(int(v) for v in ink)
    y, size = 6.0, int(rng.integers(10, 17))
    while y < height:
        heading = rng.random() < 0.18
        letter = size * 2 if heading else size
        if rng.random() < 0.12:
            side = int(rng.uniform(0.15, 0.3) * height)
            left = int(rng.uniform(0, 0.7) * width)
            figure = Image.fromarray(dead_leaves(rng, int(1.6 * side), side))
            page.paste(figure, (left, int(y)))
            y += side
        else:
            draw.text(
                (8, y),
                _words(rng, int(width / size * 2.2)),
                fill=fill,
                font=ImageFont.load_default(letter),
            )
        y += 1.35 * letter * (1.5 if heading else 1)
    return np.asarray(page)


def facade(rng: Generator, width: int, height: int) -> Picture:
    """The front of a building seen at an angle: a grid of windows, straight long edges."""
    w, h = 2 * width, 2 * height
    wall = rng.uniform(70, 200, 3) + 12 * pink(rng, w, h, exponent=0.8)[..., None]
    front = Image.fromarray(to_bytes(wall))
    draw = ImageDraw.Draw(front)
    step_x, step_y = int(rng.uniform(0.05, 0.12) * w), int(rng.uniform(0.08, 0.16) * h)
    pane_x, pane_y = rng.uniform(0.4, 0.75, 2)
    glass = palette(rng, 12)
    for y in range(0, h, step_y):
        for x in range(0, w, step_x):
            colour = tuple(int(v) for v in glass[rng.integers(len(glass))])
            right, low = x + int(pane_x * step_x), y + int(pane_y * step_y)
            draw.rectangle((x, y, right, low), fill=colour, outline=(30, 30, 34), width=3)
            draw.line((x, (y + low) // 2, right, (y + low) // 2), fill=(30, 30, 34), width=3)
        draw.line((0, y - 8, w, y - 8), fill=(225, 222, 214), width=3)
    return _tilted(rng, front, width, height)


def floor(rng: Generator, width: int, height: int) -> Picture:
    """A tiled floor or checkerboard seen at an angle."""
    w, h = 2 * width, 2 * height
    y, x = np.mgrid[0:h, 0:w]
    side_x, side_y = rng.integers(22, 70, 2)
    tile = x // side_x * 131 + y // side_y * 17
    colours = palette(rng, 64)
    plain = colours[:2][(x // side_x + y // side_y) % 2]
    picture = plain if rng.random() < 0.5 else colours[tile % 64]
    joint = ((x % side_x < 3) | (y % side_y < 3))[..., None]
    marbled = picture + 10 * pink(rng, w, h)[..., None]
    return _tilted(rng, Image.fromarray(to_bytes(np.where(joint, 60, marbled))), width, height)


PAINTERS: Mapping[str, Painter] = MappingProxyType(
    {f.__name__: f for f in (dead_leaves, noise, sky, text, facade, floor)}
)
"""Kinds of picture by name; each takes (rng, width, height)."""


def _tilted(rng: Generator, flat: Image.Image, width: int, height: int) -> Picture:
    """The picture on a tilted plane, at half its size."""
    w, h = flat.size
    coefficients = (0.8, rng.uniform(-0.2, 0.2), 0.1 * w, rng.uniform(-0.2, 0.2), 0.8, 0.1 * h)
    slant = (rng.uniform(-0.2, 0.2) / w, rng.uniform(-0.2, 0.2) / h)
    # Mirrored on all sides, so that the tilted view never looks past the edge.
    wide = Image.fromarray(
        np.pad(np.asarray(flat), ((h // 2,) * 2, (w // 2,) * 2, (0, 0)), "symmetric")
    )
    a, b, c, d, e, f = coefficients
    g, k = slant
    c, f = c + w // 2, f + h // 2
    tilted = wide.transform(
        (w, h), Image.Transform.PERSPECTIVE, (a, b, c, d, e, f, g, k), Image.Resampling.BICUBIC
    )
    return np.asarray(tilted.reduce(2).resize((width, height)))


def _words(rng: Generator, letters: int) -> str:
    letters_of = rng.choice(list(string.ascii_lowercase + "etaoinetaoin"), letters)
    spaced = np.where(rng.random(letters) < 0.17, " ", letters_of)
    return "".join(spaced).capitalize()


def _halved(values: np.ndarray) -> Picture:
    return np.asarray(Image.fromarray(to_bytes(values)).reduce(2))
