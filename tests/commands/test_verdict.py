"""`vq verdict`."""

import json
from pathlib import Path

import pytest

from vq import cli


@pytest.fixture
def reports(tmp_path: Path) -> tuple[Path, Path]:
    """A report, and a verdict with a gate that is shut."""
    report, verdict = tmp_path / "report.html", tmp_path / "verdict.json"
    report.write_text("<!doctype html>")
    gates = [
        {"passed": True, "sentence": "SRCC on test is 0.9."},
        {"passed": False, "sentence": "The bundle has 12 MB."},
    ]
    verdict.write_text(json.dumps({"accepted": False, "gates": gates}))
    return report, verdict


def said(report: Path, verdict: Path) -> int:
    """The exit code of the command on these files."""
    return cli.main(["verdict", "--report", str(report), "--verdict", str(verdict)])


def test_it_says_where_the_report_is_and_what_the_gates_said(
    reports: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """An address to click on, and a sentence for each gate; a shut gate is no failure of ours."""
    assert said(*reports) == 0

    where, verdict, first, second = capsys.readouterr().out.splitlines()
    assert where == f"Report: {reports[0].as_uri()}"
    assert verdict == "Verdict: not accepted"
    assert first.split() == ["open", "SRCC", "on", "test", "is", "0.9."]
    assert second.split() == ["SHUT", "The", "bundle", "has", "12", "MB."]


@pytest.mark.parametrize("missing", [0, 1], ids=["report", "verdict"])
def test_nothing_to_read_is_an_error(
    reports: tuple[Path, Path], missing: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the file and the command that makes it."""
    reports[missing].unlink()

    assert said(*reports) == 1
    assert f"{reports[missing]}: no such file; `dvc repro` makes it" in capsys.readouterr().err


def test_half_a_verdict_is_an_error(
    reports: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a traceback."""
    reports[1].write_text('{"accepted": true, "gates": [{}]}')

    assert said(*reports) == 1
    assert "no verdict" in capsys.readouterr().err
