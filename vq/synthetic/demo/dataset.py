"""The whole demo data set from one seed: videos and their synthetic labels."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated
from zlib import crc32

import numpy as np
from jaxtyping import Float64
from pydantic import Field

from vq import params as params_file
from vq.errors import DataError
from vq.files import write_rows
from vq.params import NonNegative, Rate, Section
from vq.synthetic.demo import encode, labels, scenes
from vq.synthetic.demo.distort import DISTORTIONS
from vq.synthetic.demo.scene_camera import Clip
from vq.workers.process_pool import pool_of

COLUMNS = ("video", "mos", "mos_std", "ratings", "content", "film", "distortion", "strength")
"""Header of the label file; `film` tells two takes of a content apart."""

SIZES = ((426, 240), (320, 240), (480, 270), (426, 240), (640, 360), (320, 240))
"""Width and height, taken in turn; a photograph too small for its turn takes the last."""

RATES = (24, 25, 30)
"""Frames per second, taken in turn."""

_KINDS = (*encode.CODECS, *DISTORTIONS)
_PRISTINE_CRF = 10
_CLEAN_CRF = 16
"""Of the H.264 around a distortion: what a phone would write, hardly visible itself."""
_GOLDEN = (5**0.5 - 1) / 2


class Demo(Section):
    """How large the demo is, and how its simulated raters are."""

    seed: Annotated[int, Field(ge=0)]
    contents: Annotated[int, Field(gt=0, le=len(scenes.SCENES))]
    versions: Annotated[int, Field(ge=2)]
    """Of each film, with the pristine one."""
    seconds: Rate
    raters: Annotated[int, Field(ge=2)]
    bias: NonNegative
    noise: NonNegative


class _File(Section):
    """`params.yaml` of the demo: its one section."""

    demo: Demo


@dataclass(frozen=True)
class Version:
    """What is done to a film in one of its videos."""

    kind: str
    """`pristine`, a codec of `CODECS` or one of `DISTORTIONS`."""
    strength: float
    """0 for pristine, up to 1."""


@dataclass(frozen=True)
class Film:
    """One take of a content, and the versions made of it."""

    content: str
    take: int
    width: int
    height: int
    fps: int
    frames: int
    versions: tuple[Version, ...]


Row = dict[str, str | float | int]


def load(path: Path) -> Demo:
    """Read `params.yaml` of the demo.

    Raises:
        ParamsError: no such file, or a key is missing, unknown or out of range.
    """
    return params_file.read(path, _File).demo


def plan(params: Demo) -> list[Film]:
    """Which films and versions the demo has."""
    version_sets = versions(params)
    films = []
    for number, content in enumerate(scenes.SCENES[: params.contents]):
        size = SIZES[number % len(SIZES)]
        width, height = size if scenes.fits(content, *size) else SIZES[-1]
        fps = RATES[number % len(RATES)]
        for take in range(2 if content in scenes.FILMED_TWICE else 1):
            frames = round(params.seconds * fps)
            films.append(Film(content, take, width, height, fps, frames, next(version_sets)))
    return films


def versions(params: Demo) -> Iterator[tuple[Version, ...]]:
    """The versions of one film after another, without end.

    Kinds of distortion take turns in an order shuffled each round, so all are equally frequent.
    The strengths of a kind walk by the golden ratio, which spreads any number of them evenly; the
    power makes up for how little the mildest of them show.
    """
    rng = np.random.default_rng([params.seed, crc32(b"plan")])
    start = dict(zip(_KINDS, rng.random(len(_KINDS)), strict=True))
    used = dict.fromkeys(_KINDS, 0)
    turns = _turns(rng)
    while True:
        chosen = [Version("pristine", 0.0)]
        for _ in range(params.versions - 1):
            kind = next(turns)
            share = (start[kind] + used[kind] * _GOLDEN) % 1
            used[kind] += 1
            chosen.append(Version(kind, round(float(0.04 + 0.96 * share**0.9), 3)))
        yield tuple(chosen)


def make(
    params: Demo,
    videos: Path,
    labels_file: Path,
    *,
    jobs: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the videos and the label file; the number of processes changes no bit of them.

    The folder of the videos must not exist or be empty. The label file has the header `COLUMNS` and
    is written last. `progress` is called with the number of films done, and of all.

    Raises:
        DataError: the folder already holds something.
    """
    if videos.exists() and any(videos.iterdir()):
        raise DataError(f"{videos}: already holds files; delete it to make the demo anew")
    videos.parent.mkdir(parents=True, exist_ok=True)
    films = plan(params)
    rows: list[Row] = []
    # Elsewhere first: an interrupted run leaves no folder that looks complete.
    with tempfile.TemporaryDirectory(dir=videos.parent, prefix=f".{videos.name}-") as scratch:
        folder = Path(scratch) / videos.name
        folder.mkdir()
        shoot = partial(_shoot, params=params, folder=folder)
        for done, made in enumerate(_each(shoot, films, jobs), 1):
            rows += made
            progress(done, len(films))
        shutil.rmtree(videos, ignore_errors=True)
        folder.rename(videos)
        write_rows(labels_file, COLUMNS, (row.values() for row in rows))


