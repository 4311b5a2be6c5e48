"""What a manifest must keep to, said in Great Expectations."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from vq import params as schema
from vq.data.card import Card
from vq.data.kinds import LIMITS

NAMES = (
    "readable",
    "labelled",
    "on_scale",
    "spread",
    "long_enough",
    "large_enough",
    "not_black",
    "not_frozen",
    "not_refused",
    "first_of_video",
    "first_of_file",
)
"""Every check, in the order in which they judge: a row is rejected by the first that it fails."""

Limit = int | float | None

LOWER_LIMITS = (
    ("long_enough", "frames", "min_frames"),
    ("large_enough", "short_side_px", "min_side_px"),
    ("not_black", "brightness", "min_brightness"),
    ("not_frozen", "motion", "min_motion"),
)
"""Check, column, and the setting that the column has to reach."""


@dataclass(frozen=True)
class Check:
    """A rule for each row of a manifest."""

    name: str
    expectation: gxe.Expectation
    shown: str
    """The column whose value tells why a row fails."""
    remedy: str
    """What to do about it; if empty, what stands after the semicolon of the value."""


def find(
    manifest: pd.DataFrame, *, card: Card, params: schema.Validate, docs: Path
) -> pd.DataFrame:
    """Check every row, and write the Data Docs.

    Repetitions are looked for among the rows that are fine otherwise, so that a good copy is not
    lost to a bad one; the first stays.

    Args:
        manifest: as `vq.data.manifest.read` gives it.
        card: of the data set.
        params: section `validate`.
        docs: folder of HTML pages; replaced.

    Returns:
        A finding for each row that fails, by its position in the manifest: `video`, `check`,
        `value`, `remedy`.
    """
    unfinished = docs.with_name(f".{docs.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    context = _context(unfinished)
    rows = manifest.reset_index(drop=True)
    rows["short_side_px"] = rows[["width", "height"]].min(axis=1)
    for name in card.datasets and card.sets:
        rows[_mos_of(name)] = rows["mos"].where((rows["dataset"] == name).fillna(value=False))
    found = _run(context, "rows", rows, _of_a_row(card, params))
    rest = rows.drop(index=found.index)
    for column in ("video", "sha256"):
        rest[f"earlier_{column}"] = rest.groupby(column).cumcount()
    found = pd.concat([found, _run(context, "repetitions", rest, _of_repetition())])
    context.build_data_docs()
    shutil.rmtree(docs, ignore_errors=True)
    unfinished.rename(docs)
    return found.sort_index()


def _of_a_row(card: Card, params: schema.Validate) -> list[Check]:
    return [
        Check(
            "readable",
            gxe.ExpectColumnValuesToBeInSet(column="problem", value_set=[""]),
            "problem",
            remedy="",
        ),
        *([_labelled()] if params.unlabelled == "reject" else []),
        *_on_scale(card),
        _between(
            "spread", "mos_std", 0, None, "correct it: a standard deviation is never negative"
        ),
        *(
            _between(
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
        return Check("not_refused", expectation, "hdr", remedy)
    column, limit = LIMITS[kind]
    return _between("not_refused", column, None, limit, remedy)


def _on_scale(card: Card) -> list[Check]:
    """Each rating on the scale of its own data set."""
    checks = []
    for name, ratings in card.sets.items():
        low, high = ratings.scale.min, ratings.scale.max
        column, whose = (_mos_of(name), f" of {name}") if card.datasets else ("mos", "")
        remedy = f"correct it, or the scale{whose} in card.yaml: {low:g} to {high:g}"
        checks.append(_between("on_scale", column, low, high, remedy, shown="mos"))
    return checks


def _mos_of(dataset: str) -> str:
    """Column of the ratings of one data set among several, null for the others' rows."""
    return f"mos of {dataset}"


def _of_repetition() -> list[Check]:
    row = "remove the row: an earlier one labels the same video"
    file = "remove the file: another one has the same bytes"
    return [
        _between("first_of_video", "earlier_video", None, 0, row, shown="video"),
        _between("first_of_file", "earlier_sha256", None, 0, file, shown="sha256"),
    ]


def _labelled() -> Check:
    expectation = gxe.ExpectColumnValuesToNotBeNull(column="mos")
    return Check("labelled", expectation, "mos", "label it, or set validate.unlabelled to keep")


def _between(
    name: str, column: str, low: Limit, high: Limit, remedy: str, *, shown: str = ""
) -> Check:
    # Nulls pass: what is missing is the business of `readable` and `labelled`.
    expectation = gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)
    return Check(name, expectation, shown or column, remedy)


def _context(docs: Path) -> EphemeralDataContext:
    """A context that lives in memory, keeps quiet and calls nobody."""
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(docs.absolute()),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={"data_docs": site},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    return gx.get_context(project_config=config, mode="ephemeral")


def _run(
    context: EphemeralDataContext, name: str, rows: pd.DataFrame, checks: Sequence[Check]
) -> pd.DataFrame:
    """Findings by index of `rows`."""
    asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
    suite = gx.ExpectationSuite(name, expectations=[check.expectation for check in checks])
    definition = gx.ValidationDefinition(
        name=name,
        data=asset.add_batch_definition_whole_dataframe(name),
        suite=context.suites.add(suite),
    )
    checkpoint = gx.Checkpoint(
        name=name,
        validation_definitions=[context.validation_definitions.add(definition)],
        result_format={"result_format": "COMPLETE"},
    )
    # Positions, not labels: rows may have been taken out.
    checked = rows.reset_index(drop=True)
    outcome = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": checked})
    (validation,) = outcome.run_results.values()
    results = {
        (result.expectation_config.type, result.expectation_config.kwargs["column"]): result
        for result in validation.results
    }
    found: dict[int, dict[str, str]] = {}
    for check in checks:
        result = results[check.expectation.expectation_type, check.expectation.column]
        if result.exception_info.get("raised_exception"):
            raise RuntimeError(f"check {check.name}: {result.exception_info['exception_message']}")
        for position in result.result.get("unexpected_index_list") or []:
            row = rows.iloc[position]
            found.setdefault(int(rows.index[position]), _finding(check, row))
    return _table(found)


def _finding(check: Check, row: pd.Series) -> dict[str, str]:
    value = "" if pd.isna(row[check.shown]) else str(row[check.shown])
    reason, _, remedy = (value, "", check.remedy) if check.remedy else value.partition("; ")
    return {"video": row["video"], "check": check.name, "value": reason, "remedy": remedy}


def _table(found: dict[int, dict[str, str]]) -> pd.DataFrame:
    columns = ["video", "check", "value", "remedy"]
    return pd.DataFrame(list(found.values()), index=list(found), columns=columns, dtype="string")
