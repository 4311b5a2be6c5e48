"""`vq best` as people call it."""

import json
import sys
from pathlib import Path

import pytest

from tests.best import copies
from tests.scoring import toy
from vq.cli import main


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A student that likes what is bright."""
    return str(toy.write_bundle(tmp_path_factory.mktemp("student"), *toy.BRIGHTNESS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clear copy and a compressed one."""
    made = tmp_path / "in"
    made.mkdir()
    frames = copies.scene(7)
    copies.write(frames, made / "clear.mp4", 18)
    copies.write(frames, made / "compressed.mp4", 42)
    return made


def test_the_best_is_linked_and_the_others_moved(
    folder: Path, tmp_path: Path, student: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done is said; a file stays a file."""
    best, others = tmp_path / "best", tmp_path / "others"
    options = ["--link", str(best), "--move", str(others), "--json", "--jobs", "1"]
    code = main(["best", str(folder), "--model", student, *options])
    shown = capsys.readouterr()
    (group,) = json.loads(shown.out)["groups"]

    assert code == 0
    assert Path(group["best"]).name == "clear.mp4"
    assert (best / "clear.mp4").resolve() == (folder / "clear.mp4").resolve()
    assert [path.name for path in others.iterdir()] == ["compressed.mp4"]
    assert [path.name for path in folder.iterdir()] == ["clear.mp4"]
    assert "moved" in shown.err
    assert "linked" in shown.err


def test_names_that_are_no_text_are_escaped(
    tmp_path: Path, student: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """As in rows of `vq score`: in the table, its title and JSON; files are found all the same."""
    made = tmp_path / "in"
    made.mkdir()
    frames = copies.scene(7)
    for name, crf in (("clear_\udce9.mp4", 18), ("worse_\udce9.mp4", 42), ("none_\udce9.mp4", 0)):
        if crf:
            copies.write(frames, tmp_path / "plain.mp4", crf).rename(made / name)
        else:
            (made / name).write_text("no video")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setattr("sys.stdout", open(1, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        for options in ([], ["--json"]):
            code = main(["best", made.name, "--model", student, *options])
            sys.stdout.flush()
            shown = capfdbinary.readouterr().out.decode()
            assert code == 1
            for name in ("clear", "worse", "none"):
                assert name + "_\\xe9.mp4" in shown.replace("\\\\", "\\")


def test_a_file_under_two_names_is_one_copy(
    folder: Path, tmp_path: Path, student: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is moved away from under its links."""
    (folder / "compressed.mp4").unlink()
    (folder / "best").mkdir()
    (folder / "best" / "clear.mp4").symlink_to("../clear.mp4")
    others = tmp_path / "others"
    code = main(["best", str(folder), "--model", student, "--move", str(others), "--json"])
    shown = capsys.readouterr()
    (group,) = json.loads(shown.out)["groups"]

    assert code == 0
    assert [one["video"] for one in group["copies"]] == [str(folder / "clear.mp4")]
    assert (folder / "best" / "clear.mp4").exists()
    assert not others.exists()
    assert "is the same file as" in shown.err


def test_a_link_is_not_moved(
    folder: Path, tmp_path: Path, student: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be relative, and would lead nowhere."""
    kept, others = tmp_path / "kept.mp4", tmp_path / "others"
    (folder / "compressed.mp4").rename(kept)
    (folder / "compressed.mp4").symlink_to("../kept.mp4")
    main(["best", str(folder), "--model", student, "--move", str(others)])

    assert (folder / "compressed.mp4").is_symlink()
    assert not others.exists()
    assert "compressed.mp4 is a symbolic link, and stays" in capsys.readouterr().err


def test_what_cannot_be_done_is_refused_before_anything_is(
    folder: Path, tmp_path: Path, student: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, and the exit code of a run that cannot work; the answer is shown."""
    taken = tmp_path / "taken"
    taken.write_text("a file")
    code = main(["best", str(folder), "--model", student, "--link", str(taken), "--jobs", "1"])
    shown = capsys.readouterr()

    assert code == 2
    assert f"{taken}: is no folder" in shown.err
    assert "clear.mp4" in shown.out


def test_one_folder_for_both_is_refused(
    folder: Path, tmp_path: Path, student: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A link and a file could have one name; this is known before anything is decoded."""
    options = ["--link", str(tmp_path / "out"), "--move", str(tmp_path / "in" / ".." / "out")]
    code = main(["best", str(folder), "--model", student, *options])
    shown = capsys.readouterr()

    assert code == 2
    assert "--link and --move name one folder" in shown.err
    assert shown.out == ""


def test_a_file_without_a_score_has_a_row(
    folder: Path, student: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And makes the exit code 1, as in `vq score`."""
    (folder / "broken.mp4").write_text("no video")
    (folder / "compressed.mp4").unlink()
    code = main(["best", str(folder), "https://example.org/a.mp4", "--model", student])
    shown = capsys.readouterr().out

    assert code == 1
    assert "broken.mp4" in shown
    assert "fetch it" in " ".join(shown.split())
