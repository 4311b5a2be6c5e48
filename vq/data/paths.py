"""Where the videos of a data set may lie: in its folder, and nowhere else.

Whoever hands us a data set could otherwise have us hash, probe and show any file of this machine.
"""

from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Literal

from vq.errors import DataError

LEAVES = (
    "is a symbolic link that leads out of the folder of videos; put the file there, or set "
    "import.links to anywhere"
)


def inside(folder: Path, videos: Iterable[str]) -> list[Path]:
    """Paths of the videos that a manifest names.

    Raises:
        DataError: one of them leads out of the folder by its name.
    """
    paths = []
    for video in videos:
        parts = PurePath(video)
        if parts.is_absolute() or ".." in parts.parts:
            raise DataError(
                f"{video}: lies outside of {folder}, and the manifest has it all the same; run "
                "`vq import` again"
            )
        paths.append(folder / parts)
    return paths


def leaves(folder: Path, video: str, links: Literal["inside", "anywhere"]) -> bool:
    """Whether a symbolic link takes a video out of the folder, which may be a link itself."""
    if links == "anywhere":
        return False
    try:
        return not (folder / video).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a circle of links, a name too long: whoever opens it says so
        return False
