"""Files are whole or not there."""

from pathlib import Path

import pytest

from vq.files import atomic


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    """Until then, what was there stays."""
    path = tmp_path / "new" / "table.csv"
    with atomic(path) as unfinished:
        unfinished.write_text("first")
    with atomic(path) as unfinished:
        unfinished.write_text("second")
        assert path.read_text() == "first"

    assert path.read_text() == "second"


def test_after_an_error_the_old_file_is_left(tmp_path: Path) -> None:
    """And no half-written one beside it."""
    path = tmp_path / "table.csv"
    path.write_text("old")

    with pytest.raises(OSError, match="disk full"):
        _fail(path)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _fail(path: Path) -> None:
    with atomic(path) as unfinished:
        unfinished.write_text("ha")
        raise OSError("disk full")
