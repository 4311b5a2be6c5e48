"""Causes of damage: which are named, how often rightly, and how sure.

    python -m benchmarks.causes --make --footage DIR --cache DIR    # films, damage, evidence
    python -m benchmarks.causes --fit --cache DIR                   # cross-validate, and write it
    python -m benchmarks.causes --measure --videos DIR --out DIR    # on real clips
    python -m benchmarks.causes --cost --videos DIR                 # milliseconds beside `exact`

Films are those of photographs and cuts of clips; each is kept in a file of its own, and what is
there already is not made again. The model is calibrated on contents that its networks did not see.
Real clips are for measuring alone.
"""

import argparse
import csv
import json
import logging
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

import vq
from benchmarks import causes_damage, causes_fit, real_clips
from vq.causes import evidence, model
from vq.causes.model import FOLDER, save
from vq.causes.vocabulary import CAUSES
from vq.errors import DataError
from vq.footage import fetched
from vq.footage.fetched import Source
from vq.footage.filmed import photo_camera, recorder
from vq.footage.filmed.photo_camera import Format

log = logging.getLogger(__name__)

SEED = 24
SIZES = (
    *((480, 270),) * 4, *((426, 240),) * 4, *((640, 360),) * 3, *((256, 256),) * 2, (320, 180),
    (320, 240), (270, 480), (360, 640), (512, 512), (854, 480), (960, 540),
)  # fmt: skip
RATES = (15, 24, 25, 30, 30)
SINGLES, CHAINS = 8, 3
"""Versions of a film with one damage, and with two."""
HARD = ("exposure", "blur", "upscaled", "clipping", "compression")
"""Causes that were named least often in the first 45 films, by networks that had not seen them."""
STRENGTHS, PAIRS, LONGEST = (0.35, 0.85), 4, 36
"""Of damage to real clips; versions with two; frames."""


