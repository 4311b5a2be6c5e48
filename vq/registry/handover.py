"""What a new champion changes for those who decide by thresholds on its scores."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from vq import params
from vq.errors import ParamsError
from vq.inference import card as cards
from vq.inference.card import MAPPED_FORMAT, OtherScale
from vq.metrics import flips, flips_table, score_map_fit
from vq.metrics.flips import Flips
from vq.metrics.interval import Bootstrap
from vq.registry.paired_scores import PairedScores
from vq.words import count


@dataclass(frozen=True)
class Handover:
    """What changes from one champion to the next, measured on the test videos of the day."""

    sentences: tuple[str, ...]
    """The outcome for someone who sees nothing else."""
    flips: tuple[Flips, ...] = ()
    """One for each threshold of `release.thresholds`."""
    scores_as: OtherScale | None = field(default=None, compare=False)
    """The scale that the version gives its scores on, if it is another one's."""

    def to_json(self) -> dict[str, Any]:
        """All but the map, which is in the card of the version."""
        return {
            "sentences": list(self.sentences),
            "flips": [flips_table.to_json(one) for one in self.flips],
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Handover":
        """What `to_json` gave."""
        return cls(tuple(raw["sentences"]), tuple(map(flips_table.from_json, raw["flips"])))

    @property
    def markdown(self) -> str:
        """A table of the thresholds, and the sentences."""
        table = flips_table.markdown(self.flips) if self.flips else ""
        return "\n\n".join(filter(None, ["### Decisions at thresholds", table, *self.sentences]))


def handover(
    pair: PairedScores, champion: str, *, settings: params.Release, seed: int
) -> Handover | None:
    """Compare decisions by the scores of a student with those by the champion's.

    With `release.map_to_champion` the student is given a map to the champion's scale, if one brings
    its scores closer on contents that the map was not fitted on. `champion` is the name of the
    champion, such as `vq-student 3`, and `seed` that of resamples.

    Returns:
        None if params neither have thresholds nor want a map.

    Raises:
        ParamsError: a threshold lies outside the scale.
    """
    if not settings.thresholds and not settings.map_to_champion:
        return None
    scale = (pair.card.scale.min, pair.card.scale.max)
    check_thresholds(settings.thresholds, scale)
    own, old = pair.card, pair.old_card
    if (own.scale, own.better) != (old.scale, old.better):
        scales = f"{old.scale.min:g} to {old.scale.max:g}, {old.better} is better"
        return Handover(
            (
                f"Decisions cannot be compared: scores of {champion} are {scales}, those of this "
                f"student {own.scale.min:g} to {own.scale.max:g}, {own.better} is better.",
            )
        )
    mapped = flips.cross_fitted(pair.new, pair.old, pair.contents, scale=scale)
    bootstrap = Bootstrap(settings.bootstrap, CONFIDENCE, seed)
    changes = flips.flips(
        pair.new,
        pair.old,
        pair.contents,
        sorted(settings.thresholds),
        mapped=mapped,
        bootstrap=bootstrap,
    )
    if mapped is None:
        return Handover((TOO_FEW,), changes)
    apart, left = (float(np.mean(np.abs(s - pair.old))) for s in (pair.new, mapped))
    helps = left < apart
    contents = count(len(np.unique(pair.contents)), "content")
    sentences = (
        f"Scores are {apart:.3f} away from those of {champion} on average, {left:.3f} with a map "
        f"that was fitted on other test videos ({count(len(mapped), 'test video')} of {contents}).",
    )
    if not settings.map_to_champion:
        return Handover((*sentences, OWN_SCALE), changes)
    if not helps:
        return Handover((*sentences, NO_HELP), changes)
    model, releases = (
        (old.scores_as.model, old.scores_as.releases) if old.scores_as else (champion, 0)
    )
    score_map = score_map_fit.fit(pair.new, pair.old, scale=scale)
    shipped = f"This version gives its scores on the scale of {model}."
    return Handover((*sentences, shipped), changes, OtherScale(model, releases + 1, score_map))


def check_thresholds(thresholds: Sequence[float], scale: tuple[float, float]) -> None:
    """Refuse a threshold at which every decision is the same.

    Raises:
        ParamsError: one does not lie inside the scale.
    """
    if outside := [one for one in thresholds if not scale[0] < one < scale[1]]:
        raise ParamsError(
            f"params.yaml: release.thresholds: {outside[0]:g} is not inside the scale of scores, "
            f"{scale[0]:g} to {scale[1]:g}; correct it and run again, nothing is trained anew"
        )


CONFIDENCE = 0.95
"""Of the intervals around shares of decisions."""
TOO_FEW = f"There is no map: the test has fewer than {flips.LEAST_CONTENTS} contents to fit one on."
OWN_SCALE = (
    "This version gives its scores on its own scale; release.map_to_champion: true puts the next "
    "one on that of its champion."
)
NO_HELP = "This version gives its scores on its own scale: a map would not bring them closer."


@contextmanager
def on_scale(student: Path, scores_as: OtherScale | None) -> Iterator[Path]:
    """A bundle that gives its scores on a scale; that of `student` itself where it is its own."""
    if scores_as is None:
        yield student
        return
    card, _ = cards.load(student)
    with TemporaryDirectory() as folder:
        copy = shutil.copytree(student, Path(folder, student.name))
        mapped = replace(card, format=MAPPED_FORMAT, scores_as=scores_as)
        (copy / "card.json").write_text(cards.dumps(mapped), encoding="utf-8")
        yield copy
