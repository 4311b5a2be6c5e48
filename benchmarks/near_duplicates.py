"""Do near-duplicates find what people make of a video, and nothing else? At what cost?

    python -m benchmarks.near_duplicates --videos DIR --out DIR --half report
    python -m benchmarks.near_duplicates --videos DIR --out DIR --half tune --bits 6 --share 0.5
    python -m benchmarks.near_duplicates --match 1000 100000 --out DIR

Makes of each clip fourteen others with the `ffmpeg` of this machine (`MANIPULATIONS`: encoders,
crops, mirrors, cuts, bars, frame rates, tones, and several at once; at most 360 lines, bad rates),
the same for the same seed. Each clip is a content of its own, save those whose names begin alike
with one of `--together`. Settings were chosen on one half of the contents (every other one, by
name), and are reported on the other.

Recall is that of a clip and what was made of it; precision that of all pairs found among clips and
what was made of them, of whatever content. Intervals (95 %) are of the bootstrap over contents.
`--match` times matching alone, on random fingerprints of ten seconds with some planted pairs.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from vq.duplicates.find_pairs import candidates, find
from vq.metrics.interval import resample
from vq.params import Split
from vq.video import fingerprint
from vq.video.fingerprint import Fingerprint
from vq.video.probe import survey
from vq.video.suffixes import SUFFIXES

Draw = np.random.Generator
Filter = Callable[[Draw, float], str]
"""From the length of a clip in seconds to a filter of ffmpeg."""
Encoder = Callable[[Draw], list[str]]
RESAMPLES = 2000
HEIGHTS = (240, 288, 360)


def _h264(draw: Draw) -> list[str]:
    rate = str(draw.integers(24, 38))
    return ["-c:v", "libx264", "-preset", "veryfast", "-crf", rate]


def _any(draw: Draw) -> list[str]:
    quiet = ["-x265-params", "log-level=none"]
    codecs = {
        "libx265": ["-preset", "ultrafast", *quiet, "-crf", str(draw.integers(26, 40))],
        "libvpx-vp9": [
            *("-deadline", "realtime", "-cpu-used", "8", "-b:v", "0"),
            *("-crf", str(draw.integers(30, 55))),
        ],
        "libsvtav1": ["-preset", "12", "-crf", str(draw.integers(35, 58))],
        "mpeg4": ["-q:v", str(draw.integers(4, 14))],
    }
    codec = str(draw.choice(list(codecs)))
    return ["-c:v", codec, *codecs[codec]]


def _crop(left: float, top: float, right: float, bottom: float) -> str:
    size = f"iw*{1 - left - right:.4f}:ih*{1 - top - bottom:.4f}"
    return f"crop={size}:iw*{left:.4f}:ih*{top:.4f}"


def _even(draw: Draw, _: float) -> str:
    return _crop(*[draw.uniform(0.05, 0.15)] * 4)


def _uneven(draw: Draw, _: float) -> str:
    return _crop(*draw.uniform(0, 0.15, 4))


def _mirror(*_: object) -> str:
    return "hflip"


def _start(draw: Draw, seconds: float) -> str:
    return f"trim=start={seconds * draw.uniform(0.1, 0.4):.4f},setpts=PTS-STARTPTS"


def _ends(draw: Draw, seconds: float) -> str:
    start, length = seconds * draw.uniform(0.05, 0.3), seconds * draw.uniform(0.5, 0.65)
    return f"trim=start={start:.4f}:duration={length:.4f},setpts=PTS-STARTPTS"


def _bars(draw: Draw, _: float) -> str:
    beside, above = "pad=iw*1.333:ih:(ow-iw)/2:0", "pad=iw:ih*1.333:0:(oh-ih)/2"
    return above if draw.random() < 0.5 else beside


def _rate(draw: Draw, _: float) -> str:
    return f"fps={draw.choice([12, 15, 24, 50])}"


def _tone(draw: Draw, _: float) -> str:
    return (
        f"eq=gamma={draw.uniform(0.7, 1.4):.3f}:contrast={draw.uniform(0.8, 1.25):.3f}"
        f":brightness={draw.uniform(-0.08, 0.08):.3f}:saturation={draw.uniform(0.3, 1.5):.3f}"
    )


MANIPULATIONS: Mapping[str, tuple[Sequence[Filter], Encoder]] = {
    "re-encoded": ((), _h264),
    "other codec": ((), _any),
    "cropped evenly, 5-15 % a side": ((_even,), _h264),
    "cropped unevenly, 0-15 % a side": ((_uneven,), _h264),
    "mirrored": ((_mirror,), _h264),
    "beginning cut off": ((_start,), _h264),
    "both ends cut off": ((_ends,), _h264),
    "bars": ((_bars,), _h264),
    "frame rate": ((_rate,), _h264),
    "tone": ((_tone,), _h264),
    "cropped, mirrored": ((_uneven, _mirror), _any),
    "cropped, cut": ((_even, _ends), _h264),
    "mirrored, cut": ((_mirror, _start), _any),
    "all of it": ((_uneven, _mirror, _ends, _rate, _tone), _any),
}
"""What is done before encoding, one after the other, and how it is encoded."""


@dataclass(frozen=True)
class File:
    """A clip, or what was made of one."""

    path: Path
    content: str
    clip: str
    how: str
    """Which manipulation; empty for the clip itself."""


def main(argv: Sequence[str] | None = None) -> int:
    """Plant, look, find, print and write."""
    given = _parse(argv)
    given.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"bits": given.bits, "share": given.share, "half": given.half}
    if given.videos:
        if shutil.which("ffmpeg") is None:
            raise SystemExit("near_duplicates: there is no ffmpeg; install it (apt install ffmpeg)")
        clips = _half(contents(given.videos, given.together), given.half)
        files = plant(clips, given.out / f"planted-{given.seed}", seed=given.seed)
        prints, cost = look(files)
        found |= {"cost": cost, **agreement(files, prints, bits=given.bits, share=given.share)}
        _show(found)
    for count in given.match:
        found[f"matching {count}"] = one = matching(count, bits=given.bits)
        sys.stdout.write(f"{count} random fingerprints: {one}\n")
    (given.out / "near_duplicates.json").write_text(json.dumps(found, indent=2) + "\n")
    return 0


def contents(folder: Path, together: Sequence[str]) -> dict[Path, str]:
    """The content of each clip of a folder."""
    clips = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    names = {clip: [one for one in together if clip.name.startswith(one)] for clip in clips}
    return {clip: begins[0] if begins else clip.stem for clip, begins in names.items()}


def plant(clips: Mapping[Path, str], out: Path, *, seed: int) -> list[File]:
    """Make of each clip what `MANIPULATIONS` says; what is there already is left."""
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for clip, content in clips.items():
        files.append(File(clip, content, clip.stem, ""))
        probed, *_ = survey(clip)
        for number, (how, (filters, encoder)) in enumerate(MANIPULATIONS.items()):
            made = out / f"{clip.stem}-{number:02}.mp4"
            draw = np.random.default_rng([seed, zlib.crc32(clip.stem.encode()), number])
            lines = min(int(draw.choice(HEIGHTS)), probed.height // 2 * 2)
            chain = [one(draw, probed.duration_s) for one in filters]
            chain += [f"scale=-2:{lines}", "setsar=1", "format=yuv420p"]
            if not made.exists():
                _encode(clip, made, ",".join(chain), encoder(draw))
            files.append(File(made, content, clip.stem, how))
    return files


def look(files: Sequence[File]) -> tuple[list[Fingerprint], dict[str, float]]:
    """The fingerprint of each file, and milliseconds of CPU a file, on one core."""
    prints = []
    spent = dict.fromkeys(["decoded by ffmpeg", "probed", "fingerprint"], 0.0)
    for file in files:
        null = ["-map", "0:v:0", "-f", "null", "-"]
        command = ["ffmpeg", "-v", "quiet", "-threads", "1", "-i", str(file.path), *null]
        before = _children()
        subprocess.run(command, check=True)
        spent["decoded by ffmpeg"] += _children() - before
        marks = [time.process_time()]
        probed, frames, _ = survey(file.path)
        marks.append(time.process_time())
        prints.append(fingerprint.take(frames, probed.duration_s))
        marks.append(time.process_time())
        spent["probed"] += marks[1] - marks[0]
        spent["fingerprint"] += marks[2] - marks[1]
    cost = {f"{name}, ms": round(1000 * all_ / len(files), 2) for name, all_ in spent.items()}
    hashes = [one.windows.nbytes + one.frames.nbytes for one in prints]
    return prints, cost | {"bytes": round(float(np.mean(hashes)))}


def agreement(
    files: Sequence[File], prints: Sequence[Fingerprint], *, bits: int, share: float
) -> dict[str, Any]:
    """Recall of each manipulation, precision of all, and what failed."""
    pairs = find(prints, bits=bits, share=share)
    contents = np.array([file.content for file in files])
    source = {file.clip: place for place, file in enumerate(files) if not file.how}
    hit: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    missed = []
    for place, file in enumerate(files):
        if file.how:
            ends = sorted((source[file.clip], place))
            seen = (ends[0], ends[1]) in pairs
            hit[file.how].append((file.content, seen))
            hit["all planted"].append((file.content, seen))
            missed += [] if seen else [f"{file.clip}: {file.how}"]
    same = [(str(contents[a]), bool(contents[a] == contents[b])) for a, b in pairs]
    wrong = sorted(
        {" ~ ".join(sorted({str(contents[a]), str(contents[b])})) for a, b in pairs}
        - set(map(str, contents))
    )
    _, counts = np.unique(contents, return_counts=True)
    within = int((counts * (counts - 1) // 2).sum())
    rng = np.random.default_rng(1)
    return {
        "files": len(files),
        "contents": len(counts),
        "pairs within contents": within,
        "pairs between contents": len(files) * (len(files) - 1) // 2 - within,
        "found within": sum(right for _, right in same),
        "found between": sum(not right for _, right in same),
        "precision": _rate_of(same, rng),
        "recall": {how: _rate_of(seen, rng) for how, seen in hit.items()},
        "candidates": len(candidates(prints, bits=bits)),
        "missed": missed,
        "contents joined wrongly": wrong,
        "without a fingerprint": [
            file.path.name for file, one in zip(files, prints, strict=True) if not len(one.windows)
        ],
    }


def matching(count: int, *, bits: int) -> dict[str, float]:
    """Seconds of matching random fingerprints of ten seconds, one in fifty a copy of another one.

    A copy has five of 64 bits wrong in each hash. Random hashes are spread evenly; those of
    pictures are not, and meet more often.
    """
    rng = np.random.default_rng(1)
    windows = rng.integers(0, 2**63, (count, 20, len(fingerprint.WINDOWS)), np.uint64)
    frames = rng.integers(0, 2**63, (count, 2, 80), np.uint64)
    copies = rng.choice(count, 2 * (count // 50), replace=False).reshape(2, -1)
    flips = np.zeros((copies.shape[1], 20), np.uint64)
    for _ in range(5):
        flips ^= np.uint64(1) << rng.integers(0, 63, flips.shape).astype(np.uint64)
    frames[copies[1], 0, ::4] = windows[copies[0], :, 0] ^ flips
    prints = [Fingerprint(w, f, 0.5) for w, f in zip(windows, frames, strict=True)]
    start, cpu = time.monotonic(), time.process_time()
    hits = find(prints, bits=bits, share=0.7).keys()
    planted = {(min(a, b), max(a, b)) for a, b in copies.T.tolist()}
    return {
        "seconds": round(time.monotonic() - start, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "planted": len(planted),
        "planted found": len(planted & hits),
        "others found": len(hits - planted),
    }


def _encode(clip: Path, made: Path, filters: str, encoder: Sequence[str]) -> None:
    part = made.with_name(f".{made.name}")
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-an", "-vf", filters, *encoder]
    subprocess.run([*command, str(part)], check=True, capture_output=True)
    part.rename(made)


def _half(clips: Mapping[Path, str], half: str) -> dict[Path, str]:
    names = sorted(set(clips.values()))
    wanted = {"tune": names[::2], "report": names[1::2], "all": names}[half]
    return {clip: content for clip, content in clips.items() if content in wanted}


def _rate_of(seen: Sequence[tuple[str, bool]], rng: np.random.Generator) -> dict[str, float]:
    """Share of what is right, and its interval over contents."""
    right = np.array([one for _, one in seen], np.float64)
    weights = resample(np.array([content for content, _ in seen]), count=RESAMPLES, rng=rng)
    rates = weights @ right / weights.sum(axis=1)
    low, high = np.quantile(rates, [0.025, 0.975]) if len(rates) else (np.nan, np.nan)
    return {
        "value": round(float(right.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "of": len(right),
    }


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _show(found: Mapping[str, Any]) -> None:
    table = Table("", "share", "95 % interval", "of")
    for name, one in {**found["recall"], "precision": found["precision"]}.items():
        interval = f"{one['low']:.3f} to {one['high']:.3f}"
        table.add_row(name, f"{one['value']:.4f}", interval, str(one["of"]))
    console = Console(width=110)
    console.print(table)
    for name, said in found.items():
        if name not in {"recall", "precision"}:
            console.print(f"{name}: {said}")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    known = Split.model_fields
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.near_duplicates",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--videos", type=Path, help="folder of clips, each a content of its own")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--half", choices=["tune", "report", "all"], default="all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bits", type=int, default=known["near_bits"].default)
    parser.add_argument("--share", type=float, default=known["near_share"].default)
    parser.add_argument("--match", type=int, nargs="*", default=[], help="numbers of videos")
    parser.add_argument(
        "--together", nargs="*", default=[], help="prefixes of file names: clips of one content"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
