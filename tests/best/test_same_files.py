"""One file under several names."""

import os
from pathlib import Path

from vq.best import same_files
from vq.inference.row import Row


def test_the_name_that_is_no_link_stays(tmp_path: Path) -> None:
    """Of two that are none, the first; whatever cannot be found is left to others."""
    file, link, hard = (tmp_path / name for name in ("file.mp4", "a_link.mp4", "hard.mp4"))
    file.write_text("a video")
    link.symlink_to("file.mp4")
    os.link(file, hard)
    row = Row("gone.mp4", "missing", "no such file or folder")
    items = [row, str(link), str(tmp_path / "lost.mp4"), str(file), str(hard)]
    kept, again = same_files.once(items)

    assert kept == [row, str(tmp_path / "lost.mp4"), str(file)]
    assert again == {str(link): str(file), str(hard): str(file)}
