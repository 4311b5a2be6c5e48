"""Films that look like uploads, of contents that no training saw.

    python -m benchmarks.unseen_films --footage DIR --out DIR

`--footage` is a folder that `vq footage fetch` filled. Of each photograph and clip whose content
the split of `params.yaml` and `presets/footage.yaml` gives to validation or test, it films two
takes with a seed of its own, longer ones than those of `vq footage film`, with keyframes at the
distances that uploads have, and damages each by two chains at two strengths. Each film is also
stored with frames dropped and with frames frozen, which short looks see least of. Joins of three
versions of other films follow, whose scene and quality change. There are no labels: whatever reads
these films compares looks at a video with each other.

Writes `OUT/videos` and, last, `OUT/films.csv`; a film that is there is not made again.
"""

import argparse
import csv
import json
import logging
import sys
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vq.data import split
from vq.errors import DataError
from vq.files import atomic
from vq.footage import fetched, pictures
from vq.footage.fetched import Source
from vq.footage.filmed import damage_steps, ladder, photo_camera, recorder
from vq.footage.filmed.make import CLEAN, RATES, SIZES
from vq.footage.filmed.photo_camera import Clip, Format
from vq.synthetic.demo import encode

log = logging.getLogger(__name__)

SALT, VALIDATION, TEST = "vq-1", 0.1, 0.15
"""Of the split of the student that ships: `params.yaml` and `presets/footage.yaml`."""
LENGTHS, SHARES = (24, 48, 96, 150), (0.3, 0.3, 0.25, 0.15)
"""Frames of a film, and how often each comes."""
KEYFRAMES = (12, 25, 48, 60, 120, 250)
"""Frames from a keyframe to the next at most."""
RECORDED = 0.6
STALLS = ("drop", "freeze")
LADDERS, RUNGS = 2, 2
COLUMNS = ("video", "content", "side", "film", "chain", "strength", "frames", "keyframes")


