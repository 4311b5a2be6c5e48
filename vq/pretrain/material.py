"""The material of pretraining: procedural scenes in many versions whose damage is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int, UInt8
from scipy.ndimage import gaussian_filter

from vq.pretrain import store
from vq.pretrain.amount import Amount, Role
from vq.pretrain.corruption import gradient_deviation
from vq.synthetic.demo import scenes as demo
from vq.synthetic.demo.distort import DISTORTIONS
from vq.synthetic.demo.encode import CODECS, compress, recode
from vq.synthetic.demo.scene_camera import Clip
from vq.synthetic.pixels import LUMA, to_bytes

PIXEL_TYPES = (
    "rescale", "defocus", "motion_blur", "sensor_noise",
    "under_exposure", "over_exposure", "banding",
)  # fmt: skip
"""Distortions of `vq.synthetic.demo.distort` that one picture can show (a freeze shows in none)."""
TYPES = (*CODECS, *PIXEL_TYPES)
CLASSES = ("pristine", *TYPES)
DATA = (
    "procedural scenes of vq.synthetic.demo.scenes, none of them in the demo, no photograph; "
    "distorted as in the demo and by real encoders"
)
"""What cards say of it."""

SIZES = ((320, 240), (426, 240), (352, 288), (480, 270), (480, 360))
"""Width and height; those of the demo lie among them."""
FPS = 25.0
FRAMES = 4
"""Of a rendered clip: enough for an encoder to predict one frame from another."""
MOMENTS = (1, 3)
"""Frames that are kept of a clip; not the first, which every encoder treats better."""


@dataclass(frozen=True)
class Recipe:
    """How one version is made: distortions in the order in which they are applied."""

    steps: tuple[tuple[str, float], ...]
    """Name and strength in (0, 1]."""
    clean: int
    """Rate factor of the H.264 that every version without a codec step goes through."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One content in many versions; the first is the pristine one."""

    pictures: UInt8[np.ndarray, "versions moments height width 3"]
    kind: Float32[np.ndarray, "versions classes"]
    """Share of each of `CLASSES`; two distortions share a version by half."""
    strength: Float32[np.ndarray, "versions types"]
    """Strength of each of `TYPES`, 0 where it is absent."""
    damage: Float32[np.ndarray, "versions moments"]
    """Gradient deviation from the rendered frame, in units of 0.35."""
    pairs: Int[np.ndarray, "pairs 2"]
    """Versions of which the second is surely the worse."""


def plan(
    rng: np.random.Generator, *, types: int, mixed: int
) -> tuple[list[Recipe], list[list[int]]]:
    """Choose the versions of one scene.

    Single distortions are of so many `types`, each at two strengths; so many `mixed` versions have
    a distortion of the pixels and then a codec.

    Returns:
        Recipes, the first of them without a distortion, and pairs of their positions: weaker first.
    """
    # From better than what a phone writes (the demo takes 16) to what is just not seen.
    clean = int(rng.integers(12, 25))
    recipes, pairs = [Recipe((), clean)], []
    for name in rng.permutation(np.array(TYPES))[:types].tolist():
        # At least 0.2 apart; below 0.1 a distortion hardly shows.
        low, high = np.sort(rng.uniform(0.0, 0.7, 2)) + np.array([0.1, 0.3])
        pairs.append([len(recipes), len(recipes) + 1])
        recipes += [Recipe(((name, float(strength)),), clean) for strength in (low, high)]
    for _ in range(mixed):
        steps = tuple(
            (str(rng.choice(names)), float(rng.uniform(0.2, 1.0)))
            for names in (PIXEL_TYPES, tuple(CODECS))
        )
        pairs.append([0, len(recipes)])
        recipes.append(Recipe(steps, clean))
    return recipes, pairs


