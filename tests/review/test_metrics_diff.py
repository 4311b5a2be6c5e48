"""A reader of the table learns whether a difference is noise, or that nobody can tell."""

import json
from collections.abc import Mapping

import pytest

from vq.errors import DataError
from vq.review.markdown import Section
from vq.review.metrics_diff import pair, section
from vq.review.revision import Revision

PARAMS = "seed: 7\nevaluate: {bootstrap: 200, confidence: 0.9}\n"
LATE = {"behind": False, "to_run": False}


def revision(
    srcc: float,
    *,
    ends: tuple[float, float] | None = (0.1, 0.9),
    params: str = PARAMS,
    **files: bytes | str,
) -> Revision:
    """What `evaluate` wrote of a student; its predictions are not to be had unless given."""
    low, high = ends or (None, None)
    told = {"value": srcc, "low": low, "high": high}
    models = {"student": dict.fromkeys(("srcc", "plcc", "rmse"), told)}
    known = {"validation": json.dumps({"models": models}).encode()}
    read = {"predictions": "it is nowhere", **known, **files}
    return Revision("abc", "A change", {}, read, {"params.yaml": params})


def scores(sign: float) -> bytes:
    """Predictions of eight contents that follow the ratings, or go against them."""
    rows = [f"v{n},c{n},validation,{n},{sign * n}" for n in range(8)]
    return "\n".join(["video,content,split,mos,student", *rows, ""]).encode()


def told(old: Revision, new: Revision, late: Mapping[str, bool] = LATE) -> Section:
    """The section."""
    return section(old, new, pair(old, new), **late)


def first_row(text: Section) -> list[str]:
    """The cells of the first measure."""
    return [cell.strip() for cell in text.body.splitlines()[2].strip("|").split("|")]


def test_a_student_that_turned_round_is_worse() -> None:
    """Beyond noise, and the summary says so."""
    text = told(revision(1.0, predictions=scores(1)), revision(-1.0, predictions=scores(-1)))

    assert first_row(text)[4:] == ["-2.000 [-2.000, -2.000]", "**worse**, beyond noise"]
    assert text.headline.endswith("1.000 -> -1.000 (-2.000 [-2.000, -2.000]): worse, beyond noise")
    assert "paired, on the same 8 validation videos of 8 contents" in text.body


def test_an_error_that_grows_is_worse() -> None:
    """Of all measures, RMSE alone is better when lower."""
    text = told(revision(1.0, predictions=scores(1)), revision(-1.0, predictions=scores(-1)))

    (row,) = [line for line in text.body.splitlines() if "RMSE" in line]
    assert "| +" in row
    assert "**worse**" in row


@pytest.mark.parametrize(
    ("old", "new", "reading"),
    [
        pytest.param((0.1, 0.5), (0.4, 0.9), "may be noise: the intervals overlap", id="overlap"),
        pytest.param((0.1, 0.3), (0.4, 0.9), "the intervals lie apart: hardly noise", id="apart"),
        pytest.param(None, (0.4, 0.9), "not known: no interval", id="no-interval"),
    ],
)
def test_without_predictions_intervals_are_all_there_is(
    old: tuple[float, float] | None, new: tuple[float, float], reading: str
) -> None:
    """Overlapping ones say nothing of two models on the same videos."""
    text = told(revision(0.2, ends=old), revision(0.5, ends=new))

    assert first_row(text)[4:] == ["", reading]
    assert "Differences are not known: at abc, it is nowhere." in text.body


def test_what_has_not_run_has_no_numbers() -> None:
    """Those that are there are of an earlier state."""
    text = told(revision(0.5), revision(0.6), {"behind": False, "to_run": True})

    assert text.headline.endswith("`evaluate` has still to run")
    assert text.body == ""


def test_numbers_that_were_late_already_are_marked() -> None:
    """The difference is that of more than the change."""
    text = told(revision(0.5), revision(0.6), {"behind": True, "to_run": False})

    assert "The numbers before are older than abc" in text.body


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        pytest.param(
            "it is nowhere", "agreement is not known: at abc, it is nowhere", id="missing"
        ),
        pytest.param(b"{", "agreement is not known: at abc, validation.json", id="no-json"),
        pytest.param(
            b'{"models": {"student": {}}}', "agreement is not known: at abc, val", id="no-srcc"
        ),
        pytest.param(b'{"models": {}}', "agreement cannot be compared", id="no-model"),
    ],
)
def test_a_file_that_tells_nothing_is_named(file: bytes | str, reason: str) -> None:
    """The rest of the review stands."""
    assert told(revision(0.5), revision(0.5, validation=file)).headline.startswith(reason)


def test_params_without_evaluate_are_refused() -> None:
    """The message names the revision."""
    with pytest.raises(DataError, match=r"params\.yaml of abc"):
        told(revision(0.5), revision(0.5, params="seed: 7"))
