"""What a data set expects of its table, evaluated by the real Great Expectations."""

import json
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
import pytest

from vq.data import manifest
from vq.errors import DataError
from vq.validation import expectations
from vq.validation.expectations import Outcome
from vq.validation.gx_runner import documented

SHIPPED = Path(__file__).parents[2] / "data"
ROWS = manifest.build(
    [
        {"video": "a", "mos": 1.0, "fps": 25.0, "width": 64, "height": 48, "codec": "h264"},
        {"video": "b", "mos": 3.0, "fps": 30.0, "width": 64, "height": 48, "codec": "hevc"},
        {"video": "c", "mos": None, "fps": 12.0, "width": 48, "height": 64, "codec": "h264"},
    ]
)


def run(folder: Path, text: str) -> Outcome:
    """Hold `ROWS` against a file with this text."""
    file = folder / "expectations.yaml"
    file.write_text(text)
    with documented(None) as suites:
        return expectations.run(suites, ROWS, expectations.load(file, ROWS.columns))


def test_a_row_is_rejected_by_name_value_and_remedy(tmp_path: Path) -> None:
    """Two columns are shown with their names; without a name, the expectation says what it is."""
    outcome = run(
        tmp_path,
        """
- type: expect_column_values_to_be_between
  kwargs: {column: fps, min_value: 20}
  meta: {name: smooth, remedy: film it again}
- type: expect_column_pair_values_a_to_be_greater_than_b
  kwargs: {column_A: width, column_B: height}
""",
    )

    assert outcome.rejected.to_numpy().tolist() == [
        ["c", "smooth", "12.0", "film it again"],
        [
            "c",
            "expect_column_pair_values_a_to_be_greater_than_b(column=width, height)",
            "width 48, height 64",
            f"correct the data, or the expectation in {tmp_path}/expectations.yaml",
        ],
    ]
    assert outcome.rejected.index.tolist() == [2, 2]
    assert (outcome.failures, outcome.warnings) == ((), ())


def test_the_table_is_that_of_the_rows_which_are_left(tmp_path: Path) -> None:
    """Its sentence has file, what is stated, what was observed and the remedy."""
    outcome = run(
        tmp_path,
        """
- {type: expect_column_values_to_not_be_null, kwargs: {column: mos}}
- type: expect_table_row_count_to_be_between
  kwargs: {min_value: 3}
  meta: {name: enough, remedy: bring more}
- {type: expect_column_mean_to_be_between, kwargs: {column: fps, min_value: 27.5}}
- {type: expect_column_distinct_values_to_be_in_set, kwargs: {column: codec, value_set: [h264]}}
""",
    )

    file = tmp_path / "expectations.yaml"
    assert outcome.rejected["video"].tolist() == ["c"]
    assert outcome.failures[0] == (
        f"{file}: enough, expect_table_row_count_to_be_between(min_value=3): observed 2; bring more"
    )
    assert "(column=codec): observed unexpected_count 1" in outcome.failures[1]
    assert "['hevc']" in outcome.failures[1]
    assert len(outcome.failures) == 2


def test_most_of_the_rows_are_enough_if_most_are_asked(tmp_path: Path) -> None:
    """While the share holds none is rejected; below it all that differ are."""
    text = "- {type: expect_column_values_to_be_in_set, kwargs: {column: codec, value_set: [h264], "

    assert run(tmp_path, f"{text}mostly: 0.6}}}}").rejected.empty
    assert run(tmp_path, f"{text}mostly: 0.7}}}}").rejected["video"].tolist() == ["b"]


def test_a_warning_is_told_and_nothing_fails(tmp_path: Path) -> None:
    """Of rows it names the first; `info` is no more than a warning."""
    outcome = run(
        tmp_path,
        """
- type: expect_column_values_to_be_between
  kwargs: {column: fps, min_value: 26}
  severity: warning
  meta: {remedy: look}
- {type: expect_table_row_count_to_equal, kwargs: {value: 9}, severity: info}
""",
    )

    assert outcome.rejected.empty
    assert outcome.failures == ()
    assert "min_value=26): observed 2 rows, such as a (25); look" in outcome.warnings[0]
    assert "(value=9): observed 3; correct" in outcome.warnings[1]


