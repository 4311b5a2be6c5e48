"""Links and moves."""

from pathlib import Path

import pytest

from vq.best import place_files
from vq.errors import DataError


def test_nothing_is_done_across_a_name_that_is_there(tmp_path: Path) -> None:
    """Not even the half that could be."""
    videos = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for video in videos:
        video.write_text(video.name)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.mp4").write_text("somebody's")

    with pytest.raises(DataError, match=r"out/b\.mp4: is there already"):
        place_files.move(list(map(str, videos)), tmp_path / "out")
    assert [path.name for path in videos if path.exists()] == ["a.mp4", "b.mp4"]
    assert (tmp_path / "out" / "b.mp4").read_text() == "somebody's"


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """One of them would be written over."""
    with pytest.raises(DataError, match=r"x/a\.mp4 and y/a\.mp4 have one name"):
        place_files.check(["x/a.mp4", "y/a.mp4"], tmp_path / "out")


def test_a_move_and_a_link_keep_the_file(tmp_path: Path) -> None:
    """A link leads to the best, wherever it is called from."""
    video = tmp_path / "a.mp4"
    video.write_text("a")
    ((_, link),) = place_files.link([str(video)], tmp_path / "best")
    assert link.is_symlink()
    assert link.read_text() == "a"

    other = tmp_path / "b.mp4"
    other.write_text("b")
    ((_, moved),) = place_files.move([str(other)], tmp_path / "others")
    assert moved.read_text() == "b"
    assert not other.exists()
