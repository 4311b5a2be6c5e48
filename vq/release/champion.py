"""Whether a student holds its own against the champion, on today's test videos."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float64

from vq.data import manifest, split
from vq.errors import DataError, VideoError, WeightsError
from vq.evaluate.agreement import srcc
from vq.score import runtime
from vq.zoo import features


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
    """Folder of the videos; read where a champion looks at them in another way than the cache."""


@dataclass(frozen=True)
class Contest:
    """How the student did against the champion."""

    won: bool
    reason: str
    """A sentence with the numbers."""


def compare(
    student: Path, champion: Path, test: Videos, *, champion_splits: Path, max_drop: float
) -> Contest:
    """Let both score every rated test video.

    A champion that has seen one of today's test contents in its training or validation has an
    unfair advantage, and a comparison would say nothing: then the student does not win.

    Args:
        student: bundle of the student.
        champion: bundle of the champion.
        test: the videos.
        champion_splits: splits.csv of the time when the champion was made.
        max_drop: SRCC that the student may lose and still win.

    Raises:
        DataError: no test video has both a rating and views.
        WeightsError: the student's bundle is broken.
    """
    mine = runtime.load(student)
    rows = _rated(test, mine.card.dataset)
    if seen := set(rows["content"]) & _seen(champion_splits):
        return Contest(
            won=False,
            reason=f"{len(seen)} of today's test contents (the first is {min(seen)}) were in the "
            "champion's training: the splits have changed, so the two cannot be compared. Judge by "
            "hand, and move the alias if you prefer the new one.",
        )
    try:
        other = runtime.load(champion)
    except (WeightsError, DataError) as error:
        return Contest(won=False, reason=f"The champion cannot be loaded ({error}).")
    mos = rows["mos"].to_numpy(np.float64)
    new = srcc(_scores(mine, test, rows), mos)
    old = srcc(_scores(other, test, rows), mos)
    # A scale may have been turned round since the champion was made.
    old = old if other.card.better == mine.card.better else -old
    won = new >= old - max_drop
    return Contest(
        won=won,
        reason=f"SRCC {new:.3f}, champion {old:.3f} on the same {len(rows)} test videos: "
        f"{'no' if won else 'a'} loss of more than {max_drop:g}.",
    )


def _rated(test: Videos, dataset: str) -> pd.DataFrame:
    """Of the data set on whose scale the student scores: others' ratings are another matter."""
    rows = manifest.read(test.accepted)
    is_test = split.of_videos(rows, split.read(test.splits)) == "test"
    has_views = ~rows["sha256"].isin(list(features.failed(test.index)))
    rated = rows[is_test & has_views & rows["mos"].notna() & (rows["dataset"] == dataset)]
    if rated.empty:
        raise DataError(
            f"{test.accepted}: no test video of {dataset} has a rating; the champion stays"
        )
    return rated


def _seen(splits: Path) -> set[str]:
    table = split.read(splits)
    return set(table.loc[table["split"] != "test", "content"])


def _scores(
    model: runtime.Model, test: Videos, rows: pd.DataFrame
) -> Float64[np.ndarray, " videos"]:
    if model.spec == features.view_spec(test.index):
        views = features.views(test.index, list(rows["sha256"]))
        return np.array([model.predict(view).score for view in views])
    return np.array([_decode_and_score(model, test.folder / video) for video in rows["video"]])


def _decode_and_score(model: runtime.Model, path: Path) -> float:
    row = model.score(path)
    if row.score is None:
        raise VideoError(path, f"{model.card.model_id} cannot score it: {row.reason}")
    return row.score