def make(footage: Path, cache: Path, *, films: int, focus: bool) -> None:
    """The evidence of damaged films, in a file for each of so many films.

    With `focus`, films that are not there yet are damaged mostly by what is hard to tell.
    """
    cache.mkdir(parents=True, exist_ok=True)
    photos, clips = sources(footage)
    cuts = [(source, take) for take in range(len(photos) // 12) for source in clips]
    takes = [(source, 0) for source in photos] + cuts
    order = np.random.default_rng(SEED).permutation(len(takes))[:films]
    for place, (source, take) in enumerate((takes[int(number)] for number in order), 1):
        path = cache / f"{source.content}_{take:02d}.json"
        if path.exists():
            continue
        rng = np.random.default_rng([SEED, take, zlib.crc32(source.content.encode())])
        try:
            frames, fps = shoot(source, photos, rng)
        except DataError as error:
            log.warning("%s", error)
            continue
        rows = list(versions(frames, fps, focused(rng) if focus else usual(rng), rng))
        for row in rows:
            row |= {"content": source.content, "kind": source.kind, "take": take}
        part = path.with_suffix(".part")
        part.write_text(json.dumps(rows))
        part.rename(path)
        log.info("%d of %d: %s, %d versions", place, len(order), path.name, len(rows))


def sources(footage: Path) -> tuple[list[Source], list[Source]]:
    """Photographs and clips: what `vq footage fetch` brought, or `photos.csv` and `clips.csv`."""
    if (footage / fetched.MANIFEST).exists():
        photos, clips = (fetched.load(footage, kind=kind) for kind in ("photo", "clip"))
        return photos, clips
    found: dict[str, list[Source]] = {"photo": [], "clip": []}
    for kind, folder in (("photo", "photos"), ("clip", "clips")):
        with (footage / f"{folder}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                name = Path(row["file"]).name
                found[kind].append(
                    Source(
                        path=footage / folder / name,
                        kind="photo" if kind == "photo" else "clip",
                        content=f"{kind}_{Path(name).stem}",
                        licence=row["licence"],
                        licence_text=row["licence"],
                        author=row["author"],
                        origin=row["url"],
                        sha256=row["sha256"],
                        bytes=0,
                        width=int(row.get("webp_width") or row["width"]),
                        height=int(row.get("webp_height") or row["height"]),
                        scaled=False,
                    )
                )
    return found["photo"], found["clip"]


def shoot(
    source: Source, photos: Sequence[Source], rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """A film without damage: through a camera and its encoder, mostly."""
    count = int(rng.integers(24, 44))
    if source.kind == "clip":
        frames, fps = recorder.cut(source, count + 12, rng)
        return frames, fps
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    form = Format(width, height, count, int(rng.choice(RATES)))
    other = photos[int(rng.integers(len(photos)))] if rng.random() < 0.6 else None
    picture = opened(source)
    moving = opened(other) if other is not None and other != source else None
    large = recorder.doubled(form)
    if rng.random() < 0.85 and picture.width >= large.width and picture.height >= large.height:
        frames = photo_camera.film(picture, large, rng, moving)
        return recorder.recorded(frames, rng, form.fps), form.fps
    return photo_camera.film(picture, form, rng, moving), form.fps


def opened(source: Source) -> Image.Image:
    """A photograph."""
    with Image.open(source.path) as picture:
        return picture.convert("RGB")


def usual(rng: np.random.Generator) -> list[tuple[str, ...]]:
    """A clean version, some with one damage, some with two."""
    names = list(CAUSES)
    plans: list[tuple[str, ...]] = [()]
    plans += [(names[int(number)],) for number in rng.permutation(len(names))[:SINGLES]]
    plans += [tuple(map(str, rng.choice(names, 2, replace=False))) for _ in range(CHAINS)]
    return plans


def focused(rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Two clean versions, two of each hard cause, two of the others."""
    others = [name for name in CAUSES if name not in HARD]
    return [(), (), *((name,) for name in (*HARD, *HARD, *map(str, rng.choice(others, 2))))]


def versions(
    frames: np.ndarray, fps: float, plans: Sequence[tuple[str, ...]], rng: np.random.Generator
) -> Iterator[dict[str, object]]:
    """Evidence of a film with each damage, at any strength."""
    for plan in plans:
        yield from planted(frames, fps, [(plan, tuple(rng.random(len(plan)).tolist()))], rng)


def planted(
    frames: np.ndarray,
    fps: float,
    plans: Sequence[tuple[tuple[str, ...], tuple[float, ...]]],
    rng: np.random.Generator,
) -> Iterator[dict[str, object]]:
    """Evidence of a film with damage; what could not be seen is left out."""
    for plan, strengths in plans:
        version = causes_damage.version(frames, fps, plan, strengths, rng)
        if version is not None:
            yield {
                "planted": version.planted,
                "strengths": strengths,
                "causes": sorted(version.causes),
                "evidence": evidence_of(version.data),
            }


def evidence_of(data: bytes) -> dict[str, float]:
    """Of a file that is not on disk."""
    with tempfile.NamedTemporaryFile(suffix=".mkv", dir="/dev/shm") as file:
        file.write(data)
        file.flush()
        return evidence.measure(Path(file.name))


def fit(cache: Path, folder: Path, *, seed: int) -> None:
    """Cross-validate over contents, calibrate, and write the model that ships."""
    rows = causes_fit.read(cache)
    values = causes_fit.unseen(rows, seed=seed)
    slope, offset = causes_fit.platt(values, rows.causes, rows.weights)
    held = causes_fit.held_calibration(values, rows)
    show(causes_fit.summary(held, rows, weighted=True))
    for kind in ("photo", "clip"):
        some = np.flatnonzero(rows.kind == kind)
        log.info("%s alone:", kind)
        show(causes_fit.summary(held[some], rows.take(some), weighted=True))
    final = replace(causes_fit.fit(rows, seed=seed), slope=slope, offset=offset)
    photos, clips = (len(set(rows.content[rows.kind == kind])) for kind in ("photo", "clip"))
    save(
        final,
        folder,
        {
            "learnt_from": f"{len(rows.content)} versions of films of {photos} photographs and "
            f"{clips} clips, damaged by benchmarks/causes_damage.py",
            "seed": [SEED, seed],
            "licence": "Apache-2.0; vq/scoring/shipped/ATTRIBUTION.md has the authors and licences "
            "of the photographs and clips, among others",
        },
    )


def damage(videos: Path, out: Path, *, together: Sequence[str]) -> None:
    """The evidence of damaged real clips, each of which is scaled to half first."""
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(one for one in videos.iterdir() if one.is_file()):
        kept = out / f"{path.stem}.json"
        if not kept.exists():
            frames, fps = real_clips.pristine(path)
            rng = np.random.default_rng([SEED, zlib.crc32(path.stem.encode())])
            content = real_clips.content_of(path, together)
            rows = [row | {"content": content, "kind": "clip"} for row in tests(frames, fps, rng)]
            part = kept.with_suffix(".part")
            part.write_text(json.dumps(rows))
            part.rename(kept)
            log.info("%s: %d versions of %s", path.name, len(rows), frames.shape)


def measure(out: Path) -> None:
    """Name the damage that was planted into real clips."""
    rows = causes_fit.read(out)
    chances = np.array(
        [[one[cause] for cause in CAUSES] for one in map(probabilities, rows.each())]
    )
    summary = causes_fit.summary(chances, rows)
    summary["by_strength"] = causes_fit.by_strength(chances, rows)
    summary |= causes_fit.intervals(chances, rows, rng=np.random.default_rng(SEED))
    show(summary)
    causes_fit.draw(chances, rows, out / "reliability.png")
    (out / "summary.txt").write_text(json.dumps(summary, indent=1) + "\n")


def cost(videos: Path) -> None:
    """Milliseconds of CPU for an exact score and for causes, of files as they are."""
    student = vq.load("shipped")
    files = sorted(path for path in videos.iterdir() if path.is_file())
    model.of(files[0])  # loads what is loaded once
    student.score(files[0])
    table = []
    for path in files:
        times = [time.process_time()]
        for look in (student.score, model.of):
            look(path)
            times.append(time.process_time())
        table.append(np.diff(times) * 1000)
    exact, causes = np.array(table).T
    for name, values in (("exact", exact), ("causes", causes), ("share", causes / exact)):
        low, middle, high = np.percentile(values, [10, 50, 90])
        log.info("%s: median %.2f, from %.2f to %.2f (10 and 90 %%)", name, middle, low, high)


def probabilities(numbers: Mapping[str, float]) -> dict[str, float]:
    """By the model that ships."""
    return model.shipped().probabilities(numbers)


def tests(frames: np.ndarray, fps: float, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """The clip itself, each cause at two strengths, and pairs of causes at medium strength."""
    frames = frames[:LONGEST]
    names = list(CAUSES)
    plans: list[tuple[tuple[str, ...], tuple[float, ...]]] = [((), ())]
    plans += [((name,), (strength,)) for name in names for strength in STRENGTHS]
    for _ in range(PAIRS):
        first, second = (str(name) for name in rng.choice(names, 2, replace=False))
        plans.append(((first, second), tuple(rng.uniform(*STRENGTHS, 2).tolist())))
    yield from planted(frames, fps, plans, rng)


def show(summary: Mapping[str, object]) -> None:
    """Print what was measured."""
    for name, value in summary.items():
        if isinstance(value, dict):
            for key, one in value.items():
                log.info("    %-12s %s", key, one)
        else:
            log.info("%s: %s", name, value)


def main(argv: Sequence[str] | None = None) -> None:
    """Run one of the steps."""
    args = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if args.make:
        make(args.footage, args.cache, films=args.films, focus=args.focus)
    if args.fit:
        fit(args.cache, args.model, seed=args.seed)
    if args.cost:
        cost(args.videos)
    if args.measure:
        damage(args.videos, args.out, together=args.together)
        measure(args.out)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.causes", description=__doc__)
    for step in ("make", "fit", "measure", "cost"):
        parser.add_argument(f"--{step}", action="store_true")
    for name in ("footage", "cache", "videos", "out"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--model", type=Path, default=FOLDER)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--films", type=int, default=1000, help="so many, in a shuffled order")
    parser.add_argument("--focus", action="store_true", help="mostly what is hard to tell")
    parser.add_argument("--together", nargs="*", default=[], help="prefixes: clips of one content")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
