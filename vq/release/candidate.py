"""A student that asks to be released, and what it was made of."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vq.data import manifest, split
from vq.errors import DataError
from vq.release import training
from vq.release.source import Source
from vq.release.verdict import Verdict


@dataclass(frozen=True)
class Videos:
    """Today's videos: which of them test, and what a student sees of them."""

    accepted: Path
    """Manifest of the accepted videos."""
    splits: Path
    """Which contents train, validate and test."""
    index: Path
    """features.json: its cache has the views of every accepted video."""
    folder: Path
    """Folder of the videos."""

    def learnt(self) -> pd.DataFrame:
        """What a student that was made today has learnt from: `vq.release.training`."""
        return training.learnt(manifest.read(self.accepted), split.read(self.splits))

    def tested(self) -> pd.DataFrame:
        """What it is judged by."""
        return training.tested(manifest.read(self.accepted), split.read(self.splits))


@dataclass(frozen=True)
class Candidate:
    """A student that asks to be released, and what it was made of."""

    student: Path
    """Its bundle."""
    verdict: Path
    """What the gates said, from `judge`."""
    test: Path
    """Agreement on test, from `evaluate`."""
    videos: Videos
    params: Path
    lock: Path
    """dvc.lock."""
    source: Source

    def judged(self) -> Verdict:
        """The verdict of `judge`.

        Raises:
            DataError: there is none.
        """
        try:
            return Verdict.from_json(json.loads(self.verdict.read_bytes()))
        except (OSError, ValueError) as error:
            raise DataError(f"{self.verdict}: no verdict ({error}); run `dvc repro`") from error

    def hashes(self) -> dict[str, str]:
        """What made the student; `identity` is the same for the same student, data and params.

        Raises:
            DataError: one of the files is missing.
        """
        student = _digest(self.student / "student.safetensors", "sha256")
        # The md5 by which dvc.lock knows the accepted videos.
        data = _digest(self.videos.accepted, "md5")
        settings = _digest(self.params, "sha256")
        return {
            "identity": hashlib.sha256(f"{student} {data} {settings}".encode()).hexdigest(),
            "student": student,
            "data": data,
            "params": settings,
            "dvc_lock": _digest(self.lock, "sha256"),
        }


def _digest(path: Path, algorithm: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; run `dvc repro` before a release") from error
