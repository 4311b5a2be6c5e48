"""`vq registry`, `vq promote`, `vq rollback`, as people call them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.accuracy.records import make_record
from tests.registry.students import BAD, GOOD, SHUT, Make, release
from tests.workspace import ROOT, commit
from tests.workspace import run as shell
from vq import cli
from vq.accuracy.record import FILE, add
from vq.registry import champion, source
from vq.registry.client import MODEL_ID, existing


@pytest.fixture
def workspace(root: Path, candidate: Make, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three versions: champion 1, then 2, which takes its place, and 3, whose gate is shut."""
    shutil.copy(ROOT / "params.yaml", root)
    monkeypatch.chdir(root)
    release(candidate(GOOD, name="a"), root)
    release(candidate(GOOD, name="b"), root)
    release(candidate(BAD, SHUT, name="c"), root)
    return root


def say(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and words of a command."""
    capsys.readouterr()
    code = cli.main(list(arguments))
    said = capsys.readouterr()
    return code, said.out + said.err


def aliases(capsys: pytest.CaptureFixture[str]) -> dict[int, str]:
    """Of each version, as programs read the list."""
    _, said = say(capsys, "registry", "--json")
    return {row["version"]: row["alias"] for row in json.loads(said)}


def test_versions_are_listed(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The newest first, with what one has to know to choose."""
    code, said = say(capsys, "registry")

    assert code == 0
    assert "challenger" in said
    assert "champion" in said
    assert aliases(capsys) == {3: "challenger", 2: "champion", 1: ""}


def test_a_version_is_told_whole(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each gate with its sentence, licences, what was measured later, how it came to its alias."""
    monkeypatch.setenv("COLUMNS", "200")
    assert "deliveries" not in say(capsys, "registry")[1]
    with existing(workspace, "vq-student") as registry:
        model = registry.version("2").tags[MODEL_ID]
    path = workspace / "data/demo" / FILE
    add(path, make_record(model=model, delivery="a", when="2026-11-01", videos=25))
    add(path, make_record(model=model, delivery="b", when="2026-12-01"))
    add(path, make_record(model="student-of-another"))

    _, said = say(capsys, "registry", "2")
    assert "open  SRCC on test is 0.900." in said
    assert "data toy: CC0; expert x: MIT" in said
    assert "release: " in said
    assert "delivered  65 videos, SRCC 0.500 last\n" in said
    assert "2026-11-01  champion 3 on 25 new rated videos: SRCC 0.500 [0.400, 0.590]" in said
    details = json.loads(say(capsys, "registry", "2", "--json")[1])
    assert [one["videos"] for one in details["accuracy"]] == [25, 40]
    assert "on deliveries" in say(capsys, "registry")[1]
    listed = json.loads(say(capsys, "registry", "--json")[1])
    assert {row["version"]: row["delivered"] for row in listed} == {3: 0, 2: 65, 1: 65}


def test_back_and_forth(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A person has the last word, and the reason is kept."""
    assert say(capsys, "rollback", "--reason", "complaints") == (
        0,
        "vq-student 1 is champion again, in place of 2.\n",
    )
    assert aliases(capsys)[1] == "champion"
    code, said = say(capsys, "promote", "2", "--reason", "looked at both")
    assert (code, said) == (0, "vq-student 2 is champion now; version 1 was before it.\n")
    assert "promote: looked at both" in say(capsys, "registry", "champion")[1]


def test_who_approved_is_shown(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The name that the flow `promote` asked for."""
    with existing(workspace, "vq-student") as registry:
        champion.promote(registry, "1", reason="looked at both", approved_by="Ada")

    assert "promote: looked at both (approved by Ada)\n" in say(capsys, "registry", "1")[1]
    (*_, last) = json.loads(say(capsys, "registry", "1", "--json")[1])["moves"]
    assert last["approved_by"] == "Ada"


def test_what_made_a_version_is_laid_out(
    workspace: Path, candidate: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Code and params of then, what was not committed included, and its dvc.lock."""
    code = tmp_path / "code"
    code.mkdir()
    shutil.copy(ROOT / "params.yaml", code)
    shell(code, "git", "init", "--quiet")
    commit(code, "First")
    (code / "new.py").write_text("new\n")
    made = replace(candidate(GOOD, name="d"), source=source.read(code))
    release(made, workspace)
    shutil.copytree(code / ".git", workspace / ".git")  # those who rebuild have cloned it
    (code / "new.py").unlink()

    exit_code, said = say(capsys, "rebuild", "4", str(tmp_path / "then"))

    assert exit_code == 0
    assert (tmp_path / "then" / "new.py").read_text() == "new\n"
    assert (tmp_path / "then" / "dvc.lock").read_bytes() == made.lock.read_bytes()
    assert made.hashes()["student"] in said


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param(
            ["promote", "3"], "its verdict is rejected: The bundle has 12.00 MB.", id="shut"
        ),
        pytest.param(["promote", "9"], "has no version '9'", id="unknown"),
        pytest.param(["rebuild", "2", "then"], "commit 0123abc cannot be laid out", id="commit"),
        pytest.param(["registry", "first"], "has no version 'first'", id="no-number"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    workspace: Path, capsys: pytest.CaptureFixture[str], command: list[str], words: str
) -> None:
    """With what there is."""
    code, said = say(capsys, *command)

    assert code == 1
    assert words in said
    assert said.count("\n") == 1


def test_without_a_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """None is made by looking."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    code, said = say(capsys, "registry")

    assert code == 1
    assert "there is no registry here; run the train flow" in said
    assert not (tmp_path / "mlflow.db").exists()