def test_a_suite_that_great_expectations_saved_is_read(tmp_path: Path) -> None:
    """JSON is YAML; ids and versions do not matter."""
    suite = gx.ExpectationSuite("s", expectations=[gxe.ExpectTableRowCountToEqual(value=2)])

    outcome = run(tmp_path, json.dumps(suite.to_json_dict()))

    assert len(outcome.failures) == 1


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]"], ids=["empty", "comment", "list"])
def test_a_file_may_expect_nothing(tmp_path: Path, text: str) -> None:
    """Then nothing is rejected."""
    outcome = run(tmp_path, text)

    assert outcome.rejected.empty
    assert (outcome.failures, outcome.warnings) == ((), ())


BETWEEN = "type: expect_column_values_to_be_between"
WRONG = {
    "yaml": ("- [", r"not valid YAML.*docs/checks\.md"),
    "text": ("expect_it", "is 'expect_it', not a list of expectations"),
    "one": (f"{BETWEEN}\nkwargs: {{}}", "not a list of expectations; begin each with"),
    "no-type": ("- {kwargs: {column: fps}}", "expectation 1: is .* needs a `type"),
    "type": (
        "- {type: expect_column_value_to_be_between}",
        "1, expect_column_value_to_be_between: .* none of this type; did you mean expect_column_va",
    ),
    "key": (f"- {{{BETWEEN}, column: fps}}", "unknown key 'column'; .* belongs under `kwargs`"),
    "kwargs": (f"- {{{BETWEEN}, kwargs: [fps]}}", r"kwargs is \['fps'\]; write"),
    "argument": (
        f"- {{{BETWEEN}, kwargs: {{column: fps, least: 3}}}}",
        "least: extra fields not permitted; .* correct its arguments",
    ),
    "lacks": (f"- {{{BETWEEN}, kwargs: {{min_value: 3}}}}", "column: field required"),
    "column": (
        f"- {{{BETWEEN}, kwargs: {{column: fsp, min_value: 3}}}}",
        r"no column 'fsp'; did you mean fps\? .* columns\.yaml",
    ),
    "severity": (
        f"- {{{BETWEEN}, kwargs: {{column: fps, min_value: 3}}, severity: high}}",
        "severity: .* permitted: 'critical', 'warning', 'info'",
    ),
    "mean-of-texts": (
        "- {type: expect_column_mean_to_be_between, kwargs: {column: codec, min_value: 3}}",
        r"\(column=codec, min_value=3\): cannot be evaluated",
    ),
    "parameter": (
        f"- {{{BETWEEN}, kwargs: {{column: fps, min_value: {{$PARAMETER: x}}}}}}",
        "cannot be evaluated .*x.*; correct its arguments",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_expectation_is_named(tmp_path: Path, name: str) -> None:
    """With its file, its number or what it states, and the remedy."""
    text, message = WRONG[name]

    with pytest.raises(DataError, match=rf"(?s)expectations\.yaml: .*{message}"):
        run(tmp_path, text)


def test_a_missing_file_says_that_it_may_be_empty(tmp_path: Path) -> None:
    """A data set from before has none."""
    with pytest.raises(DataError, match=r"no such file; it may be empty: `touch .*x\.yaml`"):
        expectations.load(tmp_path / "x.yaml", ROWS.columns)


@pytest.mark.parametrize("folder", ["demo", "footage"])
def test_what_ships_can_be_read(folder: str) -> None:
    """Its columns are those of every manifest."""
    expectations.load(SHIPPED / folder / "expectations.yaml", list(manifest.DTYPES))


def test_columns_of_any_type_can_be_asked(tmp_path: Path) -> None:
    """Those of a manifest are nullable, and some are empty: a row of it, and the table."""
    line = "- {{type: {}, kwargs: {{column: {}, min_value: 0}}}}"
    numbers = [name for name in ROWS if pd.api.types.is_numeric_dtype(ROWS[name])]
    numbers.remove("mirrored")
    lines = [line.format("expect_column_unique_value_count_to_be_between", one) for one in ROWS]
    lines += [line.format("expect_column_values_to_be_between", one) for one in numbers]

    outcome = run(tmp_path, "\n".join(lines))

    assert outcome.rejected.empty
    assert outcome.failures == ()
