"""A look at recent videos from a workspace that has trained."""

from pathlib import Path

import pytest

from tests.drift.conftest import Rows
from vq.cli import main
from vq.drift import flow_summary
from vq.drift.report import drift_report
from vq.inference import card


def test_scores_that_moved_are_drift(trained: Path, score: Rows) -> None:
    """They are compared with one video of each content; what cannot be is said."""
    report = drift_report([score("rows.jsonl", around=2.0)], root=trained)

    (one,) = report.drifted
    assert (one.column, one.trained, one.recent) == ("score", 40, 100)
    assert flow_summary.headline(report) == (
        "100 recent videos differ from those of the training in score"
    )
    assert "| score | 0.8" in flow_summary.markdown(report)
    assert (
        "width: 40 contents in training and 0 recent videos have one, watch.min_rows wants 30 of "
        "each"
    ) in report.left_out


def test_scores_of_another_student_are_not_compared(trained: Path, score: Rows) -> None:
    """Each student has a scale of its own."""
    report = drift_report([score("rows.jsonl", around=2.0, model="old-1")], root=trained)

    assert list(report.comparisons) == []
    assert report.left_out[-1].startswith("100 scores are of old-1, this workspace has ")
    assert flow_summary.headline(report) == "nothing could be compared of 100 recent videos"


def test_mapped_scores_that_nobody_can_map_back_are_named(
    trained: Path, score: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the registry is gone that has the map."""
    monkeypatch.chdir(trained)
    model = f"{card.load(trained / 'artifacts/student')[0].model_id}+012345"

    report = drift_report([score("rows.jsonl", around=2.0, model=model)], root=trained)

    assert report.left_out[-1].startswith(f"100 scores are of {model}, this workspace has ")


@pytest.mark.parametrize(("around", "code"), [(3.0, 0), (2.0, 3)])
def test_the_exit_code_says_whether_it_drifted(
    trained: Path,
    score: Rows,
    around: float,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For a script: 3 is neither success nor error."""
    rows = score("rows.jsonl", around=around)
    monkeypatch.chdir(trained)
    assert main(["watch", rows]) == code
    assert capsys.readouterr().out.count("drifted") == (code == 3)
