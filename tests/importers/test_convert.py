"""Nothing about a label file is guessed silently."""

import csv
import re
import resource
import struct
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.io import savemat

from tests.importers.layouts import LAYOUTS, text
from vq import cli
from vq.data import columns

OWN = ("--scale", "1", "5", "--better", "higher", "--opinion", "human", "--licence", "none")


def run(folder: Path, form: str, content: str, *more: str, name: str = "x.csv") -> int:
    """`vq labels` on a text."""
    file = folder / name
    file.write_bytes(content.encode())
    return cli.main(["labels", form, str(file), "--out", str(folder / "out"), *more])


def rows(folder: Path) -> list[dict[str, str]]:
    """What was written."""
    with (folder / "out" / "labels.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("video,mos\na.mp4,3.5\nb.mp4,2\n", id="plain"),
        pytest.param("\ufeffvideo,mos\r\na.mp4,3.5\r\nb.mp4,2\r\n", id="byte-order-mark"),
        pytest.param("video;mos\na.mp4;3,5\nb.mp4;2\n", id="semicolons-and-decimal-commas"),
        pytest.param("mos\tvideo\n3.5\ta.mp4\n2\tb.mp4\n", id="tabs"),
        pytest.param('video,mos\n"a.mp4", "3,5"\nb.mp4,2\n\n', id="quoted-decimal-comma"),
        pytest.param("Video|MOS\na.mp4|3.5\nb.mp4|2\n", id="bars-and-capitals"),
    ],
)
def test_the_same_in_another_spelling(tmp_path: Path, content: str) -> None:
    """What spreadsheets of all countries write."""
    assert run(tmp_path, "own", content, *OWN) == 0

    assert [(row["video"], float(row["mos"])) for row in rows(tmp_path)] == [
        ("a.mp4", 3.5), ("b.mp4", 2)
    ]  # fmt: skip


