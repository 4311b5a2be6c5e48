"""`vq score --policy`: decisions in the rows, and in the exit code."""

import json
from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq import cli
from vq.policy import read
from vq.scoring import batch, flow_summary

FAIL = "rules: [{decision: fail, when: {score: {below: 3.5}, short_side: {below: 100}}}]\n"
PASS = "rules: [{decision: fail, when: {score: {below: 1.5}}}]\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student that gives black 3 and white more, two policies; we stand in it."""
    write_bundle(tmp_path / "artifacts/student", *BRIGHTNESS)
    write_video(tmp_path / "videos/black.mkv", level=lambda _: 0)
    write_video(tmp_path / "videos/white.mkv")
    (tmp_path / "fail.yaml").write_text(FAIL)
    (tmp_path / "pass.yaml").write_text(PASS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def decisions(output: str) -> list[tuple[str, str]]:
    """Of the rows of a run."""
    return [(row["decision"], row["decision_reason"]) for row in json.loads(output)]


def test_the_exit_code_says_what_the_policy_does(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0: all pass; 3: some are to be reviewed; 4: some fail, seen from the packets as well."""
    score = ["score", "--format", "json"]
    assert cli.main([*score, "videos", "--policy", "pass.yaml"]) == 0
    assert decisions(capsys.readouterr().out) == [("pass", "no rule matches")] * 2
    assert cli.main([*score, "videos", "gone.mp4", "--policy", "pass.yaml"]) == 3
    assert decisions(capsys.readouterr().out)[2] == (
        "review",
        "has no score: no such file or folder",
    )
    assert cli.main([*score, "videos", "--policy", "fail.yaml"]) == 4
    assert decisions(capsys.readouterr().out)[0] == (
        "fail",
        "score 3 is below 3.5 and short_side 24 is below 100",
    )


def test_without_a_policy_there_is_no_such_column(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing of it is imported: `test_scoring_imports_nothing_heavy`."""
    assert cli.main(["score", "videos", "--format", "csv"]) == 0
    assert "decision" not in capsys.readouterr().out


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_another_policy_decides_anew_without_another_score(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """On rows that a run before wrote, in every form."""
    again = ["score", "videos", "--output", f"rows.{form}", "--policy"]
    assert cli.main([*again, "pass.yaml"]) == 0
    monkeypatch.setattr("vq.inference.runtime.Model.score", None)
    assert cli.main([*again, "fail.yaml", "--resume"]) == 4
    from vq.scoring import formats

    rows = list(formats.read(Path(f"rows.{form}"), form))
    assert [row.decision for row in rows] == ["fail", "pass"]


def test_decisions_are_of_the_videos_and_the_policy_of_a_run(workspace: Path) -> None:
    """The exit code is not about others; without a policy no decision of before is left."""
    again = ["score", "--output", "rows.jsonl"]
    assert cli.main([*again, "videos", "--policy", "fail.yaml"]) == 4
    white = [*again, "--resume", "videos/white.mkv"]
    assert cli.main([*white, "--policy", "fail.yaml"]) == 0
    assert cli.main(white) == 0
    assert "decision" not in Path("rows.jsonl").read_text()


def test_what_could_not_be_probed_does_not_pass(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule that asks for what packets say is not passed by a file that is gone by then."""
    black = ["score", "videos/black.mkv", "--output", "rows.jsonl", "--overwrite", "--policy"]
    assert cli.main([*black, "fail.yaml"]) == 4
    Path("videos/black.mkv").rename("gone.mkv")
    listed = ["score", "list.txt", "--output", "rows.jsonl", "--resume", "--policy"]
    Path("list.txt").write_text("videos/black.mkv\n")

    assert cli.main([*listed, "fail.yaml"]) == 3
    (row,) = map(json.loads, Path("rows.jsonl").read_text().splitlines())
    assert (row["decision"], row["decision_reason"]) == ("review", "could not be probed")
    Path("first.yaml").write_text(
        "rules: [{decision: fail, when: {score: {below: 3.5}}}, "
        "{decision: review, when: {short_side: {below: 100}}}]\n"
    )
    assert cli.main([*listed, "first.yaml"]) == 4  # a rule before it needs no more than the score


def test_a_row_without_a_label_is_scored_again(workspace: Path) -> None:
    """An earlier version gave none, and a rule on labels would pass whatever it has."""
    black = ["score", "videos/black.mkv", "--output", "rows.jsonl"]
    Path("label.yaml").write_text("rules: [{decision: fail, when: {label: fair}}]\n")
    assert cli.main(black) == 0
    rows = Path("rows.jsonl")
    assert '"label": "fair"' in rows.read_text()
    rows.write_text(rows.read_text().replace('"label": "fair", ', ""))

    assert cli.main([*black, "--resume", "--policy", "label.yaml"]) == 4


def test_a_policy_that_cannot_be_is_said_before_the_work(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A threshold that is off the scale of this student, or no file at all."""
    monkeypatch.setattr("vq.scoring.scoring_pool.ScoringPool.score", None)
    Path("off.yaml").write_text(PASS.replace("1.5", "60"))

    assert cli.main(["score", "videos", "--policy", "off.yaml"]) == 2
    assert (
        "off.yaml:1: score: 60 is off the scale: scores are from 1 to 5" in capsys.readouterr().err
    )
    assert cli.main(["score", "videos", "--policy", "none.yaml"]) == 2
    assert "none.yaml: cannot be read (No such file" in capsys.readouterr().err


def test_the_flow_counts_decisions(workspace: Path) -> None:
    """Its artifact has what does not pass, with the reason; a run that goes on counts all."""
    for _ in range(2):
        scored = batch.score(
            ["videos"],
            "rows.jsonl",
            model="artifacts/student",
            policy=read.load(Path("fail.yaml")),
            scratch=Path("scratch"),
        )
        text = flow_summary.markdown(scored)
        assert scored.decisions == {"pass": 1, "fail": 1}
        assert "| fail | 1 | 50.0% |" in text
        assert "| `videos/black.mkv` | fail | `score 3 is below 3.5 and short_side" in text


def test_a_policy_that_asks_for_causes_has_them(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody has to say `--causes` as well; rows of an earlier run without them are scored anew."""
    rule = "rules: [{decision: review, when: {causes: {noise: {at_least: 0.999}}}}]\n"
    Path("causes.yaml").write_text(rule)
    again = ["score", "videos", "--output", "rows.jsonl"]
    assert cli.main(again) == 0
    assert cli.main([*again, "--policy", "causes.yaml", "--resume"]) == 0

    rows = [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]
    assert all("noise" in row["causes"] for row in rows)
    assert [row["decision"] for row in rows] == ["pass", "pass"]
