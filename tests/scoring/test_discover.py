"""Every input is found, or said to be missing."""

import ast
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vq.errors import DataError
from vq.inference.row import Row
from vq.scoring.discover import discover


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Videos at two depths, one hidden, and files that are none; we stand in it."""
    for name in ["b.mp4", "a.MOV", "deep/er/c.webm", ".trash/d.mp4", "._b.mp4", "notes.doc"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_is_its_videos_in_order(folder: Path) -> None:
    """At any depth, whatever the case of the suffix; hidden ones are somebody else's."""
    assert discover([str(folder)]) == [
        str(folder / name) for name in ["a.MOV", "b.mp4", "deep/er/c.webm"]
    ]


def test_a_hidden_folder_that_is_named_is_meant(folder: Path) -> None:
    """What is hidden is judged from the folder on."""
    assert discover([".trash"]) == [".trash/d.mp4"]


def test_a_file_that_is_named_is_taken_as_it_is(folder: Path) -> None:
    """Its reader will say what is wrong with it."""
    assert discover(["notes.doc"]) == ["notes.doc"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.mp4", ["._b.mp4", "b.mp4"]),
        ("**/*.webm", ["deep/er/c.webm"]),
        ("[ab].*", ["a.MOV", "b.mp4"]),
        ("dee?", ["deep/er/c.webm"]),
    ],
)
def test_a_pattern_is_what_it_matches(folder: Path, pattern: str, names: list[str]) -> None:
    """Relative or absolute, files or folders."""
    assert discover([pattern]) == names
    assert discover([str(folder / pattern)]) == [str(folder / name) for name in names]


def test_a_name_that_looks_like_a_pattern_is_a_name(folder: Path) -> None:
    """Cameras write brackets."""
    (folder / "clip[1].mp4").touch()

    assert discover(["clip[1].mp4"]) == ["clip[1].mp4"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("gone.mp4", "no such file or folder"),
        ("empty", "the folder holds no video file"),
        ("*.y4m", "the pattern matches no video file"),
        ("", "no such file or folder"),
        ("x" * 5000, f"cannot be looked for ([Errno 36] File name too long: '{'x' * 5000}')"),
    ],
)
def test_what_names_nothing_gets_a_row(folder: Path, given: str, reason: str) -> None:
    """One input, at least one row."""
    assert discover([given, "b.mp4"]) == [
        Row(video=given, status="missing", reason=reason),
        "b.mp4",
    ]


def test_a_video_that_is_named_twice_is_scored_once(folder: Path) -> None:
    """The place is that of the first time."""
    assert discover(["b.mp4", "*.mp4", "."]) == [
        "b.mp4",
        "._b.mp4",
        "a.MOV",
        "deep/er/c.webm",
    ]


def test_a_list_is_the_videos_it_names(folder: Path) -> None:
    """Relative to the list; a table names them in its column `video`, and may have others."""
    (folder / "deep/list.txt").write_text("er/c.webm\n\n../b.mp4\n")
    (folder / "deep/table.csv").write_text('mos,video\n3,er/c.webm\n2,"../b.mp4"\n1,\n')

    for name in ("deep/list.txt", "deep/table.csv"):
        assert discover([name]) == ["deep/er/c.webm", "deep/../b.mp4"]


def test_standard_input_is_a_list(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `ls` writes it, or `find -print0`, which knows names with line ends."""
    (folder / "two\nlines.mp4").touch()
    for data, names in [
        (b"b.mp4\n./a.MOV\n", ["b.mp4", "a.MOV"]),
        (b"./b.mp4\0./two\nlines.mp4\0", ["b.mp4", "two\nlines.mp4"]),
    ]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert discover(["-"]) == names


def test_a_name_that_is_no_text_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old discs have names in other encodings."""
    name = os.fsdecode(b"caf\xe9.mp4")
    (folder / name).touch()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9.mp4\n")))

    assert discover(["-"]) == [name]


def test_a_missing_video_of_a_list_is_known_by_its_line(folder: Path) -> None:
    """Among thousands, that is where one looks."""
    (folder / "list.txt").write_text("b.mp4\n" * 16 + "gone.mp4\n")

    reason = "no such file or folder (list.txt, line 17)"
    assert discover(["list.txt"]) == ["b.mp4", Row("gone.mp4", "missing", reason)]


def test_a_name_of_a_row_is_that_of_its_file(folder: Path) -> None:
    """Rows are text; the name of a file need not be."""
    name = os.fsdecode(b"caf\xe9.mp4")
    (folder / name).touch()
    (folder / "rows.csv").write_text("video,score\ncaf\\xe9.mp4,3\n")
    (folder / "rows.txt").write_text("./caf\\xe9.mp4\n")

    assert [discover([text]) for text in (r"caf\xe9.mp4", "rows.csv", "rows.txt")] == [[name]] * 3


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (r"deep\er\c.webm", "deep/er/c.webm"),
        ('"b.mp4"', "b.mp4"),
        (" b.mp4 ", "b.mp4"),
        (b"caf\xe9.mp4", "café.mp4"),  # CSV of Excel in western Europe
        ("cafe\u0301.mp4", "café.mp4"),  # macOS
    ],
    ids=ascii,
)
def test_a_list_may_spell_as_windows_does(folder: Path, line: str | bytes, name: str) -> None:
    """Where there is no file of that very name."""
    (folder / "café.mp4").touch()
    (folder / "list.txt").write_bytes(
        (line if isinstance(line, bytes) else line.encode()) + b"\r\n"
    )

    assert discover(["list.txt"]) == [name]


