"""Clips with controlled timing: held, skipped, shaken and flickering frames."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jaxtyping import Float32, Int, UInt8

from vq.pretrain import store
from vq.pretrain.amount import Amount, Role
from vq.pretrain.material import FPS, contents, rendered
from vq.synthetic.demo.encode import CODECS, compress, recode
from vq.synthetic.demo.scene_camera import Clip
from vq.synthetic.pixels import to_bytes

FRAMES = 8
"""Of a version."""
SOURCE_FRAMES = 30
"""Of a rendered clip: seven steps of three frames at most, or a jump and six steps of one."""
SIDE_PX = 160
"""Of the square that is kept of a version."""

Shown = Int[np.ndarray, " time"]
"""For each frame, which of the source is shown."""
Playback = Callable[[np.random.Generator], Shown]
Unrest = Callable[[Clip, float, np.random.Generator], Clip]


def steady(rng: np.random.Generator) -> Shown:
    """Every frame in its turn."""
    return np.arange(FRAMES)


def fast(rng: np.random.Generator) -> Shown:
    """Two or three times as fast."""
    return np.arange(FRAMES) * rng.integers(2, 4)


def slow(rng: np.random.Generator) -> Shown:
    """Each frame two or three times: a film of a lower rate."""
    held = rng.integers(2, 4)
    return (np.arange(FRAMES) + rng.integers(held)) // held


def freeze(rng: np.random.Generator) -> Shown:
    """The picture stands still for a while, then is where it would have been."""
    shown = np.arange(FRAMES)
    first = int(rng.integers(0, FRAMES - 2))
    length = int(rng.integers(2, FRAMES))
    shown[first : first + length] = first
    return shown


def drop(rng: np.random.Generator) -> Shown:
    """Single frames are lost, and the one before is shown again."""
    shown = np.arange(FRAMES)
    lost = rng.random(FRAMES) < rng.uniform(0.15, 0.6)
    shown[lost] = 0
    return np.maximum.accumulate(shown)


def skip(rng: np.random.Generator) -> Shown:
    """Frames are lost and nothing is shown in their place: the picture jumps ahead."""
    steps = np.ones(FRAMES - 1, int)
    steps[rng.random(FRAMES - 1) < rng.uniform(0.15, 0.5)] += rng.integers(2, 4)
    return np.concatenate([[0], np.cumsum(steps)])


def swap(rng: np.random.Generator) -> Shown:
    """Some neighbours come in the wrong order."""
    shown = np.arange(FRAMES)
    for first in range(int(rng.integers(2)), FRAMES - 1, 2):
        if rng.random() < 0.6:
            shown[[first, first + 1]] = shown[[first + 1, first]]
    return shown


PLAYBACKS: tuple[Playback, ...] = (steady, fast, slow, freeze, drop, skip, swap)


def flicker(clip: Clip, strength: float, rng: np.random.Generator) -> Clip:
    """Brightness of whole frames goes up and down, by up to a quarter."""
    gain = 1 + 0.25 * strength * rng.uniform(-1, 1, (len(clip), 1, 1, 1))
    return to_bytes(clip * gain.astype(np.float32))


def grain(clip: Clip, strength: float, rng: np.random.Generator) -> Clip:
    """Noise that is new in each frame."""
    spread = np.float32(1 + 11 * strength)
    return to_bytes(clip + spread * rng.standard_normal(clip.shape, dtype=np.float32))


def shake(clip: Clip, strength: float, rng: np.random.Generator) -> Clip:
    """Frames jump, by up to 6 pixels."""
    reach = 1 + round(5 * strength)
    padded = np.pad(clip, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect")
    height, width = clip.shape[1:3]
    corners = rng.integers(0, 2 * reach + 1, (len(clip), 2))
    return np.stack(
        [f[y : y + height, x : x + width] for f, (y, x) in zip(padded, corners, strict=True)]
    )


def dirt(clip: Clip, strength: float, rng: np.random.Generator) -> Clip:
    """Noise that stands still; of no frame but of the lens, so that nothing temporal is damaged."""
    spread = np.float32(1 + 11 * strength)
    return to_bytes(clip + spread * rng.standard_normal(clip.shape[1:], dtype=np.float32))


UNREST: Mapping[str, Unrest] = MappingProxyType({f.__name__: f for f in (flicker, grain, shake)})
"""What can happen to frames beside their order, each at a strength in (0, 1]."""
CLASSES = ("steady", *(f.__name__ for f in PLAYBACKS[1:]), *UNREST)


@dataclass(frozen=True, eq=False)
class Played:
    """One content, played in several ways."""

    frames: UInt8[np.ndarray, "versions time height width 3"]
    shown: Int[np.ndarray, "versions time"]
    """Which frame of the source each is."""
    strength: Float32[np.ndarray, "versions unrest"]
    """Of each of `UNREST`, 0 where it is absent."""


@dataclass(frozen=True)
class Takes(Amount):
    """How much material is made."""

    scenes: int = 48
    versions: int = 8
    """Of a scene."""


def played(seed: Sequence[int], *, versions: int, content: str | None = None) -> Played:
    """Render one scene and play it in several ways; the same seed, the same to the bit.

    `content` names one of the demo's, to measure on; without it the scene is a new one.
    """
    rng = np.random.default_rng(seed)
    clip = rendered(rng, SOURCE_FRAMES, content)
    made = [version(clip, rng) for _ in range(versions)]
    frames, shown, strength = (np.stack(part) for part in zip(*made, strict=True))
    return Played(frames, shown, strength)


def version(
    clip: UInt8[np.ndarray, "source_time height width 3"], rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "time side side 3"], Shown, Float32[np.ndarray, " unrest"]]:
    """Play a rendered clip in some way, encode it, and cut a square out of it."""
    shown = PLAYBACKS[rng.integers(len(PLAYBACKS))](rng)
    shown = shown + rng.integers(0, len(clip) - shown.max())
    frames = clip[shown]
    strength = np.zeros(len(UNREST), np.float32)
    what, much = int(rng.integers(2 * len(UNREST))), float(rng.uniform(0.1, 1.0))
    if what < len(UNREST):
        frames = list(UNREST.values())[what](frames, much, rng)
        strength[what] = much
    elif what == len(UNREST):
        frames = dirt(frames, much, rng)
    frames = encoded(frames, rng)
    height, width = frames.shape[1:3]
    top, left = (int(rng.integers(0, side - SIDE_PX + 1)) for side in (height, width))
    return frames[:, top : top + SIDE_PX, left : left + SIDE_PX], shown, strength


def encoded(frames: Clip, rng: np.random.Generator) -> Clip:
    """As they look after an encoder: half of them a good one, as a phone has."""
    if rng.random() < 0.5:
        return compress(frames, str(rng.choice(list(CODECS))), float(rng.uniform(0.1, 0.8)), FPS)
    return recode(frames, codec="h264", crf=int(rng.integers(12, 25)), fps=FPS)


def scenes(seed: int, role: Role, amount: Takes, folder: Path) -> list[Played]:
    """Make the scenes of one role in a recipe; their pictures lie in the folder."""
    jobs = [
        {"seed": (seed, int(role), number), "versions": amount.versions, **what}
        for number, what in contents(role, amount)
    ]
    return store.generate(folder, Played, played, jobs, workers=amount.workers)