def test_utf_16_is_read(tmp_path: Path) -> None:
    """Excel's `Unicode text`."""
    text("video\tmos\nä.mp4\t3\n", encoding="utf-16")(tmp_path / "x.txt")

    done = cli.main(
        ["labels", "own", str(tmp_path / "x.txt"), "--out", str(tmp_path / "out"), *OWN]
    )

    assert done == 0
    assert rows(tmp_path)[0]["video"] == "ä.mp4"


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx"])
def test_tables_of_other_programs(tmp_path: Path, suffix: str) -> None:
    """Whole numbers that a program keeps as floats name files; nulls are empty."""
    import pandas as pd

    frame = pd.DataFrame({"clip": [12.0, 7.0], "score": [3.5, None], "mood": ["calm", None]})
    file = tmp_path / f"x{suffix}"
    frame.to_parquet(file) if suffix == ".parquet" else frame.to_excel(file, index=False)
    columns = ["--column", "video=clip", "--column", "mos=score"]

    done = cli.main(["labels", "own", str(file), "--out", str(tmp_path / "out"), *columns, *OWN,
                     "--videos", str(_videos(tmp_path, "12.mp4", "7.webm"))])  # fmt: skip

    assert done == 0
    assert [list(row.values()) for row in rows(tmp_path)] == [
        ["12.mp4", "3.5", "", "", "", "calm"], ["7.webm", "", "", "", "", ""]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "content", "message"),
    [
        pytest.param("own", "", "is empty", id="empty"),
        pytest.param(
            "own",
            "clip,mos\na,3\n",
            "no column 'video', only 'clip', 'mos'.*--column",
            id="no-video",
        ),
        pytest.param(
            "own", "video,mos\na.mp4,good\n", "1 cell that is no number, such as 'good'", id="word"
        ),
        pytest.param("own", "video,mos\na.mp4,1_0\n", "no number, such as '1_0'", id="underscore"),
        pytest.param(
            "own",
            "video;mos\na.mp4;3,5\nb.mp4;3.5\n",
            "has '3,5' as well as '3.5'",
            id="mixed-commas",
        ),
        pytest.param(
            "own",
            "video,mos\na.mp4,3,1\nb.mp4,2\n",
            "'a.mp4, 3, 1' has 3, the header has 2",
            id="ragged",
        ),
        pytest.param("own", "video,mos\n,3\n", "row 1 names no video", id="nameless"),
        pytest.param(
            "own",
            "video,mos\na.mp4,3\na.mp4,4\n",
            "'a.mp4' has mos 3.0 in one row and 4.0",
            id="contradiction",
        ),
        pytest.param(
            "own",
            "video,mos\na.mp4,50\n",
            "1 of 1 score is not on the scale.*'a.mp4' has 50",
            id="scale",
        ),
        pytest.param(
            "own", "video,mos,ratings\na.mp4,3,1.5\n", "people are whole", id="half-a-rater"
        ),
        pytest.param("own", "video,MOS,mos\na.mp4,3,4\n", "repeats the column MOS", id="repeated"),
        pytest.param(
            "own", "a.mp4; 8,0; 30,0; 3,5\n", "parted by ',' or ';'.*--delimiter", id="ambiguous"
        ),
        pytest.param("own", "a\0b", "is no text", id="binary"),
        pytest.param(
            "konvid-1k",
            "flickr_id,score\n1,3\n",
            "no column 'mos', only 'flickr_id', 'score'; its first row is 1, 3",
            id="column",
        ),
        pytest.param(
            "konvid-1k",
            "flickr_id,mos\n1,3\n",
            "it has 1 video, KoNViD-1k has 1200.*--force",
            id="count",
        ),
        pytest.param(
            "kvq",
            "a.mp4, -1, -1, 67.5\n",
            "not on the scale of KVQ, 1 to 5: 'a.mp4' has 67.5",
            id="other-list",
        ),
        pytest.param("divide-3k", "a.mp4, 1, 2\n", "has 3, 4 are wanted", id="list-of-three"),
        pytest.param(
            "cvd2014",
            "File_name;Content;Realignment MOS\nCity;City;3\n",
            "has 'City', expected something like Test01",
            id="names",
        ),
        pytest.param("maxwell", "O,A-1\n1,2\n", "no column 'A-2'", id="dimension"),
        pytest.param("live-vqc", "video,mos\na,3\n", "is no MATLAB file", id="no-matlab"),
        pytest.param("vimeo", "video,mos\n", "forms are own, konvid-1k", id="form"),
    ],
)
def test_a_mismatch_is_one_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, content: str, message: str
) -> None:
    """With an example and what to do; nothing is written."""
    assert run(tmp_path, form, content, *(OWN if form == "own" else ())) == 1

    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(message, error), error
    assert not (tmp_path / "out").exists()


def test_maxwell_wants_the_names_of_its_own_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """None, or a list whose scores tell of other videos, is refused."""
    layout = LAYOUTS["maxwell"]
    layout.write(tmp_path / layout.file)
    (tmp_path / "names.txt").write_text("a.mp4, -1, -1, 3\nb.mp4, -1, -1, 1\nc.mp4, -1, -1, 2\n")
    command = ["labels", "maxwell", str(tmp_path / layout.file), "--out", str(tmp_path / "out"),
               "--force"]  # fmt: skip

    assert cli.main(command) == 1
    assert "say --names FILE" in capsys.readouterr().err
    assert cli.main([*command, "--names", str(tmp_path / "names.txt")]) == 1
    assert "its scores are not those of" in capsys.readouterr().err


