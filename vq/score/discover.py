"""Which videos a path, a folder, a pattern or a list names."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from vq.score import lists, remote
from vq.score.rows import Row
from vq.video.suffixes import SUFFIXES

NO_SUCH = "no such file or folder"


def discover(inputs: Sequence[str]) -> list[str | Row]:
    """The videos that `inputs` name, each once, and a `missing` row for whatever names none.

    A file stands for itself, but a `.csv` or `.txt` for the videos it lists, and `-` for those
    listed on standard input. A folder stands for every video in it and below, in order of their
    paths; hidden files and folders are left out. Anything else is a pattern (`*`, `?`, `[ab]`, and
    `**` for any depth), whose files and folders are treated likewise. All of this may be URLs that
    fsspec knows (`s3://bucket/folder`).

    Raises:
        DataError: a list cannot be read, or a store cannot be asked.
    """
    # Names, not paths: a million of them are 0.2 GB less.
    found: dict[str, str | Row] = {}
    for text in inputs:
        for item in _expand(text):
            found.setdefault(item if isinstance(item, str) else item.video, item)
    return list(found.values())


def _expand(text: str) -> Iterator[str | Row]:
    try:
        if text == "-":
            yield from _listed("standard input", lists.from_stdin())
        elif remote.is_url(text) and not text.lower().endswith(lists.SUFFIXES):
            found = remote.find(text)
            yield from found
            if not found:
                yield _missing(text, "no video is there")
        elif remote.is_url(text) or _is_list(Path(text)):
            yield from _listed(text, lists.read(text))
        else:
            videos, reason = _named(text)
            yield from (str(video) for video in videos)
            if reason:
                yield _missing(text, reason)
    except (OSError, ValueError) as error:
        yield _missing(text, f"cannot be looked for ({error})")


def _listed(source: str, videos: Iterator[tuple[int, str]]) -> Iterator[str | Row]:
    empty = True
    for number, video in videos:
        empty = False
        # Said here, where the line is known.
        yield video if _exists(video) else _missing(video, f"{NO_SUCH} ({source}, line {number})")
    if empty:
        yield _missing(source, "names no video")


def _is_list(path: Path) -> bool:
    return path.suffix.lower() in lists.SUFFIXES and path.is_file()


def _exists(video: str) -> bool:
    if remote.is_url(video):
        return True  # asked when it is fetched: a question for each would take as long
    try:
        return os.path.exists(video)  # noqa: PTH110 - a tenth of the time, for a million lines
    except ValueError:
        return False


def _named(text: str) -> tuple[list[Path], str]:
    """The videos of a path or pattern, and why there are none."""
    path = Path(text)
    if not text:  # an unset variable, not the current folder
        return [], NO_SUCH
    if path.is_dir():
        videos = list(_inside(path))
        return videos, "" if videos else "the folder holds no video file"
    if path.exists():
        return [path], ""
    if not any(character in text for character in "*?["):
        return [], NO_SUCH
    videos = []
    for match in sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))):
        videos.extend(_inside(match) if match.is_dir() else [match])
    return videos, "" if videos else "the pattern matches no video file"


def _inside(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path


def _missing(video: str, reason: str) -> Row:
    return Row(video=video, status="missing", reason=reason)
