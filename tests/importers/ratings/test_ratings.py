"""Ratings become opinion scores as the recommendations have it; expected numbers are by hand."""

from pathlib import Path

import pytest

from vq.cli import main
from vq.data import labels_csv
from vq.errors import DataError

WIDE = "video,ann,bob,cem\na.mp4,1,2,3\nb.mp4,4,4,5\nc.mp4,5,,3\n"
LONG = "video;rater;rating\na.mp4;ann;1\na.mp4;bob;2\na.mp4;cem;3\nb.mp4;ann;4\nb.mp4;bob;4\nb.mp4;cem;5\nc.mp4;ann;5\nc.mp4;cem;3\n"  # noqa: E501


def labels(folder: Path, text: str, *options: str) -> list[list[str]]:
    """Cells of what the command writes, without the header."""
    (folder / "ratings.csv").write_text(text)
    out = folder / "labels.csv"
    arguments = [str(folder / "ratings.csv"), "--scale", "1", "5", "--out", str(out), *options]
    assert main(["ratings", *arguments]) == 0
    return [line.split(",") for line in out.read_text().splitlines()[1:]]


@pytest.mark.parametrize("text", [WIDE, LONG], ids=["wide", "long"])
def test_the_mean_of_what_was_given(tmp_path: Path, text: str) -> None:
    """a: mean 2, std 1, half width 1.96 / sqrt(3) = 1.1316; c: two ratings, std sqrt(2)."""
    found = labels(tmp_path, text, "--method", "mean")

    assert found[0] == ["a.mp4", "2.0000", "1.0000", "3", "0.8684", "3.1316"]
    assert found[2][:4] == ["c.mp4", "4.0000", "1.4142", "2"]


def test_bias_of_raters_is_taken_off(tmp_path: Path) -> None:
    """Ann is one below Bob throughout, so that half a level is her bias: they agree."""
    text = "video,ann,bob\na,1,2\nb,2,3\nc,4,5\n"

    found = labels(tmp_path, text, "--method", "p913")

    assert [line[1:4] for line in found] == [
        ["1.5000", "0.0000", "2"], ["2.5000", "0.0000", "2"], ["4.5000", "0.0000", "2"]
    ]  # fmt: skip


def test_a_rater_who_strays_both_ways_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nine agree around 3, the tenth says 5 and 1 in turn.

    Ratings 2 2 3 3 3 3 3 4 4 5: mean 3.2, deviation .87, kurtosis 2.7, so that 3.2 + 2 * .87 = 4.95
    is the limit; and mirrored. Without the tenth the mean is 27 / 9 = 3.
    """
    high, low = "2,2,3,3,3,3,3,4,4,5", "4,4,3,3,3,3,3,2,2,1"
    header = ",".join(["video", *(f"r{number}" for number in range(10))])
    text = "\n".join([header, f"a,{high}", f"b,{low}", f"c,{high}", f"d,{low}"])

    kept = labels(tmp_path, text, "--method", "mean")
    found = labels(tmp_path, text, "--replace")

    assert [line[1] for line in kept] == ["3.2000", "2.8000"] * 2
    assert [line[1] for line in found] == ["3.0000"] * 4
    assert [line[3] for line in found] == ["9"] * 4
    assert "left out: r9" in capsys.readouterr().out


def test_the_pipeline_reads_it(tmp_path: Path) -> None:
    """Names, numbers and all."""
    labels(tmp_path, WIDE)

    first, *_ = labels_csv.read(tmp_path / "labels.csv", keep=("mos_low", "mos_high"))

    assert (first.video, first.values["mos"], first.values["ratings"]) == ("a.mp4", 2.0, 3)
    assert (first.problem, first.values["mos_low"]) == ("", "0.8684")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("video,ann,bob\na,1,9\n", r"'bob' gave 'a' a rating of 9", id="off-scale"),
        pytest.param("video,ann,bob\na,1,good\n", r"no number, such as 'good'", id="word"),
        pytest.param("video,ann\na,1\n", "needs two", id="one-rater"),
        pytest.param("video,ann,bob\na,1,2\na,1,2\n", "rated 'a' twice", id="twice"),
        pytest.param("clip,ann,bob\na,1,2\n", "has no column 'video'", id="no-video"),
        pytest.param("video,ann,bob\n,1,2\n", "line 2 names no video", id="no-name"),
        pytest.param("video,rater,rating\na,,2\n", "line 2 names no rater", id="no-rater"),
        pytest.param("video,ann,bob\n", "no ratings", id="no-rows"),
    ],
)
def test_bad_ratings_are_one_error(tmp_path: Path, text: str, said: str) -> None:
    """Which says where, and nothing is written."""
    from vq.pipeline.command_line import dispatch

    (tmp_path / "r.csv").write_text(text)
    out = tmp_path / "labels.csv"

    with pytest.raises(DataError, match=said):
        dispatch(["ratings", str(tmp_path / "r.csv"), "--scale", "1", "5", "--out", str(out)])

    assert not out.exists()
