"""A delivery of rated videos, scored by the champion before anything learns from it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vq.accuracy import record as records
from vq.accuracy.drop import drops
from vq.accuracy.measures import measure
from vq.accuracy.pool import as_arrays
from vq.accuracy.pool import pool as pool_deliveries
from vq.accuracy.record import MOST_RATED, RatedScore, Record
from vq.data.card import Card
from vq.gates import leakage
from vq.inference import card as cards
from vq.inference.row import Row
from vq.metrics.interval import Bootstrap
from vq.params import Params
from vq.registry.address import is_missing, tracking_uri
from vq.scoring.scoring_pool import ScoringPool
from vq.words import count
from vq.workers.limits import Limits
from vq.workers.process_pool import cores

if TYPE_CHECKING:  # MLflow takes seconds to import
    from vq.registry.paired_scores import Champion


@dataclass(frozen=True)
class RatedVideo:
    """A file that came with a rating."""

    path: Path
    sha256: str
    content: str
    mos: float
    """On the scale of the data set."""
    random: bool = False
    """Whether it is known to be drawn at random from what came in."""


@dataclass(frozen=True)
class Measurement:
    """The champion's accuracy on a delivery, or why it was not measured."""

    record: Record | None = None
    reason: str = ""
    """A phrase; empty where there is a record."""
    failed: Sequence[Row] = ()
    """Rated videos that the champion could not score."""
    drops: Mapping[str, str] = field(default_factory=dict)
    """By measure, a sentence on what is surely worse than `watch` of params.yaml allows, in this
    delivery or in all of this champion together."""


def measure_delivery(
    videos: Sequence[RatedVideo], *, card: Card, config: Params, root: Path, jobs: int = 0
) -> Measurement:
    """Score rated videos with the champion of the workspace, and compare with their ratings.

    Each is opened in a worker process, under `import.limits`; `jobs` of them, 0 for one on each
    core. Scores are as the champion gives them to everybody. Videos that it has learnt from, as a
    file or by their content, are left out. Intervals are those of `evaluate`.

    `card` is that of the data set.

    Raises:
        DataError: the registry does not answer, or the champion is not whole.
        WeightsError: the champion's bundle is broken.
    """
    if not videos:
        return Measurement(reason="no new video of this data set has a rating")
    if is_missing(tracking_uri(root)):
        return Measurement(reason="there is no registry here, so no champion")
    from vq.accuracy.champion import fetched

    with fetched(root, config.release.model) as champion:
        if champion is None:
            return Measurement(reason=f"{config.release.model} has no champion")
        return _measured(videos, champion, card, config, root, jobs)


def _measured(
    videos: Sequence[RatedVideo], champion: "Champion", card: Card, config: Params, root: Path,
    jobs: int,
) -> Measurement:  # fmt: skip
    student = cards.load(champion.bundle)[0]
    if (student.scale.min, student.scale.max, student.better) != (
        card.scale.min,
        card.scale.max,
        card.better,
    ):
        return Measurement(
            reason=f"champion {champion.version} gives scores of {student.meaning}, ratings are "
            f"{card.scale.min:g} to {card.scale.max:g}, {card.better} is better"
        )
    fresh = _not_learnt(videos, champion.learnt)
    if not fresh:
        return Measurement(
            reason=f"champion {champion.version} has learnt from all {count(len(videos), 'video')} "
            "with a rating, or from their content"
        )
    limits = Limits(**config.import_.limits.model_dump(), section="import")
    with ScoringPool(champion.bundle, jobs=cores(jobs), limits=limits) as pool:
        rows = [answer.row for answer in pool.score([str(video.path) for video in fresh])]
    scored = [(video, row) for video, row in zip(fresh, rows, strict=True) if row.status == "ok"]
    rated = [_rated(video, row) for video, row in scored]
    evaluate = config.evaluate
    bootstrap = Bootstrap(evaluate.bootstrap, evaluate.confidence, config.seed)
    record = Record(
        delivery=_digest(videos),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        model=student.model_id,
        version=champion.version,
        opinion=card.opinion,
        videos=len(scored),
        contents=len({video.content for video, _ in scored}),
        failed=len(fresh) - len(scored),
        learnt=len(videos) - len(fresh),
        promised=student.interval.coverage if student.interval else None,
        measures=measure(as_arrays(rated), bootstrap),
        rated=tuple(rated) if len(rated) <= MOST_RATED else (),
    )
    earlier = records.read(root / config.data.dir / records.FILE)
    before = [one for one in earlier if one.model == record.model and one.id != record.id]
    together = pool_deliveries([*before, record], bootstrap)
    return Measurement(
        record,
        failed=[row for row in rows if row.status != "ok"],
        drops=(drops(together, config.watch) if together else {}) | drops(record, config.watch),
    )


def _not_learnt(videos: Sequence[RatedVideo], learnt: pd.DataFrame) -> list[RatedVideo]:
    table = pd.DataFrame(
        {
            "content": [video.content for video in videos],
            "sha256": [video.sha256 for video in videos],
        }
    )
    leaked = set(leakage.leaked(table, learnt).index)
    return [video for place, video in enumerate(videos) if place not in leaked]


def _rated(video: RatedVideo, row: Row) -> RatedScore:
    if row.score is None:
        raise ValueError(f"{row.video} has no score")
    content = hashlib.sha256(video.content.encode()).hexdigest()[:12]
    return RatedScore(content, row.score, row.low, row.high, video.mos, video.random)


def _digest(videos: Sequence[RatedVideo]) -> str:
    lines = sorted(f"{video.sha256} {video.mos!r}" for video in videos)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