def _each(
    shoot: Callable[[Film], list[Row]], films: Sequence[Film], jobs: int
) -> Iterator[list[Row]]:
    if jobs == 1:
        yield from map(shoot, films)
        return
    with pool_of(jobs) as pool:
        yield from pool.map(shoot, films)


def _shoot(film: Film, *, params: Demo, folder: Path) -> list[Row]:
    pristine = scenes.render(
        film.content,
        frames=film.frames,
        width=film.width,
        height=film.height,
        fps=film.fps,
        take=film.take,
    )
    name = f"{film.content.replace(':', '-')}-{film.take}"
    return shoot(pristine, film.versions, film.content, name, film.fps, folder, params=params)


def shoot(
    pristine: Clip,
    versions: Sequence[Version],
    content: str,
    name: str,
    fps: int | float,
    folder: Path,
    *,
    params: Demo,
) -> list[Row]:
    """Write the versions of a pristine film into a folder and let them be rated.

    The names of the files start with `name`, from which, and the seed, all chance in them comes.
    """
    bias = _bias(params)
    rows: list[Row] = []
    for number, version in enumerate(versions):
        stem = f"{name}-{number:02d}-{version.kind}"
        # One stream for each video, by its name: no order of work can change it.
        rng = np.random.default_rng([params.seed, crc32(stem.encode())])
        path = _write(pristine, version, folder / stem, fps, rng)
        quality = labels.grade(float(labels.ssim(path, pristine, fps=fps).mean()))
        ratings = labels.rate(quality, bias=bias, noise=params.noise, rng=rng)
        values = (
            path.name,
            round(float(ratings.mean()), 4),
            round(float(ratings.std(ddof=1)), 4),
            len(ratings),
            content,
            name,
            version.kind,
            version.strength,
        )
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def _write(
    pristine: Clip, version: Version, stem: Path, fps: int | float, rng: np.random.Generator
) -> Path:
    if version.kind in encode.CODECS:
        codec, crf = version.kind, encode.crf(version.kind, version.strength)
        frames = pristine
    elif version.kind == "pristine":
        codec, crf, frames = "h264", _PRISTINE_CRF, pristine
    else:
        codec, crf = "h264", _CLEAN_CRF
        frames = DISTORTIONS[version.kind](pristine, version.strength, rng)
    path = stem.with_name(stem.name + encode.CODECS[codec].suffix)
    encode.write(frames, path, codec=codec, crf=crf, fps=fps)
    return path


def _bias(params: Demo) -> Float64[np.ndarray, " raters"]:
    rng = np.random.default_rng([params.seed, crc32(b"raters")])
    return rng.normal(0, params.bias, params.raters)


def _turns(rng: np.random.Generator) -> Iterator[str]:
    while True:
        yield from (_KINDS[int(i)] for i in rng.permutation(len(_KINDS)))
