"""A suite of checks over the rows of a table, run by Great Expectations."""

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from vq.files import fresh_folder
from vq.validation import data_docs

COLUMNS = ["video", "check", "value", "remedy"]
ROW = "row number"
"""Column by which rows that fail are named; counted from 1."""

Limit = int | float | None


@dataclass(frozen=True)
class Check:
    """An expectation of a table or of each of its rows, or most of them."""

    name: str
    expectation: gxe.Expectation
    shown: tuple[str, ...]
    """The columns whose values tell why a row fails."""
    remedy: str
    """What to do about it; if empty, what stands after the semicolon of the value."""


def between(
    name: str, column: str, low: Limit, high: Limit, remedy: str, *, shown: str = ""
) -> Check:
    """Numbers between two ends; nulls pass: what is missing is another check's business."""
    expectation = gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)
    return Check(name, expectation, (shown or column,), remedy)


@dataclass(frozen=True, eq=False)
class Suites:
    """Suites that run in one context."""

    context: EphemeralDataContext
    findings: list[pd.DataFrame]
    """What each one found (`COLUMNS`); `video` is empty where it is about the whole table."""


@contextmanager
def documented(docs: Path | None) -> Iterator[Suites]:
    """Where suites run; at its end the Data Docs are there, whole, if they are wanted."""
    if docs is None:
        yield Suites(_context(None), [])
        return
    with fresh_folder(docs) as unfinished:
        suites = Suites(_context(unfinished), [])
        yield suites
        suites.context.build_data_docs()
        store = suites.context.validation_results_store
        outcomes = {
            key.expectation_suite_identifier.name: store.get(key).success
            for key in store.list_keys()
        }
        data_docs.finish(unfinished, outcomes, suites.findings)


def _context(docs: Path | None) -> EphemeralDataContext:
    """A context that lives in memory, keeps quiet and calls nobody."""
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(docs.absolute() if docs else ""),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={"data_docs": site} if docs else {},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )
    context = gx.get_context(project_config=config, mode="ephemeral")
    context.validation_results_store.serialize = _serialize
    return context


def _serialize(outcome: Any) -> str:  # noqa: ANN401 - mypy does not follow Great Expectations
    # Quantiles and divergences come with booleans of NumPy, which the store of Great Expectations
    # cannot write (its pull request 12248).
    return json.dumps(outcome.to_json_dict(), default=lambda number: number.item())


def run(suites: Suites, name: str, rows: pd.DataFrame, checks: Sequence[Check]) -> pd.DataFrame:
    """Findings (`COLUMNS`) by index of `rows`, in the order of the checks; a row may have several.

    The index is the position of a row, from 0, though others may have been taken out. A check of
    most of the rows that holds has none.
    """
    results = validate(suites, name, numbered(rows), checks)
    for check, result in zip(checks, results, strict=True):
        if problem := exception_of(result):
            raise RuntimeError(f"check {check.name}: {problem}")
    table = findings(rows, zip(checks, results, strict=True))
    suites.findings.append(table)
    return table


def numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with their number in the table that they are of, by their position in it (the index)."""
    return rows.assign(**{ROW: rows.index + 1})


def validate(suites: Suites, name: str, rows: pd.DataFrame, checks: Sequence[Check]) -> list[Any]:
    """What Great Expectations says of each check; its page of the suite has name and remedy."""
    for check in checks:
        remedy = check.remedy or "as the value says"
        check.expectation.notes = f"{check.name}: {remedy}"
    context = suites.context
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
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [ROW, "video"],
        },
    )
    outcome = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": rows})
    (validation,) = outcome.run_results.values()
    results = {result.expectation_config.id: result for result in validation.results}
    return [results[check.expectation.id] for check in checks]


def exception_of(result: Any) -> str:  # noqa: ANN401
    """Why an expectation could not be evaluated; empty if it could."""
    info = result.exception_info
    for one in [info, *(value for value in info.values() if isinstance(value, dict))]:
        if one.get("raised_exception"):
            return str(one["exception_message"])
    return ""


def findings(rows: pd.DataFrame, results: Iterable[tuple[Check, Any]]) -> pd.DataFrame:
    """The rows that fail a check (`COLUMNS`), by index of `rows`."""
    lines, index = [], []
    for check, result in results:
        for unexpected in [] if result.success else result.result["unexpected_index_list"]:
            position = int(unexpected[ROW]) - 1
            (row,) = rows.loc[[position]].to_dict("records")
            lines.append(_finding(check, row))
            index.append(position)
    return pd.DataFrame(lines, index=index, columns=COLUMNS, dtype="string")


def _finding(check: Check, row: Mapping[Hashable, Any]) -> dict[str, str]:
    values = {name: "" if pd.isna(row[name]) else str(row[name]) for name in check.shown}
    value = ", ".join(f"{name} {one}" if len(values) > 1 else one for name, one in values.items())
    reason, _, remedy = (value, "", check.remedy) if check.remedy else value.partition("; ")
    return {"video": row["video"], "check": check.name, "value": reason, "remedy": remedy}
