"""What the folder of originals does when the disk is full."""

from pathlib import Path

import pytest

from vq.footage.store import DiskFullError, Store


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_full_disk_is_told_from_other_errors(tmp_path: Path) -> None:
    """The kernel says so in the middle of a write; the part is gone, other errors stay theirs."""
    store = Store(tmp_path, keep_free_mb=0.0)
    part = tmp_path / "a.part"
    part.symlink_to("/dev/full")

    full = pytest.raises(DiskFullError, match=r"originals: no room .*; make room and fetch again")
    with full, store.writing(part) as file:
        file.write(bytes(100_000))
    assert not part.is_symlink()
    assert Path("/dev/full").exists()

    with pytest.raises(FileNotFoundError), store.writing(tmp_path / "no/folder"):
        pass
