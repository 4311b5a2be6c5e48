"""Every input is found, or said to be missing."""

from pathlib import Path

import pytest

from vq.score.discover import discover
from vq.score.rows import Row


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Videos at two depths, one hidden, and files that are none; we stand in it."""
    for name in ["b.mp4", "a.MOV", "deep/er/c.webm", ".trash/d.mp4", "._b.mp4", "labels.csv"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_is_its_videos_in_order(folder: Path) -> None:
    """At any depth, whatever the case of the suffix; hidden ones are somebody else's."""
    assert discover([str(folder)]) == [
        folder / name for name in ["a.MOV", "b.mp4", "deep/er/c.webm"]
    ]


def test_a_hidden_folder_that_is_named_is_meant(folder: Path) -> None:
    """What is hidden is judged from the folder on."""
    assert discover([".trash"]) == [Path(".trash/d.mp4")]


def test_a_file_that_is_named_is_taken_as_it_is(folder: Path) -> None:
    """Its reader will say what is wrong with it."""
    assert discover(["labels.csv"]) == [Path("labels.csv")]


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
    assert discover([pattern]) == [Path(name) for name in names]
    assert discover([str(folder / pattern)]) == [folder / name for name in names]


def test_a_name_that_looks_like_a_pattern_is_a_name(folder: Path) -> None:
    """Cameras write brackets."""
    (folder / "clip[1].mp4").touch()

    assert discover(["clip[1].mp4"]) == [Path("clip[1].mp4")]


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
        Path("b.mp4"),
    ]


def test_a_video_that_is_named_twice_is_scored_once(folder: Path) -> None:
    """The place is that of the first time."""
    assert discover(["b.mp4", "*.mp4", "."]) == [
        Path("b.mp4"),
        Path("._b.mp4"),
        Path("a.MOV"),
        Path("deep/er/c.webm"),
    ]
