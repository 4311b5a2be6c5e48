"""Every form of the rows says the same."""

import csv
import io
import json

import pytest

from vq.score.rows import Row, as_csv, as_json, as_table

GOOD = Row("a.mp4", "ok", "", 1 / 3 + 2, 1.7, 2.9, (1 / 3, 2 / 3), 8, "student-0123", 0.25)
BAD = Row("b [red].mp4", "unreadable", 'not a video, "really"\nnot')


def test_json_keeps_every_bit() -> None:
    """Reading it back gives the rows."""
    found = json.loads(as_json([GOOD, BAD]))

    assert [Row(**{**row, "levels": tuple(row["levels"])}) for row in found] == [GOOD, BAD]


def test_csv_keeps_every_bit() -> None:
    """A row without a score has empty cells, and commas, quotes and line ends survive."""
    good, bad = csv.DictReader(io.StringIO(as_csv([GOOD, BAD]), newline=""))

    assert float(good["score"]) == GOOD.score
    assert (float(good["low"]), float(good["high"])) == (GOOD.low, GOOD.high)
    assert (float(good["level_1"]), float(good["level_2"])) == GOOD.levels
    assert (bad["video"], bad["reason"]) == (BAD.video, BAD.reason)
    empty = ("score", "low", "high", "level_1", "level_2")
    assert [bad[name] for name in empty] == [""] * len(empty)


def test_a_table_shows_every_row_and_the_scale() -> None:
    """Brackets in a file name are no markup, and nothing is cut."""
    long = Row("x" * 300 + ".mp4", "missing", "no such file or folder")

    shown = as_table([GOOD, BAD, long], scale="1 to 5, higher is better")

    assert "b [red].mp4" in shown
    assert "2.333" in shown
    assert "1.7 to 2.9" in shown
    assert long.video in shown
    assert "1 to 5, higher is better" in shown


def test_no_rows_are_no_error() -> None:
    """Each form has its empty shape."""
    assert json.loads(as_json([])) == []
    assert as_csv([]).startswith("video,status,reason,score,low,high,frames")
    assert "video" in as_table([], scale="1 to 5")


@pytest.mark.parametrize(("status", "score"), [("ok", None), ("unreadable", 3.0)])
def test_a_score_and_the_status_ok_go_together(status: str, score: float | None) -> None:
    """A row is checked where it is made."""
    with pytest.raises(ValueError, match="go together"):
        Row("a.mp4", status, score=score)  # type: ignore[arg-type]
