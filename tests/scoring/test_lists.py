"""Lists of videos, as editors, spreadsheets and shells of any system write them."""

import io
from pathlib import Path
from typing import Any

import pytest

from vq.data import tables
from vq.errors import DataError
from vq.scoring import lists

NAMES = ["a.mp4", "b é.mp4"]
TABLES = {
    "excel-europe": "video;mos\r\na.mp4;3,2\r\nb é.mp4;4,1\r\n",
    "excel": "mos,video\r\n3.2,a.mp4\r\n4.1,b é.mp4\r\n",
    "tabs": "Video\tMOS\na.mp4\t3.2\nb é.mp4\t4.1\n",
    "bars": "id|VIDEO |mos\n1|a.mp4|3\n\n2|b é.mp4|4\n",
    "commas-in-the-scores": "video;mos, mean;n\na.mp4;3,2;1\nb é.mp4;4,1;2\n",
    "told": 'sep=;\r\n"video";"mos"\r\n"a.mp4";"3"\r\n"b é.mp4";"4"\r\n',
    "one-column": "video\na.mp4\nb é.mp4\n",
    "old-mac": "video,mos\ra.mp4,3\rb é.mp4,4\r",
    "short-rows": "video,mos,note\na.mp4,3\nb é.mp4\n",
    "padded": "video,mos\na.mp4,3,,\nb é.mp4,4,,\n,,,\n",
}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("ending", ["csv", "tsv", "CSV"])
def test_a_table_names_the_same_videos_however_it_was_saved(
    tmp_path: Path, text: str, encoding: str, ending: str
) -> None:
    """Byte order mark, UTF-16, `;`, tabs, capitals, line ends of other systems."""
    path = tmp_path / f"list.{ending}"
    path.write_bytes(text.encode(encoding))

    assert [Path(video).name for _, video in lists.read(str(path))] == NAMES


@pytest.mark.parametrize("name", ["excel-europe", "excel", "tabs", "told"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_file_may_be_a_table(tmp_path: Path, name: str, encoding: str) -> None:
    """Excel calls it Unicode text: UTF-16, tabs, `.txt`."""
    path = tmp_path / "list.txt"
    path.write_bytes(TABLES[name].encode(encoding))

    assert [Path(video).name for _, video in lists.read(str(path))] == NAMES


@pytest.mark.parametrize(
    ("encoding", "end"),
    [(encoding, end) for encoding in ENCODINGS for end in ("\n", "\r\n", "\r")]
    + [(encoding, "\0") for encoding in ENCODINGS[:3]],
    ids=ascii,
)
def test_a_list_names_the_same_videos_however_it_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, end: str
) -> None:
    """As a file or on standard input; the first video above all."""
    data = "".join(f"{name}{end}" for name in NAMES).encode(encoding)
    path = tmp_path / "list.txt"
    path.write_bytes(data)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    assert [video for _, video in lists.from_stdin()] == NAMES
    assert [video for _, video in lists.read(str(path))] == [str(tmp_path / n) for n in NAMES]


@pytest.mark.parametrize("name", ["excel-europe", "excel", "tabs", "told", "one-column", "old-mac"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_labels_are_read_alike(tmp_path: Path, name: str, encoding: str) -> None:
    """`vq labels` and `vq score` understand the same files."""
    path = tmp_path / "list.csv"
    path.write_bytes(TABLES[name].encode(encoding))

    assert tables.read(path).text("video") == NAMES


def test_parquet_and_excel_are_tables(tmp_path: Path) -> None:
    """Rows of `vq score` may be a list, too."""
    import pandas

    table = pandas.DataFrame({"Video": NAMES, "mos": [3.0, 4.0]})
    table.to_parquet(tmp_path / "list.parquet")
    table.to_excel(tmp_path / "list.xlsx", index=False)

    for name in ("list.parquet", "list.xlsx"):
        found = list(lists.read(str(tmp_path / name)))
        assert found == [(2, str(tmp_path / NAMES[0])), (3, str(tmp_path / NAMES[1]))]


def test_a_line_is_known_by_its_number(tmp_path: Path) -> None:
    """Whatever stands before it."""
    (tmp_path / "list.csv").write_text('sep=,\nvideo,note\na.mp4,"two\nlines"\n\nb.mp4,\n')

    assert [number for number, _ in lists.read(str(tmp_path / "list.csv"))] == [4, 6]


def test_a_video_that_is_called_a_list_is_not_read_as_one(make_h264: Any) -> None:  # noqa: ANN401
    """Thousands of rows would say that its bytes are missing."""
    path = make_h264().rename(make_h264().with_suffix(".txt"))

    with pytest.raises(DataError, match=r"clip\.txt: is no list; if it is a video, give it an end"):
        list(lists.read(str(path)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"path,mos\na.mp4,3\n", "has no column `video`; name the column with the paths so"),
        (b"", "has no column `video`"),
        (b"video,Video\na,b\n", "repeats the column `video`; keep one of them"),
        (b"video\na,b.mp4\n", "line 2 has more cells than the first line; put cells that have ','"),
        (b'video,mos\n"a.mp4,3\n', "line 2 is no line of a table (unexpected end of data)"),
        (b"video,mos\na\0.mp4,3\n", "is no text; save the table as UTF-8"),
        (b"\xff\xfevideo", "is not UTF-8 (truncated data); save it as UTF-8"),
        (b"video\n" + b"a" * 200_000, "line 2 is no line of a table (field larger than field"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """With what, where and the remedy; nothing is guessed."""
    (tmp_path / "list.csv").write_bytes(content)

    with pytest.raises(DataError) as error:
        list(lists.read(str(tmp_path / "list.csv")))
    assert str(error.value).startswith(f"{tmp_path / 'list.csv'}: {said}")
