"""Puts files into a folder: links to the best copies, or the others themselves.

Nothing is deleted, nothing written over, and nothing done unless all of it can be.
"""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from vq.errors import DataError


def link(videos: Sequence[str], folder: Path) -> list[tuple[str, Path]]:
    """Make a symbolic link to each video, under its own name; gives what was done.

    Raises:
        DataError: a name is there already, or comes twice; or the folder cannot be written.
    """
    return _place(videos, folder, lambda path, target: target.symlink_to(path.resolve()))


def move(videos: Sequence[str], folder: Path) -> list[tuple[str, Path]]:
    """Move each video, under its own name; gives what was done.

    Raises:
        DataError: a name is there already, or comes twice; or the folder cannot be written, or lies
            on another file system.
    """
    return _place(videos, folder, _rename)


def check(videos: Sequence[str], folder: Path) -> None:
    """Refuse what cannot be done.

    Raises:
        DataError: a name is there already, or comes twice; or the folder is a file.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise DataError(f"{folder}: is no folder; name another")
    sources: dict[str, str] = {}
    for video in videos:
        name = Path(video).name
        if os.path.lexists(folder / name):
            raise DataError(
                f"{folder / name}: is there already, and nothing is written over; "
                "name another folder"
            )
        if name in sources:
            raise DataError(
                f"{sources[name]} and {video} have one name, and {folder} takes one of them; "
                "rename one"
            )
        sources[name] = video


def _place(
    videos: Sequence[str], folder: Path, put: Callable[[Path, Path], None]
) -> list[tuple[str, Path]]:
    check(videos, folder)
    done: list[tuple[str, Path]] = []
    for video in videos:
        target = folder / Path(video).name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            put(Path(video), target)
        except OSError as error:
            remedy = "check its permissions"
            if error.errno == errno.EXDEV:
                remedy = "it lies on another file system than the videos; name a folder on theirs"
            raise DataError(
                f"{target}: cannot be made ({error.strerror}) after {len(done)} of "
                f"{len(videos)}; {remedy}"
            ) from error
        done.append((video, target))
    return done


def _rename(path: Path, target: Path) -> None:
    # Whoever makes the name meanwhile keeps it: only an empty file of ours is replaced.
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        path.replace(target)
    except OSError:
        target.unlink()
        raise
