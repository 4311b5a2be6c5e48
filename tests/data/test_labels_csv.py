"""Label files as people make them."""

from pathlib import Path

import pytest

from vq.data import labels_csv
from vq.errors import DataError


def write(folder: Path, text: str) -> Path:
    """A label file."""
    path = folder / "labels.csv"
    path.write_bytes(text.encode())
    return path


def test_a_row_is_read(tmp_path: Path) -> None:
    """Cells become numbers, empty ones None; further columns come along if asked for."""
    text = "video,mos,mos_std,ratings,content,dataset,tag,other\nx/a.mp4,3.5,,12,park,,blur,1\n"

    (row,) = labels_csv.read(write(tmp_path, text), keep=["tag"])

    assert (row.video, row.problem) == ("x/a.mp4", "")
    assert row.values == {
        "mos": 3.5, "mos_std": None, "ratings": 12, "content": "park",
        "dataset": None, "random": None, "tag": "blur",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("MOS", "mos"),
        ("Content", "content"),
        ("mos_sd", "mos_std"),
        ("rating", "ratings"),
        ("data_set", "dataset"),
    ],
)
def test_a_misspelt_column_is_no_column_to_ignore(tmp_path: Path, header: str, meant: str) -> None:
    """Without `content`, versions of one source fall on both sides of the split, in silence."""
    path = write(tmp_path, f"video,{header}\na.mp4,1\n")
    with pytest.raises(DataError, match=rf"labels\.csv: .*{header!r}.* did you mean {meant}\?"):
        labels_csv.read(path)
    assert labels_csv.read(path, keep=[header])[0].values[header] == "1"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\ufeffvideo,mos\na.mp4,3\n", id="byte-order-mark"),
        pytest.param("video,mos\r\na.mp4,3\r\n", id="windows"),
        pytest.param(" video , mos \n a.mp4 , 3 \n\n,\n", id="spaces-and-blank-lines"),
        pytest.param('"mos","video"\n"3","./a.mp4"\n', id="quoted-and-reordered"),
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path: Path, text: str) -> None:
    """All of these say the same."""
    (row,) = labels_csv.read(write(tmp_path, text))

    assert (row.video, row.values["mos"], row.problem) == ("a.mp4", 3.0, "")


def test_video_alone_will_do(tmp_path: Path) -> None:
    """Unlabelled videos carry the feature loss."""
    (row,) = labels_csv.read(write(tmp_path, "video\na.mp4\n"))

    assert row.values["mos"] is None
    assert not row.problem


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param("a.mp4,good,1", "mos 'good' is not a number; correct", id="word"),
        pytest.param("a.mp4,nan,1", "mos 'nan' is not a number", id="nan"),
        pytest.param('a.mp4,"3,5",1', "mos '3,5' is not a number", id="decimal-comma"),
        pytest.param("a.mp4,3,1.5", "ratings '1.5' is not a number", id="half-a-rater"),
        pytest.param("a.mp4,3,1,9", "its row has 4 cells, the header 3", id="too-many-cells"),
        pytest.param("a.mp4,3", "its row has 2 cells, the header 3", id="too-few-cells"),
        pytest.param(",3,1", "its row names no video; fill in", id="no-name"),
        pytest.param("../a.mp4,3,1", "lies outside the folder of videos; move", id="outside"),
        pytest.param("x/../../a.mp4,3,1", "lies outside the folder", id="outside-by-detour"),
        pytest.param("/etc/passwd,3,1", "lies outside the folder", id="absolute"),
    ],
)
def test_a_bad_row_comes_back_with_its_problem(tmp_path: Path, line: str, problem: str) -> None:
    """It stops no other row."""
    bad, good = labels_csv.read(write(tmp_path, f"video,mos,ratings\n{line}\nb.mp4,3,1\n"))

    assert bad.problem.startswith(problem)
    assert "; " in bad.problem
    assert not good.problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(None, r"cannot be read \(No such file", id="missing"),
        pytest.param("", "is empty; its first line names the columns", id="empty"),
        pytest.param("name,mos\na,3\n", "has no column `video`, only name, mos", id="no-video"),
        pytest.param("video;mos\na;3\n", "part columns with commas", id="semicolons"),
        pytest.param("video,mos,mos\na,3,3\n", "repeats the column mos", id="repeated"),
        pytest.param('video\n"a\n', "is not a CSV file", id="open-quote"),
    ],
)
def test_a_file_without_sense_is_one_error(tmp_path: Path, text: str | None, message: str) -> None:
    """The file is named, and what to do."""
    path = tmp_path / "labels.csv" if text is None else write(tmp_path, text)

    with pytest.raises(DataError, match=rf"labels\.csv: {message}|labels\.csv: .*{message}"):
        labels_csv.read(path)


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    """Guessing would spoil names of files."""
    path = tmp_path / "labels.csv"
    path.write_bytes("video\nKöln.mp4\n".encode("latin-1"))

    with pytest.raises(DataError, match=r"labels\.csv: is not UTF-8"):
        labels_csv.read(path)


def test_a_misspelt_column_to_keep_is_met_with_a_suggestion(tmp_path: Path) -> None:
    """Params and label file have to agree."""
    path = write(tmp_path, "video,distortion\na.mp4,blur\n")

    with pytest.raises(DataError, match=r"no column 'distorsion'.*did you mean distortion"):
        labels_csv.read(path, keep=["distorsion"])


def test_a_column_of_the_manifest_is_not_kept_twice(tmp_path: Path) -> None:
    """What the probe finds is not overwritten by what a label file claims."""
    path = write(tmp_path, "video,codec\na.mp4,h264\n")

    with pytest.raises(DataError, match=r"columns\.yaml names codec"):
        labels_csv.read(path, keep=["codec"])