def looked(clip: Clip, rng: np.random.Generator) -> Clip:
    """A painted clip as some camera would give it: softer, grainier, of other tone and colour.

    Painted edges are sharp and clean as no photograph's are. A network that has seen no other
    source takes a soft lens, grain or a grey film for damage.
    """
    light: Float32[np.ndarray, "time height width 3"] = clip.astype(np.float32)
    # Not a matrix product: its last bit depends on where in memory the clip lies.
    red, green, blue = np.moveaxis(light, -1, 0)
    grey = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    colour = np.float32(0.0 if rng.random() < 0.2 else rng.uniform(0.3, 1.1))
    light = grey[..., None] + colour * (light - grey[..., None])
    if rng.random() < 0.6:
        softness = rng.uniform(0.2, 0.9)
        light = gaussian_filter(light, (0, softness, softness, 0)).astype(np.float32)
    tone = np.float32(2.0 ** rng.uniform(-0.5, 0.5))
    light = np.float32(255) * np.clip(light / np.float32(255), 0, 1) ** tone
    if rng.random() < 0.5:
        grain = np.float32(rng.uniform(0.5, 3.0))
        light += grain * rng.standard_normal(grey.shape, dtype=np.float32)[..., None]
    return to_bytes(light)


def apply(clip: Clip, recipe: Recipe, rng: np.random.Generator) -> Clip:
    """Make one version of a rendered clip."""
    for name, strength in recipe.steps:
        if name in CODECS:
            return compress(clip, name, strength, FPS)
        clip = DISTORTIONS[name](clip, strength, rng)
    return recode(clip, codec="h264", crf=recipe.clean, fps=FPS)


def versions(
    clip: Clip, recipes: Sequence[Recipe], pairs: list[list[int]], rng: np.random.Generator
) -> Scene:
    """Make all versions of one clip and say how they differ from it."""
    moments = list(MOMENTS)
    pictures = np.stack([apply(clip, recipe, rng)[moments] for recipe in recipes])
    strength = np.zeros((len(recipes), len(TYPES)), np.float32)
    kind = np.zeros((len(recipes), len(CLASSES)), np.float32)
    for row, recipe in enumerate(recipes):
        for name, value in recipe.steps:
            strength[row, TYPES.index(name)] = value
            kind[row, CLASSES.index(name)] = 1 / len(recipe.steps)
        if not recipe.steps:
            kind[row, 0] = 1
    damage = [
        [
            gradient_deviation(clip[moment], shown) / 0.35
            for moment, shown in zip(moments, version, strict=True)
        ]
        for version in pictures
    ]
    damaged = np.array(damage, np.float32)
    return Scene(pictures, kind, strength, damaged, np.array(pairs))


def scene(seed: Sequence[int], *, types: int, mixed: int, content: str | None = None) -> Scene:
    """Render one scene and make its versions; the same seed, the same scene to the bit.

    `content` names one of the demo's, to measure on; without it the scene is a new one.
    """
    rng = np.random.default_rng(seed)
    clip = rendered(rng, FRAMES, content)
    return versions(clip, *plan(rng, types=types, mixed=mixed), rng)


def rendered(rng: np.random.Generator, frames: int, content: str | None) -> Clip:
    """Render a content of the demo, or a new scene, in one of `SIZES`."""
    width, height = SIZES[rng.integers(len(SIZES))]
    if content is None:
        return looked(demo.random_scene(rng, frames=frames, width=width, height=height), rng)
    return demo.render(content, frames=frames, width=width, height=height, fps=FPS)


@dataclass(frozen=True)
class Versions(Amount):
    """How much material is made."""

    types: int = 6
    """Distortions of a training scene, at two strengths each; all others have every one."""
    mixed: int = 2
    """Versions of a scene with two distortions."""


def scenes(seed: int, role: Role, amount: Versions, folder: Path) -> list[Scene]:
    """Make the scenes of one role in a recipe; their pictures lie in the folder."""
    jobs = [
        {
            "seed": (seed, int(role), number),
            "types": amount.types if role is Role.TRAIN else len(TYPES),
            "mixed": amount.mixed,
            **what,
        }
        for number, what in contents(role, amount)
    ]
    return store.generate(folder, Scene, scene, jobs, workers=amount.workers)


def contents(role: Role, amount: Amount) -> list[tuple[int, Mapping[str, str]]]:
    """Number of each scene, and the content of the demo that it shows, if any."""
    if role is not Role.PHOTOGRAPH:
        count = amount.scenes if role is Role.TRAIN else amount.held_out
        return [(number, {}) for number in range(count)]
    return [
        (number, {"content": name})
        for number, name in enumerate(demo.SCENES)
        if name.startswith("photo:")
    ]
