"""One film of a source, its ladders of damage, and the table that says which is which."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from vq.files import atomic
from vq.footage import pictures
from vq.footage.config import Film
from vq.footage.fetched import Source
from vq.footage.filmed import damage_steps, ladder, photo_camera, recorder
from vq.footage.filmed.photo_camera import Clip, Format

SIZES = (
    *((480, 270),) * 4,
    *((426, 240),) * 2,
    *((640, 360),) * 3,
    *((256, 256),) * 2,
    (320, 240),
    (270, 480),
    (360, 640),
    (854, 480),
    (960, 540),
)
"""Width and height that films are drawn from; those that are listed more often come more often."""
RATES = (24, 25, 30)
"""Frames a second that films are drawn from."""
CLEAN = (12, 21)
"""Rate factors of the H.264 around damage that is no codec's: of a good upload."""


@dataclass(frozen=True)
class Version:
    """One row of the table."""

    video: str
    """Name of its file."""
    reference: str
    """Name of the file of the film without damage: H.264, lossless."""
    content: str
    """The scene."""
    film: str
    """One take of a source; order is known within it alone."""
    ladder: int
    """Number of the ladder within the film; -1 for the pristine version."""
    chain: str
    """The steps, by `chains.STEPS`; `pristine` for none."""
    strength: float
    """From 0; rising within a ladder."""


def film(
    photos: Sequence[Source],
    source: Source,
    take: int,
    *,
    videos: Path,
    references: Path,
    params: Film,
) -> list[Version]:
    """Film a photograph once, or cut a real clip, and write all versions.

    The same bytes for the same arguments. A film that a run before completed is not made again. A
    piece of another one of the `photos` may move before the one that is filmed. `references` gets
    the films without damage and, last, a table for each.

    Raises:
        DataError: the source cannot be decoded, or is a clip that is too small.
    """
    stem = f"{source.path.stem}_{take:02d}"
    table = references / f"{stem}.json"
    made = {**params.model_dump(exclude={"takes"}), "source": source.sha256}
    if versions := _completed(table, made, videos):
        return versions
    rng = np.random.default_rng([params.seed, take, zlib.crc32(stem.encode())])
    if source.kind == "clip":
        pristine, fps = recorder.cut(source, params.frames, rng)
    else:
        pristine, fps = _shoot(photos, source, rng, params)
    rows: list[Version] = []
    reference = f"{stem}-reference.mkv"
    (references / reference).write_bytes(damage_steps.encode(pristine, "libx264", 0.0, fps))

    def add(data: bytes, number: int, chain: str, strength: float) -> None:
        video = f"{stem}-{len(rows):02d}.mkv"
        (videos / video).write_bytes(data)
        rows.append(Version(video, reference, source.content, stem, number, chain, strength))

    add(damage_steps.encode(pristine, "libx264", 10.0, fps), -1, "pristine", 0.0)
    ladders = ladder.draw(rng, params.rungs)
    for number in range(params.ladders):
        chosen, clean = next(ladders), float(rng.integers(*CLEAN))
        for strength in chosen.strengths:
            add(_encoded(chosen, pristine, strength, clean, fps), number, chosen.name, strength)
    # Last, and whole or not at all: a film that was cut short has no table.
    with atomic(table) as part:
        part.write_text(json.dumps({"made_of": made, "versions": [asdict(row) for row in rows]}))
    return rows


def _completed(table: Path, made: dict[str, object], videos: Path) -> list[Version]:
    """The versions of a film that a run before made of the same; none if one of them is gone.

    Dvc removes outputs that it does not know before it tries an experiment, and leaves the
    references, which it does not keep.
    """
    if not table.exists() or (kept := json.loads(table.read_text()))["made_of"] != made:
        return []
    versions = [Version(**row) for row in kept["versions"]]
    files = [table.parent / versions[0].reference, *(videos / row.video for row in versions)]
    return versions if all(file.is_file() for file in files) else []


def _shoot(
    photos: Sequence[Source], photo: Source, rng: np.random.Generator, params: Film
) -> tuple[Clip, int]:
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    form = Format(width, height, params.frames, int(rng.choice(RATES)))
    others = sorted((one for one in photos if one != photo), key=lambda one: one.file)
    other = others[int(rng.integers(len(others)))] if others and rng.random() < 0.5 else None
    picture, moving = _open(photo), None if other is None else _open(other)
    large = recorder.doubled(form)
    room = picture.width >= large.width and picture.height >= large.height
    if rng.random() < params.recorded and room:
        frames = photo_camera.film(picture, large, rng, moving)
        return recorder.recorded(frames, rng, form.fps), form.fps
    return photo_camera.film(picture, form, rng, moving), form.fps


def _encoded(chosen: ladder.Ladder, frames: Clip, strength: float, clean: float, fps: int) -> bytes:
    only = chosen.links[0].step if len(chosen.links) == 1 else None
    if only is not None and only in damage_steps.ENCODERS:
        # The codec itself is the damage: no second one around it.
        return damage_steps.encode(frames, only, damage_steps.level(only, strength), fps)
    return damage_steps.encode(ladder.apply(chosen, frames, strength), "libx264", clean, fps)


def _open(photo: Source) -> Image.Image:
    return Image.fromarray(pictures.read(photo))