def test_a_table_of_ones_own_says_what_its_numbers_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By options, or by a card that is there and stays as it is."""
    content = "video,mos\na.mp4,50\n"
    assert run(tmp_path, "own", content) == 1
    assert "say --scale --better --opinion --licence" in capsys.readouterr().err
    card = tmp_path / "out" / "card.yaml"
    card.parent.mkdir()
    card.write_text("name: x\nopinion: human\nscale: {min: 0, max: 100}\nlicence: own # mine\n")

    assert run(tmp_path, "own", content) == 0

    assert "# mine" in card.read_text()


def test_a_data_set_gets_expectations_that_stay(tmp_path: Path) -> None:
    """`validate` reads them; they are empty at first, as its columns are, and not written over."""
    file = tmp_path / "out" / "expectations.yaml"
    assert run(tmp_path, "own", "video,mos\na.mp4,3\n", *OWN) == 0
    assert yaml.safe_load(file.read_text()) is None
    assert columns.load(file.with_name("columns.yaml")).carried == ()
    file.write_text("- {type: expect_column_to_exist, kwargs: {column: mos}}\n")

    assert run(tmp_path, "own", "video,mos\na.mp4,4\n", *OWN, "--replace") == 0

    assert "expect_column_to_exist" in file.read_text()


def test_a_row_that_says_the_same_again_is_there_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the Unicode form of the name."""
    names = [unicodedata.normalize(form, "é.mp4") for form in ("NFC", "NFD", "NFC")]
    content = "video,mos\n" + "".join(f"{name},3\n" for name in names)

    assert run(tmp_path, "own", content, *OWN) == 0

    assert len(rows(tmp_path)) == 1
    assert "2 rows said what an earlier one said" in capsys.readouterr().out


def test_what_is_there_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody may have edited it."""
    assert run(tmp_path, "own", "video,mos\na.mp4,3\n", *OWN) == 0
    assert run(tmp_path, "own", "video,mos\nb.mp4,3\n", *OWN) == 1
    assert "labels.csv: is there already; say --replace" in capsys.readouterr().err
    assert run(tmp_path, "own", "video,mos\nb.mp4,3\n", *OWN, "--replace") == 0
    assert rows(tmp_path)[0]["video"] == "b.mp4"


@pytest.mark.parametrize("command", [("labels", "own"), ("ratings",)])
def test_the_file_that_is_read_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    """Not even with --replace: it may say more than what is made of it, and cannot be had again."""
    file, link = tmp_path / "labels.csv", tmp_path / "raw.csv"
    file.write_text("video,rater,rating,mos\na.mp4,x,3,3\n")
    link.symlink_to(file)
    out, how = (tmp_path, OWN) if command[0] == "labels" else (file, OWN[:3])

    assert cli.main([*command, str(link), *how, "--out", str(out), "--replace"]) == 1

    assert "labels.csv: is the file that is read, and never" in capsys.readouterr().err
    assert file.read_text() == "video,rater,rating,mos\na.mp4,x,3,3\n"


def _videos(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / "videos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder / "videos"


@pytest.mark.parametrize(
    ("named", "file"),
    [
        pytest.param("a.mp4", "a.mp4", id="exact"),
        pytest.param("./x/a.mp4", "x/a.mp4", id="tidied"),
        pytest.param("x\\a.mp4", "x/a.mp4", id="backslash"),
        pytest.param("KoNViD_1k_videos/a.mp4", "a.mp4", id="folder-of-the-list"),
        pytest.param("a.mp4", "part2/a.mp4", id="deeper"),
        pytest.param("x/a", "x/a.MKV", id="no-suffix"),
        pytest.param("x/a.yuv", "x/a.mkv", id="packed-raw-video"),
        pytest.param("caf\u00e9.mp4", "cafe\u0301.mp4", id="composed-and-not"),
        pytest.param("cafe\u0301.mp4", "caf\u00e9.mp4", id="not-composed-and-composed"),
    ],
)
def test_a_name_finds_its_file(tmp_path: Path, named: str, file: str) -> None:
    """Labels get the name that is on disk, so that the import finds it."""
    videos = _videos(tmp_path, file, "other/b.mp4")

    assert run(tmp_path, "own", f"video,mos\n{named},3\n", *OWN, "--videos", str(videos)) == 0

    assert (videos / rows(tmp_path)[0]["video"]).exists()


def test_another_folders_file_of_the_same_name_is_not_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """LSVQ has a 4.mp4 in each batch: a label must not fall on another video."""
    videos = _videos(tmp_path, "batch2/4.mp4", "batch1/1.mp4")
    content = "video,mos\nbatch1/4.mp4,3\nbatch1/1.mp4,2\nbatch3/1.mp4,1\n"

    assert run(tmp_path, "own", content, *OWN, "--videos", str(videos)) == 0

    assert "2 of 3 videos are not there, such as batch1/4.mp4" in capsys.readouterr().out
    again = run(tmp_path, "own", content, *OWN, "--videos", str(videos), "--present", "--replace")
    assert again == 0
    assert [row["video"] for row in rows(tmp_path)] == ["batch1/1.mp4"]


def test_a_name_that_fits_two_files_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And one file cannot be that of two names."""
    videos = _videos(tmp_path, "x/a.mp4", "y/a.mp4")
    assert run(tmp_path, "own", "video,mos\na.mp4,3\n", *OWN, "--videos", str(videos)) == 1
    assert "'a.mp4' may be x/a.mp4 or y/a.mp4" in capsys.readouterr().err

    content = "video,mos\nx/a.mp4,3\nx/a,2\n"
    assert run(tmp_path, "own", content, *OWN, "--videos", str(videos)) == 1
    assert "is the file of 'x/a.mp4' as well as 'x/a'" in capsys.readouterr().err


