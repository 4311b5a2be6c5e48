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
        list(place_files.move(list(map(str, videos)), tmp_path / "out"))
    assert [path.name for path in videos if path.exists()] == ["a.mp4", "b.mp4"]
    assert (tmp_path / "out" / "b.mp4").read_text() == "somebody's"


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """One of them would be written over."""
    with pytest.raises(DataError, match=r"x/a\.mp4 and y/a\.mp4 have one name"):
        place_files.check_links(["x/a.mp4", "y/a.mp4"], tmp_path / "out")


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


def test_what_was_done_before_is_not_done_again(tmp_path: Path) -> None:
    """The same command may run twice: a link that is there, or a file that was moved, will do."""
    video, other = tmp_path / "a.mp4", tmp_path / "b.mp4"
    video.write_text("a")
    other.write_text("b")
    best, others = tmp_path / "best", tmp_path / "others"
    for _ in range(2):
        done = list(place_files.link([str(video)], best))
    (moved,) = place_files.move([str(other)], others)

    assert done == []
    assert list(place_files.move([str(moved[1])], others)) == []
    assert (best / "a.mp4").read_text() == "a"
    assert (others / "b.mp4").read_text() == "b"


def test_a_link_to_another_file_is_not_replaced(tmp_path: Path) -> None:
    """Nor is a link in the way of what it leads to."""
    video = tmp_path / "a.mp4"
    video.write_text("a")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.mp4").symlink_to(video)
    with pytest.raises(DataError, match="is there already"):
        place_files.check_moves([str(video)], tmp_path / "out")

    (tmp_path / "out" / "a.mp4").unlink()
    (tmp_path / "out" / "a.mp4").symlink_to("a.mp4")  # it leads to itself
    with pytest.raises(DataError, match="is there already"):
        place_files.check_links([str(video)], tmp_path / "out")

    (tmp_path / "other.mp4").write_text("b")
    (tmp_path / "out" / "a.mp4").unlink()
    (tmp_path / "out" / "a.mp4").symlink_to(tmp_path / "other.mp4")
    with pytest.raises(DataError, match="is there already"):
        place_files.check_links([str(video)], tmp_path / "out")


def test_another_file_system_is_refused_before_anything_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files would have to be copied, and deleted here."""
    videos = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for video in videos:
        video.write_text(video.name)
    monkeypatch.setattr(place_files, "_device", lambda path: len(path.name))
    with pytest.raises(DataError, match="on another file system"):
        place_files.check_moves(list(map(str, videos)), tmp_path / "not" / "there")


def test_what_is_done_is_told_before_what_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one, so that nobody has to look for what was moved."""
    videos = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    for video in videos:
        video.write_text(video.name)
    monkeypatch.setattr(place_files, "check_moves", lambda videos, folder: list(videos))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.mp4").write_text("made meanwhile")
    told = place_files.move(list(map(str, videos)), tmp_path / "out")

    assert next(told) == (str(videos[0]), tmp_path / "out" / "a.mp4")
    with pytest.raises(DataError, match="after 1 of 2"):
        next(told)
