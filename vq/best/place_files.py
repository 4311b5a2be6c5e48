"""Puts files into a folder: links to the best copies, or the others themselves.

Nothing is deleted and nothing written over, and nothing is done unless all of it can be, as far as
that is known beforehand: names and file systems are looked at, permissions and space are not.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vq.errors import DataError

OTHER_FILE_SYSTEM = "lies on another file system than the videos; name a folder on theirs"


def link(videos: Sequence[str], folder: Path) -> Iterator[tuple[str, Path]]:
    """Make a symbolic link to each video, under its own name; gives each as soon as it is made.

    A link that is there already is left as it is.

    Raises:
        DataError: a name is taken, or comes twice; or the folder cannot be written.
    """
    left = check_links(videos, folder)
    return _place(left, folder, lambda path, target: target.symlink_to(path.resolve()))


def move(videos: Sequence[str], folder: Path) -> Iterator[tuple[str, Path]]:
    """Move each video, under its own name; gives each as soon as it is moved.

    A video that is in the folder already is left there.

    Raises:
        DataError: a name is taken, or comes twice; or the folder cannot be written, or lies on
            another file system.
    """
    return _place(check_moves(videos, folder), folder, _rename)


def check_links(videos: Sequence[str], folder: Path) -> list[str]:
    """Refuse links that cannot be made; gives the videos that have none yet.

    Raises:
        DataError: a name is taken, or comes twice; or the folder is a file.
    """
    return _check(videos, folder, lambda path, target: same_place(target, path))


def check_moves(videos: Sequence[str], folder: Path) -> list[str]:
    """Refuse moves that cannot be made; gives the videos that are not there yet.

    Raises:
        DataError: a name is taken, or comes twice; or the folder is a file, or lies on another file
            system.
    """
    left = _check(videos, folder, lambda path, target: same_place(path.parent, folder))
    home = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    for video in left:
        if _device(Path(video)) != _device(home):
            raise DataError(f"{folder}: {OTHER_FILE_SYSTEM} ({video})")
    return left


def same_place(one: Path, other: Path) -> bool:
    """Whether two paths lead to one place, which need not be there yet."""
    return os.path.realpath(one) == os.path.realpath(other)


def _check(videos: Sequence[str], folder: Path, is_done: Callable[[Path, Path], bool]) -> list[str]:
    if os.path.lexists(folder) and not folder.is_dir():
        raise DataError(f"{folder}: is no folder; name another")
    sources: dict[str, str] = {}
    left: list[str] = []
    for video in videos:
        target = folder / Path(video).name
        if target.name in sources:
            raise DataError(
                f"{sources[target.name]} and {video} have one name, and {folder} takes one of "
                "them; rename one"
            )
        sources[target.name] = video
        if not os.path.lexists(target):
            left.append(video)
        elif not is_done(Path(video), target):
            raise DataError(
                f"{target}: is there already, and nothing is written over; name another folder"
            )
    return left


def _place(
    videos: Sequence[str], folder: Path, put: Callable[[Path, Path], None]
) -> Iterator[tuple[str, Path]]:
    for done, video in enumerate(videos):
        target = folder / Path(video).name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            put(Path(video), target)
        except OSError as error:
            remedy = "check its permissions"
            if error.errno == errno.EXDEV:
                remedy = f"it {OTHER_FILE_SYSTEM}"
            raise DataError(
                f"{target}: cannot be made ({error.strerror}) after {done} of "
                f"{len(videos)}; {remedy}"
            ) from error
        yield video, target


def _device(path: Path) -> int:
    """The file system that something lies on."""
    try:
        return path.stat().st_dev
    except OSError as error:
        raise DataError(f"{path}: is not there any more ({error.strerror}); try again") from error


def _rename(path: Path, target: Path) -> None:
    # Whoever makes the name meanwhile keeps it: only an empty file of ours is replaced.
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        path.replace(target)
    except OSError:
        target.unlink()
        raise