def main(argv: Sequence[str] | None = None) -> None:
    """Make the films and their table."""
    args = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    videos = args.out / "videos"
    rows = make(args.footage, args.out, takes=args.takes, seed=args.seed)
    with (args.out / "films.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        writer.writerows(stalls(rows, videos, seed=args.seed))
        writer.writerows(joins(rows, videos, seed=args.seed, count=args.joins))


def stalls(rows: Sequence[dict[str, Any]], out: Path, *, seed: int) -> list[dict[str, Any]]:
    """Each film as it was shot, once with frames dropped and once with frames frozen."""
    made = []
    for row in rows:
        for name in STALLS if row["chain"] == "pristine" else ():
            video = f"{row['film']}-{name}.mkv"
            rng = np.random.default_rng([seed, zlib.crc32(video.encode())])
            keyframes, level = int(rng.choice(KEYFRAMES)), float(rng.integers(*CLEAN))
            strength = float(rng.random())
            if not (out / video).exists():
                clip = damage_steps.decode((out / row["video"]).read_bytes())
                damaged = damage_steps.STEPS[name](clip, strength, rng)
                with atomic(out / video) as part:
                    part.write_bytes(_encoded(damaged, "libx264", level, keyframes, 25))
            about = {"video": video, "chain": name, "strength": strength, "keyframes": keyframes}
            made.append(row | about)
    return made


def joins(
    rows: Sequence[dict[str, Any]], out: Path, *, seed: int, count: int
) -> list[dict[str, Any]]:
    """Three versions of other films of one side, one after the other, at the size of the first."""
    made = []
    for number in range(count):
        video = f"join_{seed}-{number:03d}.mkv"
        rng = np.random.default_rng([seed, number])
        side = ("validation", "test")[number % 2]
        some = [row for row in rows if row["side"] == side]
        three = [some[int(place)] for place in rng.choice(len(some), 3, replace=False)]
        keyframes, level = int(rng.choice(KEYFRAMES)), float(rng.integers(*CLEAN))
        if not (out / video).exists():
            clips = [damage_steps.decode((out / row["video"]).read_bytes()) for row in three]
            height, width = clips[0].shape[1:3]
            frames = [Image.fromarray(frame) for clip in clips for frame in clip]
            clip = np.stack([np.asarray(frame.resize((width, height))) for frame in frames])
            with atomic(out / video) as part:
                part.write_bytes(_encoded(clip, "libx264", level, keyframes, 25))
        about = {"video": video, "content": f"join-{number}", "side": side, "film": video}
        made.append(about | {"chain": "join", "strength": 0.0, "keyframes": keyframes})
    return made


def make(footage: Path, out: Path, *, takes: int, seed: int) -> list[dict[str, Any]]:
    """The versions of all films."""
    (out / "videos").mkdir(parents=True, exist_ok=True)
    every = fetched.load(footage)
    photos = [source for source in every if source.kind == "photo"]
    unseen = [(source, split.side(source.content, SALT, VALIDATION, TEST)) for source in every]
    rows: list[dict[str, Any]] = []
    for take in range(takes):
        for source, side in unseen:
            if side != "train":
                rows += film(photos, source, side, take, out=out / "videos", seed=seed)
                log.info("%s, take %d: %d versions in all", source.file, take, len(rows))
    return rows


def film(
    photos: Sequence[Source], source: Source, side: str, take: int, *, out: Path, seed: int
) -> list[dict[str, Any]]:
    """The versions of one film, made once: their table comes last."""
    stem = f"{source.path.stem}_{seed}{take:02d}"
    table = out / f"{stem}.json"
    if table.exists():
        return json.loads(table.read_text())
    rng = np.random.default_rng([seed, take, zlib.crc32(stem.encode())])
    frames = int(rng.choice(LENGTHS, p=SHARES))
    try:
        pristine, fps = (
            recorder.cut(source, frames, rng)
            if source.kind == "clip"
            else _shoot(photos, source, frames, rng)
        )
    except DataError as error:
        log.warning("%s", error)
        return []
    about = {"content": source.content, "side": side, "film": stem, "frames": len(pristine)}
    rows: list[dict[str, Any]] = []

    def add(clip: Clip, encoder: str, level: float, chain: str, strength: float) -> None:
        keyframes = int(rng.choice(KEYFRAMES))
        video = f"{stem}-{len(rows):02d}.mkv"
        (out / video).write_bytes(_encoded(clip, encoder, level, keyframes, fps))
        rows.append(
            about | {"video": video, "chain": chain, "strength": strength, "keyframes": keyframes}
        )

    add(pristine, "libx264", float(rng.integers(10, 24)), "pristine", 0.0)
    chains = ladder.draw(rng, RUNGS)
    for _ in range(LADDERS):
        chosen, clean = next(chains), float(rng.integers(*CLEAN))
        only = chosen.links[0].step if len(chosen.links) == 1 else ""
        for strength in chosen.strengths:
            if only in damage_steps.ENCODERS:
                level = damage_steps.level(only, strength)
                add(pristine, only, level, chosen.name, strength)
            else:
                damaged = ladder.apply(chosen, pristine, strength)
                add(damaged, "libx264", clean, chosen.name, strength)
    with atomic(table) as part:
        part.write_text(json.dumps(rows))
    return rows


def _shoot(
    photos: Sequence[Source], photo: Source, frames: int, rng: np.random.Generator
) -> tuple[Clip, int]:
    sizes = (*SIZES, (1280, 720))
    width, height = sizes[int(rng.integers(len(sizes)))]
    form = Format(width, height, frames, int(rng.choice(RATES)))
    other = photos[int(rng.integers(len(photos)))] if rng.random() < 0.5 else None
    moving = None if other is None or other == photo else _open(other)
    picture, large = _open(photo), recorder.doubled(form)
    room = picture.width >= large.width and picture.height >= large.height
    if rng.random() < RECORDED and room:
        clip = photo_camera.film(picture, large, rng, moving)
        return recorder.recorded(clip, rng, form.fps), form.fps
    return photo_camera.film(picture, form, rng, moving), form.fps


def _encoded(clip: Clip, encoder: str, level: float, keyframes: int, fps: int) -> bytes:
    quantiser = str(max(round(level), 2))
    fixed = {"qmin": quantiser, "qmax": quantiser}
    quality = fixed if encoder == "mpeg4" else {"crf": str(round(level))}
    options = {**damage_steps.ENCODERS[encoder][2], **quality, "g": str(keyframes)}
    buffer = BytesIO()
    encode.encode(clip, buffer, encoder=encoder, container="matroska", options=options, fps=fps)
    return buffer.getvalue()


def _open(photo: Source) -> Image.Image:
    return Image.fromarray(pictures.read(photo))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unseen_films", description=__doc__)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--takes", type=int, default=2)
    parser.add_argument("--joins", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2026)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