def test_linked_folders_are_looked_into_once(folder: Path, tmp_path_factory: Any) -> None:  # noqa: ANN401
    """What is in two places has its own name; a circle has an end."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "e.mp4").touch()
    (elsewhere / "back").symlink_to(folder)
    (folder / "0-deep").symlink_to("deep")
    (folder / "deep/self").symlink_to("..")
    (folder / "elsewhere").symlink_to(elsewhere)
    (folder / "to-itself").symlink_to("to-itself")

    videos = ["a.MOV", "b.mp4", "deep/er/c.webm", "elsewhere/e.mp4"]
    lost = Row("to-itself", "missing", "is a link to to-itself, where nothing is")
    assert discover(["."]) == [*videos, lost]
    assert discover(["**/e.mp4"]) == ["elsewhere/e.mp4"]
    assert "deep/self/b.mp4" in discover(["deep/*"]), "named outright, a circle is entered once"


def test_a_video_that_is_a_link_to_nothing_has_a_row(folder: Path) -> None:
    """Its disc may be away, or `dvc pull` was not run."""
    (folder / "c.mp4").symlink_to("/cache/37/b51d")
    (folder / "d.txt").symlink_to("/cache/00/c1f2")

    assert discover(["."])[2] == Row(
        "c.mp4", "missing", "is a link to /cache/37/b51d, where nothing is"
    )
    assert len(discover(["."])) == 4


def test_what_is_passed_over_is_counted(folder: Path) -> None:
    """Once, whatever names lead there; hidden files are not counted."""
    for name in ("a.txt", "deep/b.txt", "deep/c.jpg", "README", ".hidden", "deep/.d.txt"):
        (folder / name).touch()
    notes: list[str] = []

    discover([".", "deep", "*"], say=notes.append)
    discover(["*.txt", "b.mp4"], say=notes.append)

    assert notes == [
        "note: 5 files in folders left out, which no video ends as (2 .txt, 1 without "
        "ending, 1 .doc, 1 .jpg); a file that is named, or matches a pattern, is scored whatever "
        "its ending"
    ]


ENDINGS = "264 265 h265 asf 3g2 f4v m2v gif mjpeg av1 ogg qt rmvb rm divx dv insv mod wtv m2t"


@pytest.mark.parametrize("ending", ENDINGS.split())
def test_a_folder_has_videos_of_many_endings(folder: Path, ending: str) -> None:
    """Cameras, recorders and the web have theirs."""
    (folder / f"empty/clip.{ending.upper()}").touch()

    assert discover(["empty"]) == [f"empty/clip.{ending.upper()}"]


def test_a_folder_that_may_not_be_read_has_a_row(folder: Path) -> None:
    """So has one on the way of a pattern; the rest is found. Root may read anything: be nobody."""
    (folder / "deep/er").chmod(0o300)
    code = (
        "import heapq, os; from vq.scoring.discover import discover\n"
        "os.getuid() or os.setuid(65534)\n"
        "for text in ('.', '**/*.webm', 'deep/er', 'deep/er/*'):\n"
        "    print([getattr(item, 'reason', item) for item in discover([text])])\n"
    )
    folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    (folder / "deep/er").chmod(0o700)

    reason = (
        "the folder cannot be read (Permission denied); have its owner let you read it (chmod u+rx)"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [ast.literal_eval(line) for line in done.stdout.splitlines()] == [
        ["a.MOV", "b.mp4", reason], [reason], [reason], [reason]
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["list.txt", "table.csv"])
def test_a_list_that_names_nothing_gets_a_row(folder: Path, name: str) -> None:
    """As a folder that holds nothing does."""
    (folder / name).write_text("video\n" if name == "table.csv" else "\n")

    assert discover([name]) == [Row(name, "missing", "names no video")]


def test_a_table_without_videos_is_refused(folder: Path) -> None:
    """It is none of ours; the column is named."""
    (folder / "table.csv").write_text("path,mos\nb.mp4,3\n")

    with pytest.raises(DataError, match=r"table\.csv: has no column `video`"):
        discover(["table.csv"])
