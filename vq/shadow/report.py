"""Let a challenger score what the champion has scored lately, and compare the two."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from vq import params
from vq.errors import DataError
from vq.inference import card as cards
from vq.inference.modes import ModeRequest
from vq.inference.row import Row
from vq.metrics import flips
from vq.metrics.flips import Flips
from vq.metrics.interval import Bootstrap
from vq.registry.handover import CONFIDENCE, check_thresholds
from vq.scoring.locate import locate
from vq.scoring.recent_rows import rows_of, since
from vq.scoring.scoring_pool import ScoringPool
from vq.words import count, which

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pair:
    """A video that both have scored."""

    video: str
    old: float
    """The champion's score."""
    new: float
    """The challenger's."""


@dataclass(frozen=True, eq=False)
class ShadowReport:
    """How the challenger's scores differ from the champion's."""

    champion: str
    """Name and hash of the student, as in the column `model`."""
    challenger: str
    pairs: Sequence[Pair]
    """One for each video, the one that moves most first."""
    flips: Sequence[Flips]
    """One for each threshold of `release.thresholds`."""
    failed: Sequence[Row]
    """Videos that the challenger could not score."""
    left_out: Sequence[str]
    """What was not compared, and why; a sentence each."""
    shown: int
    """Videos that people are shown."""

    @property
    def old(self) -> Float64[np.ndarray, " videos"]:
        """The champion's scores."""
        return np.array([pair.old for pair in self.pairs])

    @property
    def new(self) -> Float64[np.ndarray, " videos"]:
        """The challenger's."""
        return np.array([pair.new for pair in self.pairs])


def shadow(
    scores: Sequence[str], *, challenger: str, champion: str, jobs: int, root: Path
) -> ShadowReport:
    """Score recent videos with the challenger, and compare with the rows of the champion.

    `scores` are files of rows as `vq score` writes them, paths or URLs; a video is scored in the
    mode of its row. Students are as for `vq.scoring.locate`. At most `shadow.videos` are scored,
    drawn at random. Where a row's file was replaced since, the difference is that of the files.

    Raises:
        DataError: rows cannot be read, none is of the champion, or the scales differ.
        ParamsError: a threshold lies outside the scale, or the challenger lacks a mode.
        WeightsError: there is no such student.
    """
    config = params.load(root / "params.yaml")
    rng = np.random.default_rng(config.seed)
    old_card, new_folder = cards.load(locate(champion))[0], locate(challenger)
    new_card = cards.load(new_folder)[0]
    _check(old_card, new_card)
    scale = (old_card.scale.min, old_card.scale.max)
    check_thresholds(config.release.thresholds, scale)
    recent = since(rows_of(scores), config.shadow.days)
    rows = [row for row in recent if row.status == "ok" and row.model == old_card.model_id]
    left_out = _left_out(recent, old_card.model_id)
    if not rows:
        reason = left_out[0] if left_out else "none is recent (shadow.days)"
        raise DataError(f"{', '.join(scores)}: no recent score is of {champion}: {reason}")
    if (more := len(rows) - config.shadow.videos) > 0:
        left_out.append(f"{more} of {count(len(rows), 'video')} were not drawn (shadow.videos)")
    drawn = sorted(rng.permutation(len(rows))[: config.shadow.videos])
    answers = _score([rows[index] for index in drawn], new_folder, jobs)
    pairs = sorted(
        (
            Pair(row.video, row.score, new.score)
            for row, new in answers
            if row.score is not None and new.score is not None
        ),
        key=lambda pair: (-abs(pair.new - pair.old), pair.video),
    )
    return ShadowReport(
        champion=old_card.model_id,
        challenger=new_card.model_id,
        pairs=pairs,
        flips=_flips(pairs, config, scale),
        failed=[new for _, new in answers if new.status != "ok"],
        left_out=left_out,
        shown=config.shadow.shown,
    )


def _check(old: cards.Card, new: cards.Card) -> None:
    if old.model_id == new.model_id:
        raise DataError(f"{new.model_id} is champion and challenger; name another challenger")
    if (old.scale, old.better) != (new.scale, new.better):
        raise DataError(
            f"scores of {new.model_id} are {new.meaning}, those of {old.model_id} {old.meaning}: "
            "they cannot be compared"
        )


def _left_out(rows: Sequence[Row], champion: str) -> list[str]:
    others = Counter(row.model for row in rows if row.status == "ok" and row.model != champion)
    sentences = [
        f"{count(number, 'score')} {which(number, 'is', 'are')} of {model}, the champion is "
        f"{champion}"
        for model, number in sorted(others.items())
    ]
    if failed := sum(row.status != "ok" for row in rows):
        sentences.append(f"{count(failed, 'row')} {which(failed, 'has', 'have')} no score")
    return sentences


def _score(rows: Sequence[Row], folder: Path, jobs: int) -> list[tuple[Row, Row]]:
    """Each row with that of the challenger for the same video."""
    answers: list[tuple[Row, Row]] = []
    with ScoringPool(folder, jobs=jobs) as pool:
        for mode in sorted({row.mode for row in rows if row.mode}):
            some = [row for row in rows if row.mode == mode]
            scored = pool.score([row.video for row in some], closely=ModeRequest(mode))
            answers += [(row, answer.row) for row, answer in zip(some, scored, strict=True)]
            log.info("%s: %d of %d videos", mode, len(answers), len(rows))
    return answers


def _flips(
    pairs: Sequence[Pair], config: params.Params, scale: tuple[float, float]
) -> Sequence[Flips]:
    """Each video counts as a content of its own: rows do not tell which are versions of one."""
    if not pairs:
        return ()
    old, new = (np.array([getattr(pair, side) for pair in pairs]) for side in ("old", "new"))
    contents = np.array([pair.video for pair in pairs])
    return flips.flips(
        new,
        old,
        contents,
        sorted(config.release.thresholds),
        mapped=flips.cross_fitted(new, old, contents, scale=scale),
        bootstrap=Bootstrap(config.release.bootstrap, CONFIDENCE, config.seed),
    )
