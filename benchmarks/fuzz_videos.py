"""Damaged files by the thousand through import, extraction and scoring: each ends as a row.

    python -m benchmarks.fuzz_videos --out DIR                       # 5,200 files, seed 1
    python -m benchmarks.fuzz_videos --videos DIR --out DIR --files 400 --seed 7

Small clips are made by real encoders (of the videos given, or else of moving waves) in many
containers and codecs, then damaged: flipped bits, noise, ends and middles cut off, numbers of
headers replaced by lies, boxes and blocks shuffled, one file's beginning put before another's end.
The student that is part of vq scores them. Prints what became of them, and writes `DIR/fuzz.json`;
files that ended a process are kept in `DIR/found`. Exit code 1 if a file is
without a row, a row without a finite number, or a limit was not held.
"""

import argparse
import json
import logging
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from vq import params
from vq.features.cache import Cache
from vq.scoring.locate import SHIPPED, locate
from vq.scoring.scoring_pool import ScoringPool
from vq.video.inspect import look_at
from vq.workers.limits import Limits
from vq.zoo import extract
from vq.zoo.cache_filler import CacheFiller
from vq.zoo.task import Video

log = logging.getLogger(__name__)

WIDTH, HEIGHT, FRAMES = 96, 64, 16
BATCH = 200
"""Files on disk at a time."""
SLACK_SECONDS, SLACK_MB = 5.0, 200
"""By which a limit may be overrun until it is noticed, on a machine that others use as well."""
LIMITS = params.Limits(seconds=20, memory_mb=700, megapixels=36, frames=100_000)
EXPERTS = ("picture_statistics", "temporal_statistics", "spatial_statistics")

FORMATS: Mapping[str, dict[str, Any]] = {
    "h264.mp4": {"codec": "libx264", "options": {"g": "8", "bf": "2"}},
    "h264-front.mp4": {"codec": "libx264", "muxer": {"movflags": "faststart"}},
    "h264-parts.mp4": {"codec": "libx264", "muxer": {"movflags": "frag_keyframe+empty_moov"}},
    "h264.mov": {"codec": "libx264"},
    "h264.mkv": {"codec": "libx264", "options": {"g": "8"}},
    "h264.ts": {"codec": "libx264", "options": {"g": "8"}},
    "h264.flv": {"codec": "libx264"},
    "h264.avi": {"codec": "libx264", "options": {"bf": "0"}},
    "hevc.mp4": {"codec": "libx265"},
    "hevc.ts": {"codec": "libx265"},
    "vp8.webm": {"codec": "libvpx", "options": {"cpu-used": "8", "deadline": "realtime"}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}},
    "vp9.mp4": {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}},
    "av1.mp4": {"codec": "libsvtav1", "options": {"preset": "12"}},
    "av1.webm": {"codec": "libsvtav1", "options": {"preset": "12"}},
    "mpeg2.mpg": {"codec": "mpeg2video", "options": {"g": "8", "bf": "2"}},
    "mpeg2.ts": {"codec": "mpeg2video", "options": {"g": "8"}},
    "mpeg4.avi": {"codec": "mpeg4", "options": {"g": "8"}},
    "mpeg4.mp4": {"codec": "mpeg4", "options": {"g": "8", "bf": "2"}},
    "mjpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "mjpeg.mov": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "prores.mov": {"codec": "prores_ks", "pix_fmt": "yuv422p10le"},
    "ffv1.mkv": {"codec": "ffv1"},
}
"""File name and how it is encoded."""

Damage = Callable[[bytes, bytes, np.random.Generator], bytes]


@dataclass(frozen=True)
class Fate:
    """What became of one file."""

    name: str
    damage: str
    format: str
    imported: str
    """`ok`, or the beginning of its problem."""
    extracted: str
    """`ok`, the beginning of the reason, or `not tried`: only what was imported is extracted."""
    scored: str
    """Status of its row."""
    reason: str
    """Why there is no score."""


