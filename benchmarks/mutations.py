"""Small damage to healthy packets: every frame of a plan is that of a decode of the whole file.

    python -m benchmarks.mutations --out DIR                      # 3,000 mutations, seed 1
    python -m benchmarks.mutations --out DIR --mutations 300 --formats h264-b vp9 --seed 2

Small clips are made by real encoders in every codec that decoding is planned for. One packet of
each is then damaged: bits flipped in its headers or anywhere, bytes replaced by zeros or noise, its
end or all of it lost, doubled, or put in the place of another. Each file is decoded from its first
frame to its last, and by plan, for frames at its end, in its middle, and all over it.

Prints for each format how many mutations were planned, how many were decoded from their start by a
rule, and how many gave a wrong frame: one that the whole decode does not show at that time, or
shows with other pixels. Writes `DIR/mutations.json`; files with a wrong frame are
kept in `DIR/wrong`. Exit code 1 if there is one.
"""

import argparse
import hashlib
import json
import logging
import shutil
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from rich.console import Console
from rich.table import Table

from vq.errors import VideoError
from vq.video import decode_plan, frame_sampling, packets, stream
from vq.video.convert import Converter
from vq.video.decode import decode

WIDTH, HEIGHT, FRAMES = 96, 64, 60
DIGITS = 6
"""Of seconds, at which times are compared."""

X264 = {"preset": "veryfast", "g": "10", "crf": "20"}
X265 = "log-level=none:pools=none:frame-threads=1:keyint=10:min-keyint=10:scenecut=0:"


