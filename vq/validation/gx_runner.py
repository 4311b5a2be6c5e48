"""A suite of checks over the rows of a table, run by Great Expectations."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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

from vq.files import fresh_folder

COLUMNS = ["video", "check", "value", "remedy"]

Limit = int | float | None


@dataclass(frozen=True)
class Check:
    """A rule for each row of a table, or for most of them."""

    name: str
    expectation: gxe.Expectation
    shown: str
    """The column whose value tells why a row fails."""
    remedy: str
    """What to do about it; if empty, what stands after the semicolon of the value."""


def between(
    name: str, column: str, low: Limit, high: Limit, remedy: str, *, shown: str = ""
) -> Check:
    """Numbers between two ends; nulls pass: what is missing is another check's business."""
    expectation = gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)
    return Check(name, expectation, shown or column, remedy)


@contextmanager
def documented(docs: Path | None) -> Iterator[EphemeralDataContext]:
    """A context to run suites in; at its end the Data Docs are there, whole, if they are wanted."""
    if docs is None:
        yield _context(None)
        return
    with fresh_folder(docs) as unfinished:
        context = _context(unfinished)
        yield context
        context.build_data_docs()


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
    return gx.get_context(project_config=config, mode="ephemeral")


def run(
    context: EphemeralDataContext, name: str, rows: pd.DataFrame, checks: Sequence[Check]
) -> pd.DataFrame:
    """Findings (`COLUMNS`) by index of `rows`, in the order of the checks; a row may have several.

    A check of most of the rows that holds has none.
    """
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
    findings, index = [], []
    for check in checks:
        result = results[check.expectation.expectation_type, check.expectation.column]
        if result.exception_info.get("raised_exception"):
            raise RuntimeError(f"check {check.name}: {result.exception_info['exception_message']}")
        failing = [] if result.success else result.result["unexpected_index_list"]
        findings += [_finding(check, rows.iloc[position]) for position in failing]
        index += [int(rows.index[position]) for position in failing]
    return pd.DataFrame(findings, index=index, columns=COLUMNS, dtype="string")


def _finding(check: Check, row: pd.Series) -> dict[str, str]:
    value = "" if pd.isna(row[check.shown]) else str(row[check.shown])
    reason, _, remedy = (value, "", check.remedy) if check.remedy else value.partition("; ")
    return {"video": row["video"], "check": check.name, "value": reason, "remedy": remedy}
