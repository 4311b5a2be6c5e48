"""The scores of a student and of the champion for the same test videos."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float64, Shaped

from vq.data import manifest, split
from vq.errors import DataError, VideoError
from vq.features import store
from vq.inference import runtime
from vq.inference.card import Card
from vq.registry.candidate import Videos


@dataclass(frozen=True)
class Champion:
    """The version that reigns."""

    version: str
    bundle: Path
    learnt: pd.DataFrame
    """Content and hash of every video that it has learnt from."""


@dataclass(frozen=True, eq=False)
class PairedScores:
    """One entry for each rated test video."""

    contents: Shaped[np.ndarray, " videos"]
    mos: Float64[np.ndarray, " videos"]
    new: Float64[np.ndarray, " videos"]
    """The student's."""
    old: Float64[np.ndarray, " videos"]
    """The champion's, as it gives them."""
    card: Card
    """The student's."""
    old_card: Card


def paired_scores(
    student: runtime.Model, champion: runtime.Model, rows: pd.DataFrame, videos: Videos
) -> PairedScores:
    """Let both score the videos of `rated`.

    Raises:
        VideoError: one needs to decode a video, and cannot.
    """
    return PairedScores(
        contents=rows["content"].to_numpy(str),
        mos=rows["mos"].to_numpy(np.float64),
        new=_scores(student, videos, rows),
        old=_scores(champion, videos, rows),
        card=student.card,
        old_card=champion.card,
    )


def rated(videos: Videos, dataset: str) -> pd.DataFrame:
    """Test videos of the data set on whose scale the student scores; others' ratings are not used.

    Raises:
        DataError: none has both a rating and views.
    """
    rows = manifest.read(videos.accepted)
    is_test = split.of_videos(rows, split.read(videos.splits)) == "test"
    has_views = ~rows["sha256"].isin(list(store.failed(videos.index)))
    some = rows[is_test & has_views & rows["mos"].notna() & (rows["dataset"] == dataset)]
    if some.empty:
        raise DataError(
            f"{videos.accepted}: no test video of {dataset} has a rating; the champion stays"
        )
    return some


def _scores(
    model: runtime.Model, videos: Videos, rows: pd.DataFrame
) -> Float64[np.ndarray, " videos"]:
    if model.spec == store.view_spec(videos.index):
        views = store.views(videos.index, list(rows["sha256"]))
        return np.array([model.predict(view).score for view in views])
    # It needs other views than those of the cache: it scores the files, as in production.
    return np.array([_decode_and_score(model, videos.folder / video) for video in rows["video"]])


def _decode_and_score(model: runtime.Model, path: Path) -> float:
    row = model.score(path)
    if row.score is None:
        raise VideoError(path, f"{model.card.model_id} cannot score it: {row.reason}")
    return row.score
