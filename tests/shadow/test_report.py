"""The challenger scores what the champion has scored."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.scoring.toy import write_bundle
from tests.shadow.conftest import STEEPER
from tests.workspace import change
from vq.errors import DataError
from vq.inference import runtime
from vq.inference.row import Row
from vq.scoring.formats import line, read
from vq.shadow import flow_summary
from vq.shadow.report import ShadowReport, shadow


def look(root: Path, *, challenger: str = "challenger") -> ShadowReport:
    """The comparison of a workspace."""
    return shadow(
        [str(root / "rows.jsonl")],
        challenger=str(root / challenger),
        champion=str(root / "champion"),
        jobs=1,
        root=root,
    )


def test_both_scores_of_a_video_stand_side_by_side(shadowed: Path) -> None:
    """Distribution, decisions with intervals, what moves most; failures beside results."""
    (shadowed / "50.mkv").unlink()

    report = look(shadowed)

    challenger = runtime.load(shadowed / "challenger")
    assert {pair.video for pair in report.pairs} == {
        str(shadowed / f"{red}.mkv") for red in (10, 90, 130, 170, 210)
    }
    for pair in report.pairs:
        assert pair.new == challenger.score(Path(pair.video)).score
    # Scores rise from 3: 1 + 4 / (1 + exp(-red / 255)), and with 2 red / 255.
    assert Path(report.pairs[0].video).name == "210.mkv"
    (flips,) = report.flips
    assert (flips.below, flips.plain.value) == (3 / 5, 1 / 5 * 2)
    text = flow_summary.markdown(report)
    assert text.startswith(f"## 5 recent videos: scores of {report.challenger} are ")
    assert "| 3.5 | 60.0% | 40.0% [" in text
    assert text.count("/210.mkv`") == 1
    assert "/10.mkv`" not in text
    assert "50.mkv` | missing | `no such file or folder` |" in text
    assert "- not compared: 1 row has no score" in text


def test_rows_of_others_are_left_out_and_counted(shadowed: Path) -> None:
    """A difference from a third model would say nothing."""
    rows = list(read(shadowed / "rows.jsonl", "jsonl"))
    rows[0] = replace(rows[0], model="student-0123456789ab")
    (shadowed / "rows.jsonl").write_bytes(b"".join(map(line, rows)))
    change(shadowed / "params.yaml", {"shadow": {"videos": 3}})

    report = look(shadowed)

    assert len(report.pairs) == 3
    first, *_, last = report.left_out
    assert first == f"1 score is of student-0123456789ab, the champion is {report.champion}"
    assert last == "2 of 5 videos were not drawn (shadow.videos)"


def test_what_cannot_be_compared_is_one_sentence(shadowed: Path) -> None:
    """The same student, another scale, rows of nobody."""
    with pytest.raises(DataError, match="is champion and challenger; name another"):
        look(shadowed, challenger="champion")
    write_bundle(shadowed / "turned", *STEEPER, better="lower")
    with pytest.raises(DataError, match=r"lower is better, those of .* higher is better"):
        look(shadowed, challenger="turned")
    row = Row("a.mp4", "ok", score=1.0, model="student-x", mode="exact")
    (shadowed / "rows.jsonl").write_bytes(line(row))
    with pytest.raises(DataError, match=r"rows\.jsonl: no recent score is of .*is of student-x"):
        look(shadowed)
