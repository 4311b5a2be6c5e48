"""A student that asks to be released, and what it was made of."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from vq.data import manifest, split
from vq.errors import DataError
from vq.gates import leakage
from vq.gates.verdict import Verdict
from vq.registry.source import Source


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
        """What a student that was made today has learnt from: `vq.gates.leakage`."""
        return leakage.trained_on(manifest.read(self.accepted), split.read(self.splits))

    def tested(self) -> pd.DataFrame:
        """What it is judged by."""
        return leakage.test_videos(manifest.read(self.accepted), split.read(self.splits))


@dataclass(frozen=True)
class Candidate:
    """A student that asks to be released, and what it was made of."""

    student: Path
    """Its bundle."""
    verdict: Path
    """Outcome of the gates, from `judge`."""
    test: Path
    """Agreement on test, from `evaluate`."""
    report: Path
    """The HTML page of `report`."""
    model_card: Path
    """What a person should know of it, in Markdown, from `report`."""
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
        """What made the student, each by its hash.

        `identity` is that of the version: the student's weights, and what the stages have read
        that made and judged it. A knob that none of them reads makes no other version, and neither
        does code that comes to the same results.

        Raises:
            DataError: one of the files is missing, or dvc.lock is none.
        """
        student = _digest(self.student / "student.safetensors", "sha256")
        # The md5 of the accepted videos in dvc.lock.
        data = _digest(self.videos.accepted, "md5")
        inputs = f"{student} {data} {_read_by_stages(self.lock)}"
        return {
            "identity": hashlib.sha256(inputs.encode()).hexdigest(),
            "student": student,
            "data": data,
            "params": _digest(self.params, "sha256"),
            "dvc_lock": _digest(self.lock, "sha256"),
        }


CODE = "vq/"
"""Where the deps of a stage that are no data lie."""


def _read_by_stages(lock: Path) -> str:
    """Values of params, and data by their hashes, of each stage of a dvc.lock."""
    try:
        stages = yaml.safe_load(lock.read_bytes()).get("stages", {})
        # Not where data lie, nor the command: the same files elsewhere are the same files.
        read = {
            name: [
                sorted(stage.get("params", {}).values(), key=repr),
                sorted(map(_hash, (d for d in stage.get("deps", []) if not _is_code(d["path"])))),
            ]
            for name, stage in stages.items()
        }
    except FileNotFoundError as error:
        raise DataError(f"{lock}: no such file; run `dvc repro` before a release") from error
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        why = " ".join(str(error).split())  # YAML's has several lines
        raise DataError(f"{lock}: is no dvc.lock ({why}); run `dvc repro`") from error
    return json.dumps(read, sort_keys=True, default=str)


def _is_code(path: str) -> bool:
    return path.startswith(CODE)


def _hash(dep: Mapping[str, object]) -> str:
    # Of a file elsewhere dvc keeps an etag or a checksum.
    return json.dumps({k: v for k, v in dep.items() if k not in NO_HASH}, sort_keys=True)


NO_HASH = ("path", "hash", "size", "nfiles", "isexec")


def _digest(path: Path, algorithm: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; run `dvc repro` before a release") from error