def test_the_wrong_folder_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not one video in it."""
    videos = _videos(tmp_path, "b.mp4")

    assert run(tmp_path, "own", "video,mos\na.mp4,3\n", *OWN, "--videos", str(videos)) == 1

    assert "has no video of the list (1 in all), such as 'a.mp4'" in capsys.readouterr().err


def test_youtubes_copies_have_longer_names(tmp_path: Path) -> None:
    """The H.264 copies carry their settings."""
    name = "Vlog_720P-0d04"
    videos = _videos(tmp_path, f"{name}_crf_10_ss_00_t_20.0.mp4")
    content = f"vid,MOSFull\n{name},3\n"

    assert run(tmp_path, "youtube-ugc", content, "--force", "--videos", str(videos)) == 0

    assert (videos / rows(tmp_path)[0]["video"]).exists()


def test_a_file_that_kills_its_reader_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SciPy dies of some broken files, of this one for an array of an unknown class (fuzzing)."""
    layout = LAYOUTS["live-vqc"]
    layout.write(tmp_path / "x.mat")
    data = bytearray((tmp_path / "x.mat").read_bytes())
    # The flags of the first variable follow a header of 128 bytes and two tags of 8.
    data[144] = 99
    (tmp_path / "x.mat").write_bytes(bytes(data))

    assert cli.main(["labels", "live-vqc", str(tmp_path / "x.mat"), "--out", str(tmp_path)]) == 1

    assert "x.mat: is no MATLAB file" in capsys.readouterr().err


def test_a_matlab_file_that_unpacks_to_a_heap_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fuzzing found one of 257 bytes for which there was no room on the way back to us."""
    savemat(tmp_path / "x.mat", {"mos": np.zeros(10_000_000)}, do_compression=True)
    assert (tmp_path / "x.mat").stat().st_size < 100_000

    assert cli.main(["labels", "live-vqc", str(tmp_path / "x.mat"), "--out", str(tmp_path)]) == 1

    assert "x.mat: is no MATLAB file (it unpacks to 76 MiB" in capsys.readouterr().err


def test_a_matlab_file_that_promises_a_billion_rows_costs_no_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found by fuzzing: SciPy takes 23 GB for 442 bytes, unless its process may not."""
    LAYOUTS["live-yt-gaming"].write(tmp_path / "x.mat")
    data = (tmp_path / "x.mat").read_bytes()
    start = data.index(struct.pack("<ii", 2, 1), data.index(b"video_list") - 64)
    (tmp_path / "x.mat").write_bytes(data[: start + 4] + b"\x00\x01\x00\x5b" + data[start + 8 :])

    command = ["labels", "live-yt-gaming", str(tmp_path / "x.mat"), "--out", str(tmp_path)]
    assert cli.main(command) == 1

    assert "x.mat: is no MATLAB file" in capsys.readouterr().err
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 4 << 20


def test_matlabs_newest_files_say_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Version 7.3 is HDF5, which SciPy does not read."""
    (tmp_path / "x.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n")

    assert cli.main(["labels", "live-vqc", str(tmp_path / "x.mat"), "--out", str(tmp_path)]) == 1

    assert "save it with -v7" in capsys.readouterr().err
