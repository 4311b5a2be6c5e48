"""The videos of a data set as inputs of an MLflow run, one for each side of the split."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vq.data import manifest, split

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

CONTEXTS = {"train": "training", "validation": "validation", "test": "test"}
"""MLflow's word for each side."""


@dataclass(frozen=True)
class InputFiles:
    """The tables that say which videos there are, and on which side each is."""

    name: str
    """Of the primary data set."""
    accepted: Path
    """Manifest of the accepted videos."""
    splits: Path


def log(run_id: str, files: InputFiles, *, sides: Sequence[str] = split.SIDES) -> None:
    """Record the videos of some sides as inputs of a run of the MLflow store in use.

    Raises:
        DataError: a file cannot be read, or a content has no side.
        MlflowException: the store cannot be written.
    """
    from mlflow import MlflowClient

    MlflowClient().log_inputs(run_id, list(_inputs(files, sides)))


def md5(path: Path) -> str:
    """The hash of a file as dvc.lock has it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _inputs(files: InputFiles, sides: Sequence[str]) -> "Iterator[DatasetInput]":
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

    rows = manifest.read(files.accepted)
    side_of = split.of_videos(rows, split.read(files.splits))
    tables = {"accepted": files.accepted, "splits": files.splits}
    hashes = [InputTag(f"{name}.md5", md5(path)) for name, path in tables.items()]
    # The store takes one path; a relative one means the same in every clone.
    source = json.dumps({"uri": files.accepted.as_posix()})
    for side in sides:
        videos = rows[side_of == side]
        dataset = Dataset(
            files.name, _digest(videos), "local", source, profile=json.dumps(_profile(videos))
        )
        context = InputTag(MLFLOW_DATASET_CONTEXT, CONTEXTS[side])
        yield DatasetInput(dataset, [context, *hashes])


def _digest(videos: pd.DataFrame) -> str:
    """A hash of files and labels; MLflow has room for 36 characters."""
    columns = ["sha256", "mos", "dataset", "content"]
    rows = videos[columns].sort_values(columns).to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(rows.encode()).hexdigest()[:32]


def _profile(videos: pd.DataFrame) -> dict[str, int]:
    return {
        "videos": len(videos),
        "rated": int(videos["mos"].notna().sum()),
        "contents": int(videos["content"].nunique()),
    }
