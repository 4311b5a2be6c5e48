"""Names in a label file against files on disk.

A name finds the file whose path it is, whatever the Unicode form of either. Else, one difference
at a time, and none of them silently (`Matched` counts them):

    the list names a folder that the videos are not in    KoNViD_1k_videos/1.mp4 -> 1.mp4
    the file lies deeper than the list says               1.mp4 -> part2/1.mp4
    the list has no suffix, or another one                yfcc-batch1/4 -> yfcc-batch1/4.mp4
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from vq.errors import DataError
from vq.importers.importer_types import Rating
from vq.video.suffixes import SUFFIXES


@dataclass(frozen=True)
class Matched:
    """Ratings with the names of their files, and how the names differed."""

    ratings: tuple[Rating, ...]
    """Those without a file keep the name of the label file."""
    missing: tuple[str, ...]
    """Names without a file."""
    respelt: int
    """How many names were not to the letter those of their files."""


def normal(name: str) -> str:
    """A name as it is compared: composed Unicode, forward slashes, no detours."""
    return str(PurePosixPath(unicodedata.normalize("NFC", name.replace("\\", "/"))))


def match(ratings: Sequence[Rating], videos: Path, *, tail: str = "") -> Matched:
    """Find the file of each rating.

    `tail` is a regular expression of what names of files may have at their end in addition.

    Raises:
        DataError: a name fits several files, or two names one.
    """
    files = _index(videos, tail)
    common = _common_folder(ratings)
    matched: list[Rating] = []
    missing: list[str] = []
    owner: dict[str, str] = {}
    respelt = 0
    for rating in ratings:
        file = _find(rating, files, common)
        if file is None:
            missing.append(rating.video)
            matched.append(rating)
            continue
        if file in owner:
            raise DataError(
                f"{videos / file}: is the file of {owner[file]!r} as well as {rating.video!r}; "
                "is it the right folder?"
            )
        owner[file] = rating.video
        respelt += file != rating.video
        matched.append(replace(rating, video=file))
    return Matched(tuple(matched), tuple(missing), respelt)


def _index(videos: Path, tail: str) -> Mapping[str, list[str]]:
    """Every end of a file's path, with and without its suffix -> paths."""
    files = defaultdict(list)
    for path in sorted(videos.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        file = path.relative_to(videos).as_posix()
        stem = normal(file).removesuffix(path.suffix)
        ends = {normal(file), stem, re.sub(f"(?:{tail})$", "", stem)}
        for end in {end for one in ends for end in _ends(one)}:
            files[end].append(file)
    return files


def _ends(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[start:]) for start in range(len(parts)))


def _find(rating: Rating, files: Mapping[str, list[str]], common: str) -> str | None:
    for name in filter(None, (rating.video, rating.also)):
        normalised = normal(name)
        for spelling in (normalised, normalised.removeprefix(common)):
            for one in (spelling, _stem(spelling)):
                if paths := files.get(one):
                    return _only(name, one, paths)
    return None


def _only(name: str, spelling: str, paths: Sequence[str]) -> str:
    """The file itself if there is one of that very path."""
    exact = [file for file in paths if normal(file) == spelling]
    if len(exact or paths) > 1:
        raise DataError(f"{name!r} may be {' or '.join(paths[:3])}; keep one of them")
    return (exact or paths)[0]


def _stem(name: str) -> str:
    """Without the suffix of a video; raw video has none that we read, and is packed otherwise."""
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in {*SUFFIXES, ".yuv"} else name


def _common_folder(ratings: Sequence[Rating]) -> str:
    """The first folder, where all names have the same one: it may be that of the videos."""
    first = {normal(rating.video).partition("/")[::2] for rating in ratings}
    folders = {folder for folder, rest in first if rest}
    every = all(rest for _, rest in first)
    return f"{folders.pop()}/" if every and len(folders) == 1 else ""
