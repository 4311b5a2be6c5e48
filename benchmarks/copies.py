"""Copies of one source as they lie about: codecs, rates, sizes, upscales, second generations.

Of each source it makes a ladder (3 codecs x 5 rates x 3 sizes), copies that somebody scaled up to
the full size and stored at a good rate, and copies that were encoded a second time at a better rate
than the first. The truth is VMAF v0.6.1 at the size of the source: a smaller copy is scaled up to
it (bicubic), as a player in full screen does. It is a metric's opinion, nobody's.
"""

import json
import logging
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image

from benchmarks import real_clips
from vq.errors import DataError
from vq.files import atomic
from vq.footage.fetched import Source
from vq.footage.filmed import damage_steps, photo_camera, recorder
from vq.footage.filmed.photo_camera import Format
from vq.synthetic import ffmpeg
from vq.synthetic.demo import encode
from vq.synthetic.demo.scene_camera import Clip

log = logging.getLogger(__name__)

FRAMES = 12
"""Of a real clip; films have twice as many."""
FILMS = ((640, 360),) * 5 + ((480, 270),) * 2 + ((854, 480),) * 2
FILMS += ((360, 640), (480, 360), (960, 540), (480, 480))
"""Width and height that films are drawn from."""
RATES = {
    "h264": (18, 24, 29, 34, 40),
    "hevc": (18, 25, 31, 36, 42),
    "vp9": (16, 30, 42, 52, 62),
}
"""Rate factors of each codec, best first."""
SIZES = (1.0, 2 / 3, 1 / 2)
"""Of a ladder, as shares of the width of the source."""
UPSCALED_FROM = (2 / 3, 1 / 2, 1 / 3)
KERNELS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
GOOD = {"h264": (16, 26), "hevc": (17, 27), "vp9": (14, 34)}
"""Ends of the rate factors at which somebody stores an upscaled or second copy."""
OPTIONS = {
    "h264": {"preset": "veryfast", "mbtree": "0"},
    "hevc": {
        "preset": "veryfast",
        "x265-params": "log-level=none:pools=none:frame-threads=1:info=0",
    },
    "vp9": {"deadline": "realtime", "cpu-used": "6", "b": "0"},
}
"""Of the encoders; those of the demo, but for the presets, which are nearer to an uploader's."""


@dataclass(frozen=True)
class Recipe:
    """How a copy is made of the source."""

    codec: str
    rate: int
    """Rate factor."""
    size: float
    """Of what is stored, as a share of the width of the source."""
    kind: str = "ladder"
    """`ladder`, `upscaled` or `second` (encoded twice)."""
    first_codec: str = ""
    """Of the encode before."""
    first_rate: int = 0
    first_size: float = 1.0
    kernel: str = ""
    """That scaled it up."""


def ladder() -> list[Recipe]:
    """Every codec at every rate and size."""
    return [
        Recipe(codec, rate, size)
        for codec, rates in RATES.items()
        for rate in rates
        for size in SIZES
    ]


def upscaled(rng: Generator) -> Recipe:
    """A small rendition, scaled up and stored at a good rate."""
    codec, first = (str(rng.choice(list(RATES))) for _ in range(2))
    return Recipe(
        codec,
        int(rng.integers(*GOOD[codec])),
        1.0,
        "upscaled",
        first,
        int(rng.choice(RATES[first][:4])),
        float(rng.choice(UPSCALED_FROM)),
        str(rng.choice(list(KERNELS))),
    )


def second(rng: Generator) -> Recipe:
    """A copy of a lower rate, stored again at a good one."""
    codec, first = (str(rng.choice(list(RATES))) for _ in range(2))
    rate = int(rng.integers(*GOOD[codec]))
    size = float(rng.choice(SIZES))
    return Recipe(codec, rate, size, "second", first, int(rng.choice(RATES[first][1:])), size)


def make(
    frames: Clip, fps: float, recipes: Sequence[Recipe], stem: str, work: Path
) -> list[dict[str, object]]:
    """Write the copies of a source and give their rows; what is there already is read.

    A row has the file, the recipe, the bytes and the VMAF.
    """
    kept = work / "rows" / f"{stem}.json"
    if kept.exists():
        return json.loads(kept.read_text())
    folder, reference = work / "videos" / stem, work / "references" / f"{stem}.mkv"
    for one in (folder, kept.parent, reference.parent):
        one.mkdir(parents=True, exist_ok=True)
    reference.write_bytes(damage_steps.encode(frames, "libx264", 0.0, fps))
    rows: list[dict[str, object]] = []
    for number, recipe in enumerate(recipes):
        one = encode.CODECS[recipe.codec]
        path = folder / f"{number:02d}{one.suffix}"
        _write(stored(frames, recipe, fps), path, recipe.codec, recipe.rate, fps)
        height, width = frames.shape[1:3]
        rows.append(
            {"video": f"{stem}/{path.name}", "source": stem, **asdict(recipe)}
            | {"bytes": path.stat().st_size, "vmaf": vmaf(reference, path, (width, height))}
        )
    with atomic(kept) as part:
        part.write_text(json.dumps(rows, indent=1))
    return rows


