"""A data set of films: videos, and labels that full-reference metrics give them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vq.errors import DataError, VideoError
from vq.files import write_rows
from vq.footage import fetched
from vq.footage.config import Film
from vq.footage.fetched import Source
from vq.footage.filmed.make import Version, film
from vq.synthetic import cache, ffmpeg, fused
from vq.synthetic.fused import Label
from vq.workers.process_pool import in_processes

log = logging.getLogger(__name__)

VIDEOS, LABELS, REFERENCES = "videos", "labels.csv", "references"
IMPAIRMENTS = ("compression", "difference", "banding", "exposure", "colour", "stalls")
"""What the label is made of, in grades from 0 to 4: see `vq.synthetic.fused`."""
COLUMNS = ("video", "mos", "content", "distortion", "film", "ladder", "strength", *IMPAIRMENTS)
"""Header of the labels. `distortion` is the chain of damage; `film`, `ladder` and `strength` tell
which versions have an order that needs no label."""


@dataclass(frozen=True)
class Labelled:
    """A version and its label."""

    version: Version
    label: Label | None
    """Synthetic, 1 to 5; None if the version could not be measured."""
    problem: str = ""
    """Why not."""


Outcome = Sequence[Labelled] | str
"""The versions of a film, or why there are none."""


def make(
    folder: Path,
    *,
    params: Film,
    jobs: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Outcome]:
    """Film every photograph of a footage data set, cut every clip, label the versions.

    Writes `videos/` and `labels.csv`.

    Films and measures that a run before completed are kept. Videos of other params are removed.
    The folder has the photographs that `vq footage fetch` brought. 0 `jobs` are one on each core;
    `progress` is called with the number of films done, and of all.

    Returns:
        What became of each film, in the order of the manifest, take after take.

    Raises:
        DataError: there is no photograph, or not one film could be made.
        FfmpegError: there is no FFmpeg with libvmaf.
    """
    ffmpeg.binary()  # before any work
    every = fetched.load(folder)
    photos = [source for source in every if source.kind == "photo"]
    if not photos:
        raise DataError(f"{folder}: has no photograph; run `vq footage fetch {folder}`")
    for name in (VIDEOS, REFERENCES):
        (folder / name).mkdir(exist_ok=True)
    takes = [(source, take) for take in range(params.takes) for source in every]
    work = partial(_one, photos=photos, folder=folder, params=params)
    lost: Outcome = "its process died; film it again"
    outcomes: list[Outcome] = []
    for outcome in in_processes(work, takes, jobs=jobs, lost=lost):
        outcomes.append(outcome)
        progress(len(outcomes), len(takes))
    rows = [row for outcome in outcomes if not isinstance(outcome, str) for row in outcome]
    for (source, _), outcome in zip(takes, outcomes, strict=True):
        if isinstance(outcome, str):
            log.warning("%s: not filmed: %s", source.path, outcome)
    if not rows:
        raise DataError(f"{folder}: not one film could be made; the first: {outcomes[0]}")
    for row in rows:
        if row.problem:
            log.warning("%s: has no label: %s", row.version.video, row.problem)
    names = {row.version.video for row in rows}
    for path in (folder / VIDEOS).iterdir():
        if path.name not in names:
            path.unlink()
    _write(rows, folder / LABELS)
    return outcomes


def _one(
    take: tuple[Source, int], *, photos: Sequence[Source], folder: Path, params: Film
) -> Outcome:
    videos, references = folder / VIDEOS, folder / REFERENCES
    try:
        versions = film(
            photos, take[0], take[1], videos=videos, references=references, params=params
        )
    except DataError as error:
        return str(error)
    return [_labelled(version, videos, references) for version in versions]


def _labelled(version: Version, videos: Path, references: Path) -> Labelled:
    try:
        measures = cache.measured(
            references / version.reference, videos / version.video, folder=references / "measures"
        )
    except VideoError as error:
        return Labelled(version, None, error.reason)
    return Labelled(version, fused.label(measures))


def _write(rows: Sequence[Labelled], path: Path) -> None:
    table = []
    for row in rows:
        version, (mos, *impairments) = row.version, _grades(row.label)
        order = version.film, version.ladder, f"{version.strength:.4f}"
        table.append((version.video, mos, version.content, version.chain, *order, *impairments))
    write_rows(path, COLUMNS, table)


def _grades(label: Label | None) -> list[str]:
    """The label and its impairments; all empty where there is none."""
    if label is None:
        return [""] * (1 + len(IMPAIRMENTS))
    grades = [label.value, *(label.impairments[name] for name in IMPAIRMENTS)]
    return [f"{grade:.4f}" for grade in grades]