def _x264(file: str, options: str = "", **how: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    params = f"keyint=10:min-keyint=10:scenecut=0:{options}"
    return file, {"codec": "libx264", "options": {**X264, "x264-params": params}, **how}


def _x265(file: str, options: str, **how: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    return file, {"codec": "libx265", "options": {"x265-params": X265 + options}, **how}


def _other(file: str, codec: str, **how: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    return file, {"codec": codec, **how}


FORMATS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "h264-b": _x264("a.mp4", "bframes=3:b-pyramid=normal"),
    "h264-p": _x264("a.mp4", "bframes=0:cabac=0:slices=3"),
    "h264-open": _x264("a.mkv", "bframes=3:open-gop=1:weightp=2:ref=4"),
    "h264-fields": _x264("a.mp4", "tff=1:bframes=2"),
    "h264-ts": _x264("a.ts", "bframes=2"),
    "hevc": _x265("a.mp4", "bframes=3:open-gop=0"),
    "hevc-open": _x265("a.mkv", "bframes=4:open-gop=1:b-pyramid=1"),
    "hevc-layers": _x265("a.mp4", "bframes=3:temporal-layers=3:open-gop=0"),
    "vp8": _other(
        "a.webm",
        "libvpx",
        options={"cpu-used": "8", "g": "10", "auto-alt-ref": "1", "lag-in-frames": "8"},
    ),
    "vp9": _other(
        "a.webm",
        "libvpx-vp9",
        options={"cpu-used": "8", "g": "10", "auto-alt-ref": "1", "lag-in-frames": "8"},
    ),
    "av1": _other(
        "a.mp4", "libsvtav1", options={"preset": "12", "g": "10", "svtav1-params": "lp=1"}
    ),
    "mpeg1": _other("a.mpg", "mpeg1video", options={"g": "10", "bf": "2"}),
    "mpeg2": _other("a.ts", "mpeg2video", options={"g": "10", "bf": "2"}),
    "mpeg4": _other(
        "a.mp4", "mpeg4", options={"g": "10", "bf": "2", "qscale": "2", "flags": "+qscale"}
    ),
    "prores": _other("a.mov", "prores_ks", pix_fmt="yuv422p10le"),
}
"""The end of the file's name, and how it is encoded: each codec that decoding is planned for."""

Damage = Callable[[list[bytes], int, np.random.Generator], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one mutation."""

    format: str
    damage: str
    number: int
    rule: str
    """Why it was decoded from its first frame on; empty if all choices were planned."""
    wrong: str
    """What differs from a decode of the whole file; empty if nothing does."""


def main(argv: Sequence[str] | None = None) -> int:
    """Make, mutate, compare, print, and write."""
    args = _parse(argv)
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    start = time.monotonic()
    outcomes = run(args.out, args.formats or list(FORMATS), args.mutations, seed=args.seed)
    report = {
        "seed": args.seed,
        "mutations": len(outcomes),
        "seconds": round(time.monotonic() - start, 1),
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }
    (args.out / "mutations.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    show(outcomes)
    return 1 if any(outcome.wrong for outcome in outcomes) else 0


def run(out: Path, formats: Sequence[str], mutations: int, *, seed: int) -> list[Outcome]:
    """Mutate packets, each format and kind of damage in turn, and compare."""
    sources = {name: make(out / "healthy", name) for name in formats}
    outcomes = []
    kinds = list(DAMAGES)
    for number in range(mutations):
        name = formats[number % len(formats)]
        kind = kinds[number // len(formats) % len(kinds)]
        rng = np.random.default_rng([seed, number])
        path = mutate(sources[name], out / "mutated", DAMAGES[kind], rng)
        rule, wrong = compare(path)
        outcomes.append(Outcome(name, kind, number, rule, wrong))
        if wrong:
            (out / "wrong").mkdir(exist_ok=True)
            shutil.copy(path, out / "wrong" / f"{number:05}-{kind}-{name}{path.suffix}")
    return outcomes


def make(folder: Path, name: str) -> Path:
    """Encode a clip of soft waves that move."""
    end, how = FORMATS[name]
    path = folder / f"{name}{Path(end).suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    rng = np.random.default_rng(5)
    grain = rng.integers(-6, 6, (HEIGHT, WIDTH, 3))
    with av.open(path, "w") as container:
        encoder: Any = container.add_stream(how["codec"], rate=25, options=how.get("options", {}))
        encoder.width, encoder.height = WIDTH, HEIGHT
        encoder.pix_fmt = how.get("pix_fmt", "yuv420p")
        encoder.codec_context.thread_count = 1
        for t in range(FRAMES):
            waves = [
                128 + 45 * (np.sin((x + 3 * t) / a) + np.cos(y / b + t / 9))
                for a, b in ((7, 9), (5, 17), (11, 6))
            ]
            pixels = np.moveaxis(np.array(waves), 0, -1) + np.roll(grain, t, axis=1)
            frame = av.VideoFrame.from_ndarray(pixels.clip(0, 255).astype(np.uint8))
            container.mux(encoder.encode(frame))
        container.mux(encoder.encode())
    return path


def mutate(source: Path, folder: Path, damage: Damage, rng: np.random.Generator) -> Path:
    """Write a copy of a file, of whose packets one is damaged."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / source.name
    with av.open(source) as reader, av.open(path, "w") as writer:
        stream_in = reader.streams.video[0]
        stream_out = writer.add_stream_from_template(stream_in, opaque=True)
        healthy = [packet for packet in reader.demux(stream_in) if packet.size]
        contents = [bytes(packet) for packet in healthy]
        damage(contents, int(rng.integers(1, len(contents))), rng)
        for packet, content in zip(healthy, contents, strict=True):
            if not content:
                continue
            copy: Any = av.Packet(content)
            copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
            copy.time_base = packet.time_base or Fraction(1, 25)
            copy.is_keyframe = packet.is_keyframe
            copy.stream = stream_out
            writer.mux(copy)
    return path


def compare(path: Path) -> tuple[str, str]:
    """Hold plans against a decode of the whole file: the rule that forbade one, what differs."""
    reason, late = "", 0.0
    whole: dict[float, set[bytes]] = {}
    try:
        whole, late = _whole(path)
    except VideoError as error:
        reason = error.reason
    rule = ""
    for choose in CHOICES:
        if rule and rule != decode_plan.NOTHING_SAVED:
            break  # what forbids one plan forbids all: they end in the same decode
        try:
            rule = rule or _rule(path, choose)
            decoded = decode(path, choose)
        except VideoError as error:
            if whole or error.reason != reason:
                return rule, f"is refused: {error.reason}"
            continue
        for number, pixels in decoded.pixels.items():
            seconds = decoded.seconds[number]
            shown = [whole.get(round(time, DIGITS), set()) for time in (seconds, seconds - late)]
            if not any(shown):
                return rule, f"frame {number} is no frame of the file"
            if _digest(pixels) not in set().union(*shown):
                return rule, f"frame {number} differs"
    return rule, ""


def _whole(path: Path) -> tuple[dict[float, set[bytes]], float]:
    """Frames by their time from the first that decodes: damaged files have several at one.

    And by how much that one is later than the first that the packets promise.
    """
    frames: dict[float, set[bytes]] = {}
    convert = None
    late = 0.0
    for seconds, frame in stream.frames(path):
        if convert is None:
            convert = Converter(frame)
            late = _late(path, frame)
        frames.setdefault(round(seconds, DIGITS), set()).add(_digest(convert.rgb(frame)))
    return frames, late


def _late(path: Path, frame: av.VideoFrame) -> float:
    read = packets.read(path)
    promised = read.pts[read.shown & (read.pts != packets.NO_TIME)]
    if frame.pts is None or frame.time_base is None or not len(promised):
        return 0.0
    return float((frame.pts - int(promised.min())) * frame.time_base)


def _digest(pixels: np.ndarray) -> bytes:
    return hashlib.blake2b(pixels.tobytes(), digest_size=16).digest()


def _rule(path: Path, choose: Callable[[int], Collection[int]]) -> str:
    read = packets.read(path)
    if not read.frame_count:
        return "no frame"
    try:
        decode_plan.plan(read, choose(read.frame_count))
    except decode_plan.NoPlanError as reason:
        return str(reason)
    return ""


def _moments(count: int) -> Collection[int]:
    middles = frame_sampling.moments(count, moments=3).tolist()
    return {*middles, *(min(number + 1, count - 1) for number in middles)}


CHOICES: Sequence[Callable[[int], Collection[int]]] = (
    _moments,
    lambda count: {count - 1},
    lambda count: {count // 4},
    lambda count: {count * 5 // 8, min(count * 5 // 8 + 3, count - 1)},
)


def _flip_header(contents: list[bytes], place: int, rng: np.random.Generator) -> None:
    """One to three bits among the first bytes."""
    _flip(contents, place, rng, reach=24, bits=int(rng.integers(1, 4)))


def _flip_any(contents: list[bytes], place: int, rng: np.random.Generator) -> None:
    """Up to sixteen bits, anywhere."""
    _flip(contents, place, rng, reach=1 << 30, bits=int(2 ** rng.integers(0, 5)))


def _flip(
    contents: list[bytes], place: int, rng: np.random.Generator, *, reach: int, bits: int
) -> None:
    damaged = bytearray(contents[place])
    for byte in rng.integers(0, min(reach, len(damaged)), bits).tolist():
        damaged[byte] ^= 1 << int(rng.integers(8))
    contents[place] = bytes(damaged)


def _zeros(contents: list[bytes], place: int, rng: np.random.Generator) -> None:
    """A stretch of zeros."""
    _fill(contents, place, rng, bytes)


def _noise(contents: list[bytes], place: int, rng: np.random.Generator) -> None:
    """A stretch of random bytes."""
    _fill(contents, place, rng, rng.bytes)


def _fill(
    contents: list[bytes], place: int, rng: np.random.Generator, fill: Callable[[int], bytes]
) -> None:
    content = contents[place]
    begin = int(rng.integers(0, len(content)))
    size = min(int(2 ** rng.integers(0, 8)), len(content) - begin)
    contents[place] = content[:begin] + fill(size) + content[begin + size :]


def _truncate(contents: list[bytes], place: int, rng: np.random.Generator) -> None:
    """The end of it is missing; few bytes are left every other time."""
    content = contents[place]
    most = min(12, len(content)) if rng.random() < 0.5 else len(content)
    contents[place] = content[: int(rng.integers(1, most + 1))]


def _lose(contents: list[bytes], place: int, rng: np.random.Generator) -> None:
    """It is missing, and perhaps those after it."""
    for lost in range(place, min(place + int(rng.integers(1, 4)), len(contents))):
        contents[lost] = b""


def _double(contents: list[bytes], place: int, rng: np.random.Generator) -> None:
    """It comes twice, in place of the one after it."""
    contents[min(place + 1, len(contents) - 1)] = contents[place]


def _swap(contents: list[bytes], place: int, rng: np.random.Generator) -> None:
    """It changes places with another."""
    other = int(rng.integers(1, len(contents)))
    contents[place], contents[other] = contents[other], contents[place]


DAMAGES: Mapping[str, Damage] = {
    "flip-header": _flip_header,
    "flip": _flip_any,
    "zeros": _zeros,
    "noise": _noise,
    "truncate": _truncate,
    "lose": _lose,
    "double": _double,
    "swap": _swap,
}


def show(outcomes: Sequence[Outcome]) -> None:
    """Print a table: formats down."""
    table = Table("format", "mutations", "planned", "from the start, by a rule", "wrong")
    for name in dict.fromkeys(outcome.format for outcome in outcomes):
        rows = [outcome for outcome in outcomes if outcome.format == name]
        wrong = [row for row in rows if row.wrong]
        planned = sum(not row.rule for row in rows)
        table.add_row(name, *map(str, (len(rows), planned, len(rows) - planned, len(wrong))))
    console = Console()
    console.print(table)
    rules = Counter(outcome.rule.split(": ", 1)[-1] for outcome in outcomes if outcome.rule)
    for rule, count in rules.most_common():
        console.print(f"{count:6} {rule}")
    for row in outcomes:
        if row.wrong:
            console.print(f"WRONG {row.number:05} {row.format} {row.damage}: {row.wrong}")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--mutations", type=int, default=3000)
    parser.add_argument("--formats", nargs="+", choices=list(FORMATS), metavar="FORMAT")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(argv)


if __name__ == "__main__":
    raise SystemExit(main())