def stored(frames: Clip, recipe: Recipe, fps: float) -> Clip:
    """The frames that the last encoder of a copy is given."""
    height, width = frames.shape[1:3]
    if recipe.kind == "ladder":
        return resized(frames, _share((width, height), recipe.size), Image.Resampling.BICUBIC)
    small = resized(frames, _share((width, height), recipe.first_size), Image.Resampling.BICUBIC)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"first{encode.CODECS[recipe.first_codec].suffix}"
        _write(small, path, recipe.first_codec, recipe.first_rate, fps)
        seen = encode.read(path)
    if recipe.kind == "upscaled":
        return resized(seen, (width, height), KERNELS[recipe.kernel])
    return seen


def vmaf(reference: Path, copy: Path, size: tuple[int, int]) -> float:
    """Mean VMAF v0.6.1 of a copy at the size of its reference."""
    plain = f"scale={size[0]}:{size[1]}:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p"
    count = "settb=1/1000,setpts=N"
    graph = (
        f"[0:v:0]{plain},{count}[copy];[1:v:0]{plain},{count}[true];[copy][true]libvmaf="
        "model='version=vmaf_v0.6.1':n_threads=1:log_fmt=json:log_path=log.json"
    )
    inputs: list[str] = []
    for path in (copy, reference):
        inputs += ["-threads", "1", "-i", f"file:{path.resolve()}"]
    with tempfile.TemporaryDirectory() as scratch:
        ffmpeg.run(
            [*inputs, "-lavfi", graph, "-fps_mode", "passthrough", "-f", "null", "-"],
            folder=Path(scratch),
        )
        log = json.loads((Path(scratch) / "log.json").read_text())
    return float(log["pooled_metrics"]["vmaf"]["mean"])


def resized(frames: Clip, size: tuple[int, int], how: Image.Resampling) -> Clip:
    """All frames at another size."""
    if frames.shape[2:0:-1] == size:
        return frames
    return np.stack([np.asarray(Image.fromarray(frame).resize(size, how)) for frame in frames])


def _share(size: tuple[int, int], share: float) -> tuple[int, int]:
    width, height = (max(round(side * share / 2) * 2, 32) for side in size)
    return width, height


def _write(frames: Clip, path: Path, codec: str, rate: int, fps: float) -> None:
    one = encode.CODECS[codec]
    with path.open("wb") as file:
        encode.encode(
            frames,
            file,
            encoder=one.encoder,
            container=one.container,
            options={**OPTIONS[codec], "crf": str(rate)},
            fps=fps,
        )


def of_footage(folder: Path, work: Path, *, takes: int, most: int) -> None:
    """Copies of films of photographs and of cuts of clips: what weights are fitted on.

    Of each source 13 rungs of the ladder, 4 upscaled and 2 second copies are drawn. `takes` are the
    cuts of each clip; clips come first, then photographs in a shuffled order until `most` sources
    are there.
    """
    photos, clips = (sorted((folder / name).iterdir()) for name in ("photos", "clips"))
    shuffled = np.random.default_rng(7).permutation(len(photos))
    sources = [(clip, take) for take in range(takes) for clip in clips]
    sources += [(photos[int(number)], 0) for number in shuffled]
    for path, take in sources[:most]:
        kind = "photo" if path.parent.name == "photos" else "clip"
        stem = f"{kind}_{path.stem}" + (f"_{take}" if take else "")
        rng = np.random.default_rng([11, zlib.crc32(stem.encode())])
        try:
            frames, fps = _film(path, photos, rng) if kind == "photo" else _cut(path, rng)
        except DataError as error:
            log.warning("%s: left out: %s", path.name, error)
            continue
        every = ladder()
        some = [every[int(one)] for one in sorted(rng.choice(len(every), 13, replace=False))]
        some += [upscaled(rng) for _ in range(4)] + [second(rng) for _ in range(2)]
        make(frames, fps, some, stem, work)
        log.info("%s: %d copies", stem, len(some))


def of_clips(folder: Path, work: Path) -> None:
    """Copies of real clips: what is measured on. The whole ladder, 4 upscaled and 2 second copies.

    A source is the beginning of a clip, half as tall or less, of at most 270 lines.
    """
    for path in sorted(folder.iterdir()):
        rng = np.random.default_rng([13, zlib.crc32(path.stem.encode())])
        frames, fps = real_clips.pristine(path, seconds=FRAMES / 25)
        every = ladder() + [upscaled(rng) for _ in range(4)] + [second(rng) for _ in range(2)]
        make(frames[:FRAMES], fps, every, path.stem, work)
        log.info("%s: %d copies", path.stem, len(every))


def _film(path: Path, photos: Sequence[Path], rng: Generator) -> tuple[Clip, float]:
    width, height = FILMS[rng.integers(len(FILMS))]
    form = Format(width, height, 2 * FRAMES, int(rng.choice([24, 25, 30])))
    picture = Image.open(path).convert("RGB")
    other = None
    if rng.random() < 0.5:
        other = Image.open(photos[rng.integers(len(photos))]).convert("RGB")
    large = recorder.doubled(form)
    if rng.random() < 0.5 and picture.width >= large.width and picture.height >= large.height:
        film = photo_camera.film(picture, large, rng, other)
        return recorder.recorded(film, rng, form.fps), form.fps
    return photo_camera.film(picture, form, rng, other), form.fps


def _cut(path: Path, rng: Generator) -> tuple[Clip, float]:
    source = Source(path, "clip", path.stem, "", "", "", "", "", 0, 0, 0, False)
    return recorder.cut(source, 2 * FRAMES, rng)
