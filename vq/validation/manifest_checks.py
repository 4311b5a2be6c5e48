"""What a manifest must keep to, said in Great Expectations."""

from dataclasses import replace
from pathlib import Path

import great_expectations.expectations as gxe
import pandas as pd

from vq import params as schema
from vq.data.card import Card
from vq.validation import expectations
from vq.validation.expectations import Expectations, Outcome
from vq.validation.gx_runner import Check, between, documented, run
from vq.validation.kinds import LIMITS

NAMES = (
    "readable", "labelled", "on_scale", "spread",
    "long_enough", "large_enough", "not_black", "not_frozen", "not_refused",
    "first_of_video", "first_of_file",
)  # fmt: skip
"""Every check of every data set, in the order in which they judge: a row is rejected by the first
that it fails."""

LOWER_LIMITS = (
    ("long_enough", "frames", "min_frames"),
    ("large_enough", "short_side_px", "min_side_px"),
    ("not_black", "brightness", "min_brightness"),
    ("not_frozen", "motion", "min_motion"),
)
"""Check, column, and the setting that the column has to reach."""


def find(
    manifest: pd.DataFrame,
    *,
    card: Card,
    expected: Expectations,
    params: schema.Validate,
    docs: Path,
) -> Outcome:
    """Check every row, then what else is expected of the data set, and write the Data Docs.

    Repetitions are looked for among the rows that are fine otherwise, so that a good copy is not
    lost to a bad one; the first stays. `docs` is a folder of HTML pages, and is replaced.

    Returns:
        Of each row that is rejected the first check that it fails, by its position in the
        manifest: `video`, `check`, `value`, `remedy`; and what the table does not meet.

    Raises:
        DataError: an expectation cannot be evaluated.
    """
    rows = manifest.reset_index(drop=True)
    rows["short_side_px"] = rows[["width", "height"]].min(axis=1)
    for name in card.datasets and card.sets:
        rows[_mos_of(name)] = rows["mos"].where((rows["dataset"] == name).fillna(value=False))
    with documented(docs) as suites:
        findings = _first(run(suites, "rows", rows, _of_a_row(card, params)))
        rest = rows.drop(index=findings.index)
        for column in ("video", "sha256"):
            rest[f"earlier_{column}"] = rest.groupby(column).cumcount()
        repetitions = _first(run(suites, "repetitions", rest, _of_repetition()))
        unique = manifest.reset_index(drop=True).loc[rest.index.difference(repetitions.index)]
        outcome = expectations.run(suites, unique, expected)
    rejected = pd.concat([findings, repetitions, _first(outcome.rejected)]).sort_index()
    return replace(outcome, rejected=rejected)


def _first(findings: pd.DataFrame) -> pd.DataFrame:
    """Of each row the first check that it fails."""
    return findings[~findings.index.duplicated()]


def _of_a_row(card: Card, params: schema.Validate) -> list[Check]:
    return [
        Check(
            "readable",
            gxe.ExpectColumnValuesToBeInSet(column="problem", value_set=[""]),
            ("problem",),
            remedy="",
        ),
        *([_labelled()] if params.unlabelled == "reject" else []),
        *_on_scale(card),
        between("spread", "mos_std", 0, None, "correct it: a standard deviation is never negative"),
        *(
            between(
                name,
                column,
                limit,
                None,
                f"replace the video, or lower validate.{setting} ({limit:g})",
            )
            for name, column, setting in LOWER_LIMITS
            for limit in [getattr(params, setting)]
        ),
        *(_not_refused(kind) for kind in params.refuse),
    ]


def _not_refused(kind: schema.Kind) -> Check:
    remedy = f"replace the video, or take {kind} out of validate.refuse"
    if kind == "hdr":
        expectation = gxe.ExpectColumnValuesToBeInSet(column="hdr", value_set=[""])
        return Check("not_refused", expectation, ("hdr",), remedy)
    column, limit = LIMITS[kind]
    return between("not_refused", column, None, limit, remedy)


def _on_scale(card: Card) -> list[Check]:
    """Each rating on the scale of its own data set."""
    checks = []
    for name, ratings in card.sets.items():
        low, high = ratings.scale.min, ratings.scale.max
        column, whose = (_mos_of(name), f" of {name}") if card.datasets else ("mos", "")
        remedy = f"correct it, or the scale{whose} in card.yaml: {low:g} to {high:g}"
        checks.append(between("on_scale", column, low, high, remedy, shown="mos"))
    return checks


def _mos_of(dataset: str) -> str:
    """Column of the ratings of one data set among several, null for the others' rows."""
    return f"mos of {dataset}"


def _of_repetition() -> list[Check]:
    row = "remove the row: an earlier one labels the same video"
    file = "remove the file: another one has the same bytes"
    return [
        between("first_of_video", "earlier_video", None, 0, row, shown="video"),
        between("first_of_file", "earlier_sha256", None, 0, file, shown="sha256"),
    ]


def _labelled() -> Check:
    expectation = gxe.ExpectColumnValuesToNotBeNull(column="mos")
    return Check("labelled", expectation, ("mos",), "label it, or set validate.unlabelled to keep")
