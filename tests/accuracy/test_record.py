"""The file of records, what counts as a drop, and how both read."""

import math
from pathlib import Path

import pytest

from tests.accuracy.records import MEASURES, make_record
from tests.workspace import ROOT, commit, run
from vq.accuracy import flow_summary
from vq.accuracy.delivery import Measurement
from vq.accuracy.drop import drops
from vq.accuracy.record import FILE, RatedScore, add, read
from vq.errors import DataError
from vq.metrics.interval import Interval
from vq.params import Watch

WATCH = Watch(alpha=0.01, min_effect=0.2, min_rows=30, probe=0, days=None)


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    """The earliest first; the same delivery and champion once."""
    path = tmp_path / FILE
    bare = make_record(delivery="e" * 64, when="2026-11-29", promised=None, measures={})
    rated = (
        RatedScore("a", 2.5, None, None, 3.0, random=True),
        RatedScore("b", 2.0, 1.25, 3.0, 4.0, random=False),
    )
    full = make_record(rated=rated)
    for record in (full, bare, make_record(when="2026-12-24")):
        add(path, record)

    assert read(path) == [bare, full]
    assert read(tmp_path / "none.jsonl") == []


def test_an_unknown_end_is_null(tmp_path: Path) -> None:
    """JSON has no nan."""
    add(tmp_path / FILE, make_record(measures={"srcc": Interval(0.5, math.nan, math.nan)}))

    assert '"srcc": {"value": 0.5, "low": null, "high": null}' in (tmp_path / FILE).read_text()
    assert not read(tmp_path / FILE)[0].measures["srcc"].has_bounds


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('{"delivery": "x"', id="half-written"),
        pytest.param('{"delivery": "x"}', id="too-little"),
        pytest.param("<<<<<<< HEAD", id="conflict"),
        pytest.param("[1]", id="no-object"),
    ],
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str) -> None:
    """With its number, and nothing is written behind it."""
    path = tmp_path / FILE
    path.write_text(f"{make_record().line()}\n{line}\n")

    with pytest.raises(DataError, match=r"accuracy\.jsonl: line 2 is no record .*take it out"):
        add(path, make_record(delivery="e" * 64))
    assert len(path.read_text().splitlines()) == 2


def test_both_branches_keep_their_records(tmp_path: Path) -> None:
    """Git merges lines of both; what both have counts once, and no version becomes dirty by it."""
    (tmp_path / ".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    path = tmp_path / "data/mine" / FILE
    run(tmp_path, "git", "init", "--quiet", "--initial-branch", "main")
    commit(tmp_path, "First")
    for branch, delivery in (("one", "a"), ("two", "b")):
        run(tmp_path, "git", "checkout", "--quiet", "-b", branch, "main")
        add(path, make_record(delivery="same", when=f"2026-11-30 {branch}"))
        add(path, make_record(delivery=delivery))
        commit(tmp_path, branch)
    run(
        tmp_path,
        *("git", "-c", "user.name=vq", "-c", "user.email=vq@localhost"),
        *("merge", "--quiet", "--no-edit", "one"),
    )

    assert len(path.read_text().splitlines()) == 4
    assert sorted(record.delivery for record in read(path)) == ["a", "b", "same"]


@pytest.mark.parametrize(
    ("name", "high", "dropped"),
    [
        pytest.param("srcc", 0.59, True, id="surely-below-the-floor"),
        pytest.param("srcc", 0.61, False, id="perhaps-above-it"),
        pytest.param("srcc", math.nan, False, id="without-an-interval"),
        pytest.param("coverage", 0.79, True, id="surely-fewer-than-promised"),
        pytest.param("coverage", 0.81, False, id="perhaps-as-many"),
    ],
)
def test_a_drop_is_sure(name: str, high: float, dropped: bool) -> None:
    """Its whole interval lies below what params ask for: 0.6, and 0.1 less than promised."""
    measured = {name: Interval(0.5, math.nan if math.isnan(high) else 0.4, high)}

    assert list(drops(make_record(measures=measured), WATCH)) == ([name] if dropped else [])


def test_a_limit_that_is_null_raises_nothing() -> None:
    """Nobody asks."""
    silent = WATCH.model_copy(update={"min_srcc": None, "max_undercoverage": None})

    assert list(drops(make_record(), WATCH)) == ["srcc", "coverage"]
    assert drops(make_record(), silent) == {}


def test_a_record_is_a_sentence() -> None:
    """All measures with their intervals, what was promised, and what is not in them."""
    assert flow_summary.record_sentence(make_record()) == (
        "champion 3 on 40 new rated videos: SRCC 0.500 [0.400, 0.590], RMSE 0.750 [0.500, 1.000], "
        "mean error -0.250 [-0.500, +0.000], calibration error 0.250 [0.125, 0.500], ratings "
        "inside intervals 70% [60%, 79%], 90% promised; 1 video could not be scored; 2 videos left "
        "out, which it has learnt from"
    )


def test_too_few_for_intervals_says_so() -> None:
    """And why nothing was measured at all."""
    few = make_record(contents=7, measures={"rmse": Interval(0.5, math.nan, math.nan)})
    reason = Measurement(reason="vq-student has no champion")

    assert "RMSE 0.500; 7 contents, too few for intervals (20 are" in flow_summary.record_sentence(
        few
    )
    assert flow_summary.sentence(reason) == (
        "the champion's accuracy was not measured: vq-student has no champion"
    )


def test_people_and_programs_are_told_of_a_drop() -> None:
    """A message, and a sentence for each measure."""
    record = make_record()
    payload = flow_summary.announcement(record, drops(record, WATCH))

    assert payload["message"].startswith("Champion 3 no longer scores as people do, on 40 new")
    assert payload["srcc"] == "SRCC is 0.500 [0.400, 0.590], below 0.6 (watch.min_srcc)."
    assert set(payload) == {"message", "model", "version", "videos", "srcc", "coverage"}
    assert list(MEASURES) == list(record.measures)
