"""What a data set's own `expectations.yaml` asks of its table, in Great Expectations' own form."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from great_expectations.exceptions import ExpectationNotFoundError, GreatExpectationsError
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
)
from pydantic import model_validator

from vq import params
from vq.errors import DataError, ParamsError
from vq.params import Section
from vq.validation.gx_runner import (
    COLUMNS,
    Check,
    Suites,
    exception_of,
    findings,
    numbered,
    validate,
)
from vq.words import count

KEYS = ("type", "kwargs", "meta", "severity", "description", "notes", "id")
"""Of an expectation, as Great Expectations saves it; `meta` may have `name` and `remedy`."""

OF_A_ROW = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
COLUMN_KEYS = ("column", "column_A", "column_B", "column_list")


@dataclass(frozen=True)
class Expectations:
    """Those of one file."""

    path: Path
    rows: tuple[Check, ...] = ()
    """Each row has to meet them, or the share of rows that they name; it is rejected if not."""
    table: tuple[Check, ...] = ()
    """The accepted rows together have to meet them."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of expectations."""

    rejected: pd.DataFrame
    """Findings by index of the rows; a row may have several."""
    failures: tuple[str, ...] = ()
    """What the table does not meet: a sentence each, with file, observed value and remedy."""
    warnings: tuple[str, ...] = ()
    """The same of expectations whose severity is not critical; they reject no row."""


class _Content(Section):
    """Whatever the file holds; of a suite that Great Expectations saved, its expectations."""

    content: Any

    @model_validator(mode="before")
    @classmethod
    def keep(cls, value: object) -> dict[str, object]:
        """Take it as it is."""
        if isinstance(value, dict) and "expectations" in value:
            return {"content": value["expectations"]}
        return {"content": value}


def load(path: Path, columns: Collection[str]) -> Expectations:
    """Read the expectations of a table with these columns: YAML or JSON, a list or a saved suite.

    Raises:
        DataError: missing, no YAML, or an expectation that Great Expectations does not know, that
            lacks an argument, or that is about another column.
    """
    if not path.exists():
        raise DataError(
            f"{path}: no such file; it may be empty: `touch {path}`, or see docs/checks.md"
        )
    try:
        content = params.read(path, _Content).content
    except ParamsError as error:
        raise DataError(f"{error}; docs/checks.md has an example") from error
    if not isinstance(content, list | None):
        raise DataError(
            f"{path}: is {_short(content)}, not a list of expectations; begin each with `- type: "
            "expect_...`, docs/checks.md has an example"
        )
    checks = [_check(path, number, item, columns) for number, item in enumerate(content or [], 1)]
    of_a_row = [isinstance(check.expectation, OF_A_ROW) for check in checks]
    rows, table = (
        tuple(check for check, is_row in zip(checks, of_a_row, strict=True) if is_row == wanted)
        for wanted in (True, False)
    )
    return Expectations(path, rows, table)


def run(suites: Suites, rows: pd.DataFrame, expectations: Expectations) -> Outcome:
    """Hold rows against expectations: each row first, then the table of those that are left.

    Raises:
        DataError: one cannot be evaluated, such as the mean of texts.
    """
    path = expectations.path
    of_rows = _run(suites, "expectations", numbered(rows), path, expectations.rows)
    left = rows.drop(index=of_rows.rejected.index)
    of_table = _run(suites, "table", left, path, expectations.table)
    return Outcome(
        of_rows.rejected,
        of_rows.failures + of_table.failures,
        of_rows.warnings + of_table.warnings,
    )


def _run(
    suites: Suites, name: str, rows: pd.DataFrame, path: Path, checks: Sequence[Check]
) -> Outcome:
    if not checks or rows.empty:
        return Outcome(pd.DataFrame(columns=COLUMNS, dtype="string"))
    rejecting, shown = [], []
    sentences: dict[bool, list[str]] = {True: [], False: []}
    try:
        results = validate(suites, name, rows, checks)
    except (GreatExpectationsError, ValueError, TypeError) as error:
        raise DataError(
            f"{path}: an expectation cannot be evaluated ({error}); correct its arguments"
        ) from error
    for check, result in zip(checks, results, strict=True):
        where = f"{path}: {_title(check)}"
        if problem := exception_of(result):
            raise DataError(f"{where}: cannot be evaluated ({problem}); correct its arguments")
        if result.success:
            continue
        critical = check.expectation.severity.value == "critical"
        if critical and "unexpected_index_list" in result.result:
            rejecting.append((check, result))
        else:
            observed = _observed(check, result)
            sentences[critical].append(f"{where}: observed {observed}; {check.remedy}")
            shown.append(("", check.name, observed, check.remedy))
    rejected = findings(rows, rejecting)
    suites.findings.extend([rejected, pd.DataFrame(shown, columns=COLUMNS, dtype="string")])
    return Outcome(rejected, tuple(sentences[True]), tuple(sentences[False]))