def main(argv: Sequence[str] | None = None) -> int:
    """Make, damage, run, print, and write."""
    given = _parse(argv)
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    given.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(given.seed)
    sound = make(given.out / "sound", sources(given.videos), given.formats or list(FORMATS))
    fates: list[Fate] = []
    faults: list[str] = []
    start = time.monotonic()
    with watched() as peak:
        for number in range(0, given.files, BATCH):
            count = min(BATCH, given.files - number)
            batch = damaged(given.out / "damaged", sound, number, count, rng)
            found, wrong = run(batch, given.out, jobs=given.jobs)
            fates += found
            faults += wrong
            keep(given.out, found)
            Console(stderr=True).print(f"{len(fates)} files, {time.monotonic() - start:.0f} s")
    if peak[0] > LIMITS.memory_mb + SLACK_MB:
        faults.append(f"a process took {peak[0]:.0f} MB")
    report = {
        "seed": given.seed, "files": len(fates), "formats": sorted(sound), "seconds":
        round(time.monotonic() - start, 1), "peak_mb": round(peak[0]), "faults": faults,
        "fates": [asdict(fate) for fate in fates],
    }  # fmt: skip
    (given.out / "fuzz.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    show(fates, peak[0], faults)
    return 1 if faults or len(fates) != given.files else 0


def sources(folder: Path | None) -> list[np.ndarray]:
    """Frames to encode, "time height width 3", of each clip of a folder; else of moving waves."""
    if folder is None:
        x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
        waves = [
            [
                128 + 50 * (np.sin((x + 3 * t) / a) + np.cos(y / b))
                for a, b in ((7, 9), (5, 17), (11, 6))
            ]
            for t in range(FRAMES)
        ]
        return [np.moveaxis(np.array(waves), 1, -1).astype(np.uint8)]
    clips = []
    for path in sorted(folder.iterdir()):
        with av.open(path) as container:
            frames = [
                frame.to_ndarray(format="rgb24", width=WIDTH, height=HEIGHT)
                for _, frame in zip(range(FRAMES), container.decode(video=0), strict=False)
            ]
        clips.append(np.stack(frames))
    return clips


def make(folder: Path, clips: Sequence[np.ndarray], formats: Sequence[str]) -> dict[str, bytes]:
    """Encode a clip in each format: content by name."""
    folder.mkdir(exist_ok=True)
    made = {}
    for number, name in enumerate(formats):
        path, how = folder / name, FORMATS[name]
        quiet = {"x265-params": "log-level=none"} if how["codec"] == "libx265" else {}
        with av.open(path, "w", options=how.get("muxer", {})) as container:
            options = {**quiet, **how.get("options", {})}
            stream: Any = container.add_stream(how["codec"], rate=25, options=options)
            stream.width, stream.height = WIDTH, HEIGHT
            stream.pix_fmt = how.get("pix_fmt", "yuv420p")
            stream.codec_context.thread_count = 1
            for pixels in clips[number % len(clips)]:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
            container.mux(stream.encode())
        made[name] = path.read_bytes()
    return made


def damaged(
    folder: Path, sound: Mapping[str, bytes], first: int, count: int, rng: np.random.Generator
) -> dict[Path, tuple[str, str]]:
    """Write damaged files: the damage and the format of each."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names, kinds = list(sound), list(DAMAGES)
    files = {}
    for number in range(first, first + count):
        name, kind = names[number % len(names)], kinds[number // len(names) % len(kinds)]
        other = sound[names[int(rng.integers(len(names)))]]
        path = folder / f"{number:05}-{kind}-{name}"
        path.write_bytes(DAMAGES[kind](sound[name], other, rng))
        files[path] = kind, name
    return files


def run(
    files: Mapping[Path, tuple[str, str]], out: Path, *, jobs: int
) -> tuple[list[Fate], list[str]]:
    """Import, extract and score; what became of each, and what must not happen."""
    paths = list(files)
    looks = dict(
        zip(paths, look_at(paths, jobs=jobs, settings=_IMPORT, fingerprints=True), strict=True)
    )
    fine = {path: look for path, look in looks.items() if look.probe and look.sha256}
    failed, kept = _extract({str(look.sha256): path for path, look in fine.items()}, out, jobs)
    with ScoringPool(locate(SHIPPED), jobs=jobs, limits=Limits(**LIMITS.model_dump())) as crew:
        rows = {Path(a.row.video): a.row for a in crew.score(map(str, paths))}
    fates, faults = [], []
    for path, (kind, name) in files.items():
        look, row = looks[path], rows.get(path)
        sha = str(look.sha256)
        if path not in fine:
            extracted = "not tried"
        else:
            extracted = _brief(failed[sha]) if sha in failed else "ok" if sha in kept else "LOST"
        if row is None or extracted == "LOST" or (look.probe is None) == (look.problem == ""):
            faults.append(f"{path.name}: has no row")
            continue
        if row.seconds > LIMITS.seconds + SLACK_SECONDS:
            faults.append(f"{path.name}: took {row.seconds:.0f} s")
        imported = "ok" if look.probe else _brief(look.problem)
        fates.append(Fate(path.name, kind, name, imported, extracted, row.status, row.reason))
    return fates, faults


def _extract(paths: Mapping[str, Path], out: Path, jobs: int) -> tuple[Mapping[str, str], set[str]]:
    """Why videos failed, and which are in the cache with finite numbers."""
    shutil.rmtree(out / "cache", ignore_errors=True)
    experts = extract.create(_EXTRACT)
    planned = extract.plan(_EXTRACT, experts, out / "cache")
    todo = extract.shards([Video(sha, path) for sha, path in paths.items()], planned, jobs=jobs)
    if not todo:
        return {}, set()
    with CacheFiller(
        planned, list(experts), extract.export(experts, _EXTRACT), jobs=jobs
    ) as filling:
        failed = filling.fill(todo)
    cache, kept = Cache(planned.root), set(paths)
    for key in planned.keys.values():
        arrays = zip(paths, cache.read(key, list(paths)), strict=True)
        kept &= {sha for sha, array in arrays if array is not None and np.isfinite(array).all()}
    return failed, kept


def keep(out: Path, fates: Sequence[Fate]) -> None:
    """Save files that ended a process, before the next batch takes their place."""
    for fate in fates:
        said = (fate.imported, fate.extracted, fate.scored, fate.reason)
        if any(text.startswith("its process") or "Error: " in text for text in said):
            (out / "found").mkdir(exist_ok=True)
            shutil.copy(out / "damaged" / fate.name, out / "found")


@contextmanager
def watched() -> Iterator[list[float]]:
    """The most that a process of ours held at a time, in MB, looked at twenty times a second."""
    peak, over = [0.0], threading.Event()
    here = psutil.Process()
    ours = here.cmdline()

    def look() -> None:
        while not over.wait(0.05):
            for child in here.children(recursive=True):
                try:
                    # Until it runs a program of its own, a process seems to hold all that we do.
                    if child.cmdline() != ours:
                        peak[0] = max(peak[0], child.memory_info().rss / 2**20)
                except psutil.Error:
                    continue

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _flip(content: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """Single bits, few or many."""
    damaged = np.frombuffer(content, np.uint8).copy()
    places = rng.integers(0, len(damaged), int(2 ** rng.integers(0, 9)))
    damaged[places] ^= (1 << rng.integers(0, 8, len(places))).astype(np.uint8)
    return damaged.tobytes()


def _noise(content: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """Stretches of random bytes, or of zeros."""
    damaged = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        size = int(2 ** rng.integers(1, 10))
        place = int(rng.integers(0, len(damaged)))
        new = rng.bytes(size) if rng.random() < 0.7 else bytes(size)
        damaged[place : place + size] = new[: len(damaged) - place]
    return bytes(damaged)


def _truncate(content: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """The end is missing."""
    return content[: int(len(content) * rng.random())]


def _excise(content: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """A piece of the middle is missing, or there twice."""
    first, last = sorted(rng.integers(0, len(content), 2).tolist())
    return (
        content[:first] + content[last:] if rng.random() < 0.7 else content[:last] + content[first:]
    )


def _lie(content: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """Numbers of the header are replaced by extreme ones."""
    damaged = bytearray(content)
    moov = content.find(b"moov")
    begin = moov if moov > 0 and rng.random() < 0.7 else 0
    for _ in range(int(rng.integers(1, 6))):
        size = int(rng.choice([1, 2, 4, 8]))
        place = begin + int(rng.integers(0, min(1200, len(content) - begin - 8)))
        lies = (
            0,
            1,
            2 ** (8 * size - 1) - 1,
            2 ** (8 * size) - 1,
            int(rng.integers(0, 1 << 8 * size - 1)),
        )
        value = lies[int(rng.integers(len(lies)))]
        damaged[place : place + size] = value.to_bytes(
            size, "big" if rng.random() < 0.8 else "little"
        )
    return bytes(damaged)


def _shuffle(content: bytes, _: bytes, rng: np.random.Generator) -> bytes:
    """Boxes of an MP4, or blocks of any other file, in another order."""
    parts = _boxes(content)
    if len(parts) < 2 or rng.random() < 0.3:
        size = int(rng.choice([188, 512, 1024]))
        parts = [content[start : start + size] for start in range(0, len(content), size)]
    order = np.arange(len(parts))
    for _ in range(int(rng.integers(1, 4))):
        one, other = rng.integers(0, len(parts), 2)
        order[[one, other]] = order[[other, one]]
    return b"".join(parts[place] for place in order)


def _splice(content: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """The beginning of one file, the end of another."""
    return content[: int(len(content) * rng.random())] + other[int(len(other) * rng.random()) :]


DAMAGES: Mapping[str, Damage] = {
    "flip": _flip,
    "noise": _noise,
    "truncate": _truncate,
    "excise": _excise,
    "lie": _lie,
    "shuffle": _shuffle,
    "splice": _splice,
}


def _boxes(content: bytes) -> list[bytes]:
    """Top-level boxes of an MP4 or MOV (ISO/IEC 14496-12, 4.2)."""
    parts, place = [], 0
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        if size < 8 or place + size > len(content):
            break
        parts.append(content[place : place + size])
        place += size
    return [*parts, content[place:]] if place < len(content) else parts


def _brief(problem: str) -> str:
    """Without the numbers of this one file."""
    return problem.partition(";")[0][:60]


def show(fates: Sequence[Fate], peak_mb: float, faults: Sequence[str]) -> None:
    """What became of the files, by damage and in words."""
    console = Console(width=120)
    statuses = sorted({fate.scored for fate in fates})
    table = Table("damage", "files", "imported", "extracted", *statuses)
    for kind in [*DAMAGES, "all"]:
        some = [fate for fate in fates if kind in (fate.damage, "all")]
        counts = Counter(fate.scored for fate in some)
        imported = sum(fate.imported == "ok" for fate in some)
        extracted = sum(fate.extracted == "ok" for fate in some)
        table.add_row(
            kind, str(len(some)), str(imported), str(extracted), *(str(counts[s]) for s in statuses)
        )
    console.print(table)
    for stage in ("imported", "extracted"):
        said = Counter(getattr(fate, stage) for fate in fates)
        console.print(f"{stage}: " + "; ".join(f"{n} {text}" for text, n in said.most_common()))
    console.print(f"the largest process held {peak_mb:.0f} MB; {len(faults)} faults")
    for fault in faults[:20]:
        console.print(f"FAULT {fault}")


_IMPORT = params.Import(limits=LIMITS)
_EXTRACT = params.Extract(
    moments=3,
    clip_frames=2,
    shard_videos=64,
    max_failed=1.0,
    runtime="onnx",
    limits=LIMITS,
    experts={name: params.Expert() for name in EXPERTS},
    views=params.Views(moments=3, grid=5, patch_px=32),
)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_videos")
    parser.add_argument("--videos", type=Path, help="clips to encode (default: moving waves)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--files", type=int, default=5200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--formats", nargs="*", choices=list(FORMATS), metavar="NAME")
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
