"""Measures of pairs that were compared before are not computed again."""

import hashlib
import logging
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from vq.errors import VideoError
from vq.files import atomic
from vq.synthetic import ffmpeg
from vq.synthetic.full_reference import Measures, measure
from vq.synthetic.tones import Tone

log = logging.getLogger(__name__)

MEASURES = 2
"""Goes up when the same pair of files gives other measures."""


def measured(reference: Path, copy: Path, *, folder: Path, exposure_apart: bool = True) -> Measures:
    """As `full_reference.measure`, kept in a folder by the bytes of both files and the FFmpeg.

    A file is written whole or not at all, so a killed run resumes and two runs may share a folder.

    Raises:
        VideoError, FfmpegError: as `measure`; nothing is kept then.
    """
    key = hashlib.sha256()
    for path in (reference, copy):
        try:
            with path.open("rb") as file:
                key.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise VideoError(path, f"cannot be read: {error.strerror}") from error
    how = f"{MEASURES} bicubic {ffmpeg.version()}{'' if exposure_apart else ' as it is'}"
    key.update(how.encode())
    kept = folder / f"{key.hexdigest()[:32]}.npz"
    if kept.exists():
        try:
            return read(kept)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            log.warning("%s: torn, measured again", kept)
    measures = measure(reference, copy, exposure_apart=exposure_apart)
    write(measures, kept)
    return measures


def write(measures: Measures, path: Path) -> None:
    """Write measures into a file, whole or not at all."""
    values = dict(vars(measures))
    tone = values.pop("tone")
    with atomic(path) as part:
        np.savez_compressed(part, **values, tone=[tone.gain, tone.gamma, tone.offset])


def read(path: Path) -> Measures:
    """Measures that `write` wrote."""
    with np.load(path, allow_pickle=False) as file:
        series = {name: file[name] for name in file.files if name not in ("tone", "fps")}
        tone = Tone(*(float(value) for value in file["tone"]))
        return Measures(fps=float(file["fps"]), tone=tone, **series)
