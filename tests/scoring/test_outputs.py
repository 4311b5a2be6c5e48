"""No run destroys a file: neither one that it reads nor one that somebody else made."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import write_video as encode
from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq import cli
from vq.scoring import outputs
from vq.scoring.formats import FORMS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a student and two videos; we stand in it."""
    write_bundle(tmp_path / "artifacts/student", *BRIGHTNESS)
    encode(tmp_path / "a.mp4", codec="libx264", pix_fmt="yuv420p")
    write_video(tmp_path / "b.mkv")
    (tmp_path / "list.csv").write_text("video,mos\na.mp4,3\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "--output a.mp4 b.mkv",
            "a.mp4: ends as a video does, and rows are none; end it in .jsonl",
        ),
        ("--output a.mp4 b.mkv --overwrite", "a.mp4: ends as a video does"),
        ("--output new.MOV b.mkv --format csv", "new.MOV: ends as a video does"),
        (
            "b.mkv --output rows.xlsx",
            "rows.xlsx: its ending names no form of rows; end it in .json",
        ),
        ("b.mkv --output rows", "rows: its ending names no form of rows"),
        (
            "b.mkv --output rows.json --format csv",
            "rows.json: ends as json does, --format says csv",
        ),
        ("list.csv --output list.csv", "list.csv: is one of the inputs"),
        ("list.csv --output list.csv --overwrite", "list.csv: is one of the inputs"),
        ("list.csv --output list.csv --resume", "list.csv: is one of the inputs"),
        ("list.csv --output link.csv", "link.csv: is one of the inputs"),
        ("video --output hard.jsonl", "hard.jsonl: is one of the inputs"),
        ("b.mkv --output list.csv", "list.csv: is there, and vq did not write it; name another"),
        ("b.mkv --output notes.json", "notes.json: is there, and vq did not write it"),
        ("b.mkv --output s3://bucket/rows.csv", "argument --output: s3://bucket/rows.csv is a URL"),
        ("b.mkv --timeline a.mp4", "a.mp4: is there, and no folder"),
        ("b.mkv --timeline notes.json", "notes.json: is there, and vq did not write it"),
        ("b.mkv --timeline picture.png", "picture.png: is there, and vq did not write it"),
        ("b.mkv --timeline new.jpg", "new.jpg: a timeline is a .png or a .json; if this is to be"),
        ("video --timeline hard.json --overwrite", "hard.json: is one of the inputs"),
        ("b.mkv --timeline folder", "folder/b.mkv.png: is there, as 1 more, and vq did not"),
        ("b.mkv --timeline new.json --output new.json", "new.json: is --output and --timeline"),
    ],
)
def test_a_run_that_would_destroy_a_file_does_not_begin(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    """Exit code 2, a sentence, and every file is what it was."""
    (folder / "link.csv").symlink_to("list.csv")
    (folder / "video").write_bytes((folder / "b.mkv").read_bytes())
    (folder / "hard.jsonl").hardlink_to(folder / "video")
    (folder / "hard.json").hardlink_to(folder / "video")
    (folder / "notes.json").write_text('[{"video": "a.mp4", "mos": 3}]')
    (folder / "picture.png").write_bytes(b"\x89PNG somebody's")
    for name in ("b.mkv.json", "b.mkv.png"):
        (folder / "folder" / name).parent.mkdir(exist_ok=True)
        (folder / "folder" / name).write_text("mine")
    before = _content(folder)

    try:
        code = cli.main(["score", *arguments.split()])
    except SystemExit as stopped:
        code = stopped.code  # type: ignore[assignment]

    assert code == 2
    assert said in capsys.readouterr().err
    assert _content(folder) == before


def test_a_pattern_after_output_costs_no_video(folder: Path) -> None:
    """The shell makes `--output a.mp4 b.mp4` of `--output *.mp4`."""
    (folder / "b.mp4").write_bytes((folder / "a.mp4").read_bytes())
    before = _content(folder)

    done = subprocess.run(
        ["sh", "-c", f"{VQ} score --output *.mp4"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ROOT},
    )  # fmt: skip

    assert done.returncode == 2
    assert "(a pattern after --output is the first file that it matches)" in done.stderr
    assert _content(folder) == before


def test_a_list_on_standard_input_is_an_input(folder: Path) -> None:
    """Its name is not told, and yet it would be gone."""
    done = subprocess.run(
        ["sh", "-c", f"{VQ} score - --overwrite --output list.csv < list.csv"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ROOT},
    )  # fmt: skip

    assert (done.returncode, (folder / "list.csv").read_text()) == (2, "video,mos\na.mp4,3\n")
    assert "list.csv: is one of the inputs" in done.stderr


VQ = f"{sys.executable} -c 'import sys; from vq import cli; sys.exit(cli.main())'"
ROOT = str(Path(__file__).parents[2])


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_an_earlier_run_is_written_again(folder: Path, form: str) -> None:
    """From a timer, say; its model or its videos may be others now."""
    score = ["score", "--output", f"rows.{form}"]
    assert cli.main([*score, "gone.mp4"]) == 1
    assert outputs.is_of_rows(folder / f"rows.{form}")
    assert cli.main([*score, "b.mkv"]) == 0
    assert cli.main([*score, "b.mkv"]) == 0


def test_a_timeline_of_an_earlier_run_is_written_again(folder: Path) -> None:
    """File or folder."""
    for target in ("one.png", "one.json", "all"):
        for _ in range(2):
            assert cli.main(["score", "b.mkv", "--timeline", target]) == 0


def test_overwrite_writes_over_what_is_not_ours(folder: Path) -> None:
    """It was asked for; an empty file is nobody's."""
    (folder / "empty.csv").touch()
    (folder / "notes.json").write_text("{}")

    assert cli.main(["score", "b.mkv", "--output", "empty.csv"]) == 0
    assert cli.main(["score", "b.mkv", "--output", "notes.json", "--overwrite"]) == 0

    assert json.loads((folder / "notes.json").read_text())[0]["status"] == "ok"


def test_a_form_that_is_named_may_have_any_ending(folder: Path) -> None:
    """But that of another form, or of a video."""
    assert cli.main(["score", "b.mkv", "--output", "rows.txt", "--format", "csv"]) == 0
    assert (folder / "rows.txt").read_text().startswith("video,")


@pytest.mark.parametrize(
    "content",
    [b"video,mos\na,1\n", b"[1]", b"[", b"{}", b"\xff\xfe\0", b"PAR1", b"\x89PNG", b"\n", b"[{}]"],
    ids=ascii,
)
def test_what_is_no_table_of_rows_is_not_ours(tmp_path: Path, content: bytes) -> None:
    """Whatever it is."""
    (tmp_path / "file").write_bytes(content)

    assert not outputs.is_of_rows(tmp_path / "file")
    assert not outputs.is_timeline(tmp_path / "file")
