"""Videos and lists by URL; `file:` and `memory:` stand for an object store."""

from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq.errors import DataError
from vq.inference.row import Row
from vq.scoring import remote
from vq.scoring.discover import discover
from vq.scoring.scoring_pool import ScoringPool
from vq.workers.limits import Limits


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder that is reached by URL."""
    folder = tmp_path / "store"
    for name in ("b.mkv", "deep/a.mkv", ".hidden/c.mkv"):
        write_video(folder / name)
    (folder / "notes.md").write_text("no video")
    return folder


@pytest.mark.parametrize(
    ("below", "found"),
    [
        pytest.param("", ["b.mkv", "deep/a.mkv"], id="folder"),
        pytest.param("/*.mkv", ["b.mkv"], id="pattern"),
        pytest.param("/deep/a.mkv", ["deep/a.mkv"], id="file"),
    ],
)
def test_a_url_names_what_a_path_would(store: Path, below: str, found: list[str]) -> None:
    """A folder, a pattern or a video; hidden and other files are left out."""
    assert discover([f"file://{store}{below}"]) == [f"file://{store}/{name}" for name in found]


def test_a_list_may_lie_in_a_store_and_name_urls() -> None:
    """What is relative lies beside the list; a URL is itself."""
    import fsspec

    with fsspec.open("memory://bucket/list.csv", "wb") as file:
        file.write(b"video\nday/a.mp4\ns3://other/b.mp4\n")
    assert discover(["memory://bucket/list.csv"]) == [
        "memory://bucket/day/a.mp4",
        "s3://other/b.mp4",
    ]


def test_a_store_without_videos_has_a_row(tmp_path: Path) -> None:
    """Nothing that was asked for vanishes."""
    (row,) = discover([f"file://{tmp_path}"])
    assert isinstance(row, Row)
    assert (row.status, row.reason) == ("missing", "no video is there")


def test_a_store_that_cannot_be_asked_is_named() -> None:
    """One sentence with the address, before any video is opened."""
    with pytest.raises(DataError, match=r"nosuch://bucket.*nosuch"):
        discover(["nosuch://bucket"])


def test_a_fetched_video_has_the_row_of_a_local_one(store: Path, tmp_path: Path) -> None:
    """Same bits, under its URL; what cannot be fetched has a row; and nothing is left behind."""
    bundle = write_bundle(tmp_path / "student", *BRIGHTNESS)
    url = f"file://{store}/b.mkv"
    with ScoringPool(bundle) as crew:
        local, fetched, gone = (
            answer.row
            for answer in crew.score([str(store / "b.mkv"), url, f"file://{store}/gone.mkv"])
        )
        scratch = crew._scratch
        assert scratch is not None
        assert list(scratch.iterdir()) == []
    assert (fetched.video, fetched.score, fetched.levels) == (url, local.score, local.levels)
    assert (gone.status, gone.reason) == ("missing", "no such object")
    assert not scratch.exists()


def test_a_video_that_is_too_large_to_fetch_is_given_up(tmp_path: Path) -> None:
    """It costs its row and not the disk."""
    (tmp_path / "big.mp4").write_bytes(bytes(3 << 20))
    target = tmp_path / "target"
    row = remote.fetch(f"file://{tmp_path}/big.mp4", target, Limits(download_mb=1))
    assert row is not None
    assert row.status == "too_large"
    assert "max-download-mb" in row.reason
    assert target.stat().st_size <= 1 << 20


def test_an_upload_replaces_the_file_as_a_whole(tmp_path: Path) -> None:
    """What was there before is there until all of the new is."""
    source, target = tmp_path / "new", tmp_path / "deep" / "rows.csv"
    source.write_text("new")
    for _ in range(2):
        remote.upload(source, f"file://{target}")
    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["rows.csv"]