def _check(path: Path, number: int, item: object, columns: Collection[str]) -> Check:
    where = f"{path}: expectation {number}"
    if not (isinstance(item, dict) and isinstance(item.get("type"), str)):
        raise DataError(f"{where}: is {_short(item)}; it needs a `type: expect_...`")
    where += f", {item['type']}"
    if unknown := [key for key in item if key not in KEYS]:
        raise DataError(
            f"{where}: unknown key {unknown[0]!r}; what an expectation takes belongs under "
            f"`kwargs`, and keys are {', '.join(KEYS)}"
        )
    kwargs, meta = (_mapping(where, key, item.get(key)) for key in ("kwargs", "meta"))
    expectation = _build(where, item, kwargs)
    shown = _columns(kwargs)
    missing = [name for name in shown if name not in columns]
    if missing and item["type"] != "expect_column_to_exist":
        near = difflib.get_close_matches(missing[0], columns) or sorted(columns)
        raise DataError(
            f"{where}: the table has no column {missing[0]!r}; did you mean {', '.join(near)}? A "
            "column of labels.csv has to be in columns.yaml"
        )
    return Check(
        str(meta.get("name") or _call(item["type"], {"column": ", ".join(shown)})),
        expectation,
        shown,
        str(meta.get("remedy") or f"correct the data, or the expectation in {path}"),
    )


def _build(where: str, item: Mapping[str, Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
    try:
        expectation = get_expectation_impl(item["type"])
    except ExpectationNotFoundError as error:
        types = list_registered_expectation_implementations()
        near = difflib.get_close_matches(item["type"], types, cutoff=0)
        raise DataError(
            f"{where}: Great Expectations has none of this type; did you mean {', '.join(near)}?"
        ) from error
    more = {key: item[key] for key in ("severity", "description") if key in item}
    try:
        return expectation(**more, **kwargs)
    except (ValueError, TypeError) as error:
        # One of pydantic has a line for each argument; Great Expectations raises others, too.
        lines = [
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}".removeprefix("__root__: ")
            for one in (error.errors() if hasattr(error, "errors") else [])
        ]
        raise DataError(
            f"{where}: {'; '.join(lines) or error}; correct its arguments, "
            "https://greatexpectations.io/expectations has them"
        ) from error


def _mapping(where: str, key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict | None):
        raise DataError(f"{where}: {key} is {_short(value)}; write `{key}: {{name: value}}`")
    return value or {}


def _columns(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    names = [kwargs[key] for key in COLUMN_KEYS if key in kwargs]
    return tuple(one for name in names for one in ([name] if isinstance(name, str) else name))


def _title(check: Check) -> str:
    """Its name and what it states, such as `sharp, expect_column_mean_to_be_between(column=...)`.

    Lists and tables among the arguments are left out.
    """
    expectation = check.expectation
    arguments = {
        name: _text(value)
        for name, value in expectation.configuration.kwargs.items()
        if isinstance(value, str | int | float)
    }
    call = _call(expectation.expectation_type, arguments)
    return call if check.name.startswith(expectation.expectation_type) else f"{check.name}, {call}"


def _call(name: str, arguments: Mapping[str, str]) -> str:
    return f"{name}({', '.join(f'{key}={value}' for key, value in arguments.items() if value)})"


def _observed(check: Check, result: Any) -> str:  # noqa: ANN401
    values = result.result
    if unexpected := values.get("unexpected_index_list"):
        cells = ", ".join(_text(unexpected[0][name]) for name in check.shown)
        return f"{count(len(unexpected), 'row')}, such as {unexpected[0]['video']} ({cells})"
    observed = values.get("observed_value")
    if isinstance(observed, dict):  # of quantiles: which, and what they are
        observed = observed.get("values", observed)
    if observed is not None:
        return _text(observed)
    facts = [f"{name} {_text(value)}" for name, value in values.items() if value is not None]
    return ", ".join(facts) or "nothing"


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
