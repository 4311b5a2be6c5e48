"""Scoring into one file, as often as it takes."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq.errors import DataError
from vq.scoring import batch, flow_summary
from vq.scoring.formats import read


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    """A student that tells brightness."""
    return str(write_bundle(tmp_path / "student", *BRIGHTNESS))


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Three videos, the darkest of which is `b`, and a file that is none."""
    for name, level in (("a", 200), ("b", 20), ("c", 250)):
        write_video(tmp_path / "videos" / f"{name}.mkv", level=lambda _, level=level: level)
    (tmp_path / "videos" / "broken.mkv").write_bytes(b"no video")
    return tmp_path / "videos"


def test_a_batch_tells_what_its_file_holds(bundle: str, videos: Path, tmp_path: Path) -> None:
    """Rows by status, the worst first, and the failures with their reasons."""
    output = str(tmp_path / "rows.parquet")
    found = batch.score([str(videos)], output, model=bundle, scratch=tmp_path)

    assert dict(found.counts) == {"ok": 3, "unreadable": 1}
    assert [Path(row.video).name for row in found.worst] == ["b.mkv", "a.mkv", "c.mkv"]
    assert [Path(row.video).name for row in found.failed] == ["broken.mkv"]
    text = flow_summary.markdown(found)
    assert "3 of 4 videos have a score" in text
    assert "broken.mkv` | unreadable |" in text


def test_a_batch_tells_what_is_wrong_with_the_worst(
    bundle: str, videos: Path, tmp_path: Path
) -> None:
    """If its rows know; else there is no such column."""
    wanted = batch.score(
        [str(videos)], str(tmp_path / "rows.csv"), model=bundle, causes=True, scratch=tmp_path
    )
    worst = [replace(row, causes={"exposure": 0.9}) for row in wanted.worst]
    plain = [replace(row, causes={}) for row in wanted.worst]

    assert all(row.causes for row in wanted.worst)
    assert "| exposure 0.90 |" in flow_summary.markdown(replace(wanted, worst=worst))
    assert "cause" not in flow_summary.markdown(replace(wanted, worst=plain))


def test_a_batch_tells_what_a_thousand_videos_cost(
    bundle: str, videos: Path, tmp_path: Path
) -> None:
    """Two videos in 7.2 core-seconds: a thousand in one core-hour, at whatever an hour costs.

    Where nothing was scored, there is nothing to tell.
    """
    output = tmp_path / "rows.csv"
    found = batch.score([str(videos)], str(output), model=bundle, scratch=tmp_path)
    seconds = sum(row.seconds for row in read(output, "csv"))
    two = replace(found, new=2, core_seconds=7.2)
    none = replace(found, new=0, core_seconds=0.0)

    assert found.core_seconds == pytest.approx(seconds) != 0
    assert "1,000 videos take 1 core-hours.\n" in flow_summary.markdown(two)
    assert "1,000 videos take 1 core-hours and cost 0.04, at 0.04 a core-hour.\n" in (
        flow_summary.markdown(two, cost_per_core_hour=0.04)
    )
    assert "core-hours" not in flow_summary.markdown(none, cost_per_core_hour=0.04)


def test_another_run_scores_what_is_new_and_what_failed(
    bundle: str, videos: Path, tmp_path: Path
) -> None:
    """A timer may call it as often as it likes; a score stays as it is, to the bit."""
    output = tmp_path / "rows.parquet"
    batch.score([str(videos)], str(output), model=bundle, scratch=tmp_path)
    before = {row.video: row for row in read(output, "parquet")}
    write_video(videos / "d.mkv")

    again = batch.score([str(videos)], str(output), model=bundle, scratch=tmp_path)

    assert again.new == 2  # d, and the broken one
    after = {row.video: row for row in read(output, "parquet")}
    assert len(after) == 5
    assert all(after[video] == row for video, row in before.items() if row.status == "ok")


def test_no_input_is_the_output(bundle: str, videos: Path, tmp_path: Path) -> None:
    """A list of yesterday's rows, say."""
    output = tmp_path / "rows.csv"
    batch.score([str(videos)], str(output), model=bundle, scratch=tmp_path)
    before = output.read_bytes()

    with pytest.raises(DataError, match=r"rows\.csv: is one of the inputs"):
        batch.score([str(output)], str(output), model=bundle, scratch=tmp_path)
    assert output.read_bytes() == before


def test_notes_are_text_whatever_files_are_called(
    bundle: str, videos: Path, tmp_path: Path
) -> None:
    """They travel to a server."""
    for old, new in ((b"b.mkv", b"caf\xe9.mkv"), (b"broken.mkv", b"\xff.mkv")):
        (videos / os.fsdecode(old)).rename(videos / os.fsdecode(new))
    found = batch.score([str(videos)], str(tmp_path / "r.csv"), model=bundle, scratch=tmp_path)

    text = flow_summary.markdown(found).encode("utf-8").decode()
    assert r"caf\xe9.mkv" in text
    assert r"\xff.mkv` | unreadable" in text


def test_an_output_may_be_a_url(bundle: str, videos: Path, tmp_path: Path) -> None:
    """It comes to be when all rows are there, is gone on with like a file, and leaves no copy."""
    scratch, target = tmp_path / "scratch", tmp_path / "store" / "rows.parquet"
    for new in (4, 1):
        found = batch.score([str(videos)], f"file://{target}", model=bundle, scratch=scratch)
        assert found.new == new
    assert len(list(read(target, "parquet"))) == 4
    assert list(scratch.iterdir()) == []


def test_a_table_for_people_is_no_output(bundle: str, tmp_path: Path) -> None:
    """It could not be gone on with."""
    with pytest.raises(DataError, match=r"rows\.txt: should end in \.parquet"):
        batch.score([], "rows.txt", model=bundle, scratch=tmp_path)
