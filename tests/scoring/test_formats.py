"""Every form of the rows says the same, and gives them back."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.scoring.test_row import GOOD
from vq.errors import DataError
from vq.inference.row import Row
from vq.scoring import formats
from vq.scoring.formats import FORMS, About, as_table

BAD = Row("b [red].mp4", "unreadable", 'not a video, "really"\nnot')
ABOUT = About(levels=2, scale="1 to 5, higher is better")
READABLE = [name for name, form in FORMS.items() if form.read]


def written(name: str, *rows: Row) -> bytes:
    """Rows in a form."""
    file = io.BytesIO()
    FORMS[name].write(iter(rows), file, ABOUT)
    return file.getvalue()


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("rows", [[], [GOOD], [BAD, GOOD]], ids=["none", "one", "two"])
def test_a_form_gives_every_bit_back(tmp_path: Path, name: str, rows: list[Row]) -> None:
    """A run can then go on, whatever the form of its file."""
    (tmp_path / "rows").write_bytes(written(name, *rows))

    assert list(formats.read(tmp_path / "rows", name)) == rows


NAMES = {
    "caf\udce9.mp4": r"caf\xe9.mp4",  # Latin-1
    r"caf\xe9.mp4": r"caf\x5cxe9.mp4",  # which is not the same file
    "caf\\x5cxe9\udcff.mp4": r"caf\x5cx5cxe9\xff.mp4",
    r"videos\xylophone\x.mp4": r"videos\xylophone\x.mp4",
    "é日本.mp4": "é日本.mp4",
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("video", "text"), NAMES.items(), ids=map(ascii, NAMES))
def test_a_file_is_text_whatever_its_names(
    tmp_path: Path, name: str, video: str, text: str
) -> None:
    """UTF-8 throughout, and it is still told which file is meant."""
    row = Row(video, "missing", f"gone: {video}")
    data = written(name, row)

    if name != "parquet":
        shown = data.decode("utf-8")  # or it is none
        assert (json.dumps(text, ensure_ascii=False)[1:-1] if "json" in name else text) in shown
    if FORMS[name].read:
        (tmp_path / "rows").write_bytes(data)
        assert [row.video for row in formats.read(tmp_path / "rows", name)] == [video]


@pytest.mark.parametrize("name", ["jsonl", "json", "csv"])
def test_rows_from_before_names_were_escaped_are_read(tmp_path: Path, name: str) -> None:
    """They held the bytes as they were."""
    data = written(name, Row("caf@.mp4", "missing", "gone"))
    (tmp_path / "rows").write_bytes(data.replace(b"@", b"\xe9"))

    assert [row.video for row in formats.read(tmp_path / "rows", name)] == ["caf\udce9.mp4"]


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("content", [b'{"video": 1}\n', b"a,b\n1\n", b"\xff\x00"], ids=str)
def test_a_file_of_something_else_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    """It is not overwritten, and nothing is lost."""
    (tmp_path / "rows").write_bytes(content)

    with pytest.raises(DataError, match=rf"rows: holds no scores in the form {name}"):
        list(formats.read(tmp_path / "rows", name))


def test_json_lines_have_the_fields_of_a_row() -> None:
    """One object a line."""
    good, bad = map(json.loads, written("jsonl", GOOD, BAD).splitlines())

    assert (good["score"], good["levels"]) == (GOOD.score, list(GOOD.levels))
    assert (bad["score"], bad["levels"]) == (None, [])


def test_csv_has_a_column_for_each_level() -> None:
    """Of the model, whether or not a row has a score: the columns are always the same."""
    text = written("csv", BAD).decode()
    (bad,) = csv.DictReader(io.StringIO(text, newline=""))

    assert list(bad) == [
        *("video", "status", "reason", "score", "low", "high", "level_1", "level_2"),
        *("frames", "model", "seconds", "mode", "warning", "label", "percentile"),
    ]
    assert (bad["video"], bad["reason"], bad["level_1"]) == (BAD.video, BAD.reason, "")


def test_without_pyarrow_parquet_says_what_to_install() -> None:
    """Scoring needs no pyarrow; who wants Parquet is told."""
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from vq.scoring.formats import FORMS\n"
        "FORMS['parquet'].check()"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "DataError: parquet needs pyarrow; pip install 'vq[parquet]'" in done.stderr


def test_a_table_shows_every_row_and_the_scale() -> None:
    """Brackets in a file name are no markup, and nothing is cut."""
    long = Row("x" * 300 + ".mp4", "missing", "no such file or folder")

    shown = as_table([GOOD, BAD, long], scale="1 to 5, higher is better")

    assert "b [red].mp4" in shown
    assert "2.333" in shown
    assert "1.7 to 2.9" in shown
    assert long.video in shown
    assert "1 to 5, higher is better" in shown


def test_a_table_shows_decision_and_warning() -> None:
    """A policy has the first word, not the only one; what both say is said once."""
    warned = replace(GOOD, warning="HDR (PQ)", decision="pass", decision_reason="no rule matches")
    gone = Row("b.mp4", "missing", "no such file", decision="review",
               decision_reason="has no score: no such file")  # fmt: skip

    shown = as_table([warned, gone], scale="1 to 5")

    assert "no rule matches; HDR (PQ)" in shown
    assert shown.count("no such file") == 1


def test_an_empty_table_is_a_table() -> None:
    """With its header."""
    assert "video" in as_table([], scale="1 to 5")
