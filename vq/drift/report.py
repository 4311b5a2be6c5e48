"""Compare what came in lately with what the student learnt from."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from vq import params
from vq.data import manifest as manifests
from vq.drift.compare import Comparison, Pair, compare
from vq.drift.samples import PROPERTIES, one_of_each_content, properties
from vq.errors import DataError, WeightsError
from vq.inference import card as cards
from vq.inference.card import Card
from vq.inference.row import Row
from vq.params import Watch
from vq.pipeline.run_stages import files_of
from vq.scoring.locate import locate
from vq.scoring.recent_rows import rows_of, since
from vq.words import count, which

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DriftReport:
    """What a look saw."""

    comparisons: Sequence[Comparison]
    left_out: Sequence[str]
    """What could not be compared, and why; a sentence each."""
    rows: int
    """Recent videos, scored or not."""

    @property
    def drifted(self) -> list[Comparison]:
        """Columns that are no longer as they were, the largest effect first."""
        drifted = [one for one in self.comparisons if one.drifted]
        return sorted(drifted, key=lambda one: -one.effect)


def drift_report(scores: Sequence[str], *, root: Path) -> DriftReport:
    """Compare recent videos with the training data, column by column.

    Scores are compared with those of the same student on validation and test, which it did not
    learn from; properties of files with those of all videos that passed the checks. `scores` are
    files of rows as `vq score` writes them, paths or URLs. Students and tables of the workspace are
    those of its latest training.

    Raises:
        DataError: rows, or what the training left, cannot be read.
    """
    config = params.load(root / "params.yaml")
    files, rng = files_of(root, "evaluate"), np.random.default_rng(config.seed)
    rows = since(rows_of(scores), config.watch.days)
    card = as_released(cards.load(files["student"])[0], rows, config.release.model)
    model = card.model_id
    predictions = one_of_each_content(_predictions(files["predictions"]), rng)
    comparable = [row for row in rows if row.model == model and row.mode == "exact"]
    pairs: dict[str, Pair] = {
        "score": (
            predictions["student"].map(card.scores_as.map)
            if card.scores_as
            else predictions["student"],
            pd.Series([row.score for row in comparable], dtype="float64"),
        )
    }
    trained = one_of_each_content(manifests.read(files["accepted"]), rng)
    recent = properties(rows, config.watch.probe, settings=config.import_, rng=rng)
    pairs |= {name: (trained[name], recent[name]) for name in PROPERTIES}
    report = DriftReport(compare(pairs, settings=config.watch), [], len(rows))
    report = replace(report, left_out=_left_out(pairs, report, rows, model, config.watch))
    for one in report.comparisons:
        log.info("%s: %s%s", one.column, one.sentence, " (drifted)" if one.drifted else "")
    return report


def as_released(student: Card, rows: Sequence[Row], registered: str) -> Card:
    """The student with the map of its release, if rows are on the scale of an earlier model.

    It is taken from the champion of the registry, `registered` being the name of the model there.
    """
    if not any(row.model.startswith(f"{student.network_id}+") for row in rows):
        return student
    try:
        champion = cards.load(locate(f"models:/{registered}@champion"))[0]
    except WeightsError:  # then the report names those rows
        return student
    return champion if champion.network_id == student.network_id else student


def _predictions(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); run `dvc repro`") from error


def _left_out(
    pairs: Mapping[str, Pair], report: DriftReport, rows: Sequence[Row], model: str, settings: Watch
) -> list[str]:
    """A sentence for each column that has too few values, and one for scores of other students."""
    compared = {one.column for one in report.comparisons}
    sentences = []
    for name, pair in pairs.items():
        if name not in compared:
            trained, recent = (int(side.count()) for side in pair)
            sentences.append(
                f"{name}: {count(trained, 'content')} in training and "
                f"{count(recent, 'recent video')} have one, watch.min_rows wants "
                f"{settings.min_rows} of each"
            )
    others = Counter(row.model for row in rows if row.status == "ok" and row.model != model)
    sentences += [
        f"{count(number, 'score')} {which(number, 'is', 'are')} of {other}, this workspace has "
        f"{model}"
        for other, number in sorted(others.items())
    ]
    return sentences
