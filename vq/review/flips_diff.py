"""Decisions at declared thresholds that a change turns round, on validation."""

import numpy as np
import pandas as pd
import yaml
from jaxtyping import Float64

from vq.data import card as cards
from vq.errors import VqError
from vq.metrics import flips, flips_table
from vq.params import parse
from vq.review.markdown import Section, code, table
from vq.review.metrics_diff import bootstrap_of
from vq.review.paired import Pair
from vq.review.revision import Revision
from vq.words import count

TITLE = "Decisions at thresholds"
NOTE = (
    "Shares of {videos} that both have scored, with intervals over contents. A decision is whether "
    "the student's score is below the threshold (`release.thresholds`); the map is that of "
    "`release.map_to_champion`, fitted on the other contents. The release measures this anew on "
    "test videos, against the champion."
)


def section(
    old: Revision, new: Revision, paired: Pair | str, *, behind: bool, to_run: bool
) -> Section | None:
    """A table of the thresholds; None where none is declared.

    `evaluate` may be `behind` before the change, or be `to_run` after it: then there is nothing to
    compare.
    """
    thresholds = _thresholds(new)
    if not thresholds:
        return None
    if to_run:
        return Section(TITLE, "decisions are not known: `evaluate` has still to run", "")
    scale = _scale(new)
    if isinstance(paired, str) or scale is None or scale != _scale(old):
        reason = paired if isinstance(paired, str) else "the scale of ratings is another one"
        return Section(TITLE, f"decisions cannot be compared: {reason}", "")
    rows = paired.rows
    before, after = _scores(rows, "student_old"), _scores(rows, "student_new")
    contents = rows["content"].to_numpy(str)
    changes = flips.flips(
        after,
        before,
        contents,
        thresholds,
        mapped=flips.cross_fitted(after, before, contents, scale=scale),
        bootstrap=bootstrap_of(new),
    )
    worst = max(changes, key=lambda one: one.plain.value)
    _, _, share, _ = flips_table.cells(worst)
    notes = [NOTE.format(videos=count(len(rows), "validation video"))]
    if behind:
        notes.append(old.outdates("What was before"))
    body = table([f">{name}" for name in flips_table.HEAD], map(flips_table.cells, changes))
    headline = f"decisions at threshold {code(f'{worst.threshold:g}')} change most: {share} of them"
    return Section(TITLE, headline, "\n\n".join([body, *notes]))


def _thresholds(revision: Revision) -> list[float]:
    """Those declared; none where params are broken, which a section of its own says."""
    try:
        release = yaml.safe_load(revision.params["params.yaml"])["release"]
        return sorted(float(one) for one in release.get("thresholds", ()))
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError):
        return []


def _scale(revision: Revision) -> tuple[float, float] | None:
    """Ends of the scale of ratings; None where there is no card to tell."""
    card = revision.files["card"]
    if isinstance(card, str):
        return None
    try:
        scale = parse(card.decode(), cards.Card, name=f"card.yaml of {revision.name}").scale
    except (VqError, ValueError):
        return None
    return float(scale.min), float(scale.max)


def _scores(rows: pd.DataFrame, column: str) -> Float64[np.ndarray, " videos"]:
    return rows[column].to_numpy(np.float64)
