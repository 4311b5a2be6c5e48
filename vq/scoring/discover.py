"""Which videos a path, a folder, a pattern or a list names."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vq.inference.row import Row
from vq.scoring import lists, remote
from vq.scoring.folders import MAGIC, Folders, closed, matches
from vq.scoring.names import from_text, spellings

NO_SUCH = "no such file or folder"


def discover(
    inputs: Sequence[str], *, say: Callable[[str], object] = lambda _: None
) -> list[str | Row]:
    """The videos that `inputs` name, each once, and a row for whatever names none.

    A file stands for itself, but a list (`vq.scoring.lists`) for the videos it names, and `-` for
    those named on standard input. A folder stands for every video in it and below, in order of
    their paths; hidden files and folders are left out. Anything else is a pattern (`*`, `?`,
    `[ab]`, and `**` for any depth), whose files and folders are treated likewise. All of this may
    be URLs that fsspec knows (`s3://bucket/folder`).

    Args:
        inputs: what to look for.
        say: told in a sentence how many files in folders were passed over, if any were.

    Raises:
        DataError: a list cannot be read, or a store cannot be asked.
    """
    # Names, not paths: a million of them are 0.2 GB less.
    items: dict[str, str | Row] = {}
    folders = Folders()
    for text in inputs:
        for item in _expand(text, folders):
            items.setdefault(item if isinstance(item, str) else item.video, item)
    if note := folders.note():
        say(note)
    return list(items.values())


def _expand(text: str, folders: Folders) -> Iterator[str | Row]:
    try:
        if text == "-":
            yield from _listed("standard input", lists.from_stdin())
        elif remote.is_url(text) and not text.lower().endswith(lists.SUFFIXES):
            videos = remote.find(text, folders.others)
            yield from videos
            if not videos:
                yield _missing(text, "no video is there")
        elif remote.is_url(text) or _is_list(Path(text)):
            yield from _listed(text, lists.read(text))
        else:
            yield from _named(text, folders)
    except (OSError, ValueError) as error:
        yield _missing(text, f"cannot be looked for ({error})")


def _listed(source: str, videos: Iterator[tuple[int, str]]) -> Iterator[str | Row]:
    empty = True
    for number, video in videos:
        empty = False
        name = _spelt(video)
        # Said here, where the line is known.
        yield name or _missing(video, f"{NO_SUCH} ({source}, line {number})")
    if empty:
        yield _missing(source, "names no video")


def _is_list(path: Path) -> bool:
    return path.suffix.lower() in lists.SUFFIXES and path.is_file()


def _spelt(video: str) -> str:
    """The name of the file that a list means; empty if there is none."""
    if remote.is_url(video):
        return video  # asked when it is fetched: a question for each would take as long
    return video if _exists(video) else next(filter(_exists, spellings(video)), "")


def _exists(video: str) -> bool:
    try:
        return os.path.exists(video)  # noqa: PTH110 - a tenth of the time, for a million lines
    except ValueError:
        return False


def _named(text: str, folders: Folders) -> Iterator[str | Row]:
    """The videos of a path or pattern, or a row that says why there are none."""
    path = Path(text)
    if not text:  # an unset variable, not the current folder
        yield _missing(text, NO_SUCH)
    elif any(character in text for character in MAGIC) and not os.path.lexists(path):
        videos = list(_matching(text, folders))
        yield from videos or [_missing(text, "the pattern matches no video file")]
    elif path.is_dir():
        videos = folders.videos(path)
        yield from videos or [_missing(text, "the folder holds no video file")]
    elif os.path.lexists(path):
        yield str(path)
    else:
        # As rows call a file whose name is no text.
        name = from_text(text)
        yield name if _exists(name) else _missing(text, NO_SUCH)


def _matching(pattern: str, folders: Folders) -> Iterator[str | Row]:
    inside: set[Path] = set()
    for path, reason in matches(pattern):
        if reason:
            yield closed(path, reason)
        elif not path.is_dir():
            yield str(path)
        elif inside.isdisjoint(path.parents):  # else what holds it was looked into
            inside.add(path)
            yield from folders.videos(path)


def _missing(video: str, reason: str) -> Row:
    return Row(video=video, status="missing", reason=reason)
