"""Which videos a path, a folder, a pattern or a list names; what cannot be read becomes a row."""

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeAlias

from vq.inference.row import Row
from vq.scoring.names import from_text, is_url, spellings
from vq.video.suffixes import SUFFIXES

NO_SUCH = "no such file or folder"
LISTS = (".csv", ".tsv", ".parquet", ".xlsx", ".txt")
"""Endings of files that name videos: `vq.scoring.lists`."""
Key: TypeAlias = tuple[int, ...]
"""What a folder is, whatever it is called; empty if that cannot be told."""
DENIED = os.strerror(errno.EACCES)
MAGIC = "*?["
"""Characters that make a pattern."""
SHOWN = 5
"""Endings that a note names."""


def discover(
    inputs: Sequence[str], *, say: Callable[[str], object] = lambda _: None
) -> list[str | Row]:
    """The videos that `inputs` name, each once, and a row for whatever names none.

    A file stands for itself, but a list (`vq.scoring.lists`) for the videos it names, and `-` for
    those named on standard input. A folder stands for every video in it and below, in order of
    their paths; hidden files and folders are left out. Anything else is a pattern (`*`, `?`,
    `[ab]`, and `**` for any depth), whose files and folders are treated likewise. All of this may
    be URLs that fsspec knows (`s3://bucket/folder`).

    `say` gets a sentence that counts files in folders which were passed over, if any were.

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


@dataclass
class Folders:
    """Looks into folders, and remembers what it passed over."""

    others: Counter[str] = field(default_factory=Counter)
    """Files that are no videos by name, by their endings."""
    _counted: set[Key] = field(default_factory=set)
    """Folders whose files are in `others`: they may be looked into under several names."""

    def videos(self, folder: Path) -> list[str | Row]:
        """The videos in a folder and below, in order of their paths.

        Hidden files and folders are left out. Links are followed; each folder is looked into once,
        under its own name if it has one here. A folder that cannot be read is a row, and so is a
        link that leads nowhere, unless its name says that it is no video.
        """
        videos: dict[Path, str | Row] = {}
        for visit in _walk(folder):
            if visit.reason:
                videos[visit.folder] = _closed(visit.folder, visit.reason)
            others = Counter[str]()
            for path, leads_somewhere in visit.files:
                ending = path.suffix.lower()
                if ending in SUFFIXES or not (ending or leads_somewhere):
                    videos[path] = str(path) if leads_somewhere else _lost(path)
                else:
                    others[ending] += 1
            if visit.key not in self._counted:
                self._counted.add(visit.key)
                self.others += others
        return [videos[path] for path in sorted(videos)]

    def note(self) -> str:
        """A sentence that counts what was passed over, or nothing."""
        if not self.others:
            return ""
        total, most = self.others.total(), self.others.most_common(SHOWN)
        parts = [f"{count} {ending or 'without ending'}" for ending, count in most]
        if rest := total - sum(count for _, count in most):
            parts.append(f"{rest} others")
        files = "1 file" if total == 1 else f"{total} files"
        return (
            f"note: {files} in folders left out, which no video ends as ({', '.join(parts)}); "
            "a file that is named, or matches a pattern, is scored whatever its ending"
        )


def _expand(text: str, folders: Folders) -> Iterator[str | Row]:
    try:
        if text == "-" or _is_list(text):
            # Only lists need tables.
            from vq.scoring import lists

            read = lists.from_stdin() if text == "-" else lists.read(text)
            yield from _listed("standard input" if text == "-" else text, read)
        elif is_url(text):
            from vq.scoring import remote

            videos = remote.find(text, folders.others)
            yield from videos
            if not videos:
                yield _missing(text, "no video is there")
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


def _is_list(text: str) -> bool:
    if is_url(text):
        return text.lower().endswith(LISTS)
    return Path(text).suffix.lower() in LISTS and Path(text).is_file()


def _spelt(video: str) -> str:
    """The name of the file that a list means; empty if there is none."""
    if is_url(video):
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
    for path, reason in _matches(pattern):
        if reason:
            yield _closed(path, reason)
        elif not path.is_dir():
            yield str(path)
        elif inside.isdisjoint(path.parents):  # else what holds it was looked into
            inside.add(path)
            yield from folders.videos(path)


def _missing(video: str, reason: str) -> Row:
    return Row(video=video, status="missing", reason=reason)


def _matches(pattern: str) -> list[tuple[Path, str]]:
    """What a pattern matches, in order; and folders on the way that cannot be read, with why.

    `*`, `?` and `[ab]` stand for a part of a name, `**` for folders of any depth; links are
    followed.
    """
    path = Path(pattern)
    parts = path.relative_to(path.anchor).parts
    reasons: dict[Path, str] = {}
    for match, reason in _match(Path(path.anchor), parts):
        reasons.setdefault(match, reason)
    return sorted(reasons.items())


def _closed(folder: Path, reason: str) -> Row:
    """The row of a folder that cannot be read."""
    remedy = "; have its owner let you read it (chmod u+rx)" if reason == DENIED else ""
    return Row(str(folder), "unreadable", f"the folder cannot be read ({reason}){remedy}")


@dataclass(frozen=True)
class _Visit:
    folder: Path
    key: Key
    files: list[tuple[Path, bool]]
    """Whatever is no folder; and whether it is there: a link may lead nowhere."""
    reason: str
    """Why the folder cannot be read; empty if it can."""


def _match(folder: Path, parts: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    if not parts:
        yield folder, ""
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        for visit in _walk(folder, hidden=True):
            if visit.reason:
                yield visit.folder, visit.reason
            else:
                yield from _match(visit.folder, rest)
    elif not any(character in first for character in MAGIC):
        if os.path.lexists(folder / first):
            yield from _match(folder / first, rest)
    else:
        entries, reason = _entries(folder)
        if reason:
            yield folder, reason
        for entry in entries:
            if fnmatchcase(entry.name, first) and (not rest or _is_folder(entry)):
                yield from _match(folder / entry.name, rest)


def _walk(top: Path, *, hidden: bool = False) -> Iterator[_Visit]:
    """A folder and those below it, each once.

    Those that are linked come after those that are not: what is in both has its own name.
    """
    seen: set[Key] = set()
    own, linked = [top], list[Path]()
    while own or linked:
        folder = own.pop() if own else linked.pop(0)
        key = _key(folder)
        if key and key in seen:
            continue
        seen.add(key)
        entries, reason = _entries(folder)
        files = []
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith(".") and not hidden:
                continue
            if _is_folder(entry):
                (linked if entry.is_symlink() else own).append(path)
            else:
                files.append((path, not entry.is_symlink() or _leads_somewhere(path)))
        yield _Visit(folder, key, files, reason)


def _key(folder: Path) -> Key:
    try:
        stat = os.stat(folder)  # noqa: PTH116 - several times as fast
    except OSError:
        return ()
    return stat.st_dev, stat.st_ino


def _entries(folder: Path) -> tuple[list[os.DirEntry[str]], str]:
    """What is in a folder, by name; and why that cannot be told."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name), ""
    except NotADirectoryError:  # a file that a pattern takes for one
        return [], ""
    except OSError as error:
        return [], error.strerror or type(error).__name__


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle, or through what may not be read
        return False


def _leads_somewhere(path: Path) -> bool:
    try:
        os.stat(path)  # noqa: PTH116
    except OSError as error:
        # What may not be looked at is there, as far as one can tell.
        return error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
    return True


def _lost(path: Path) -> Row:
    try:
        reason = f"is a link to {os.readlink(path)}, where nothing is"  # noqa: PTH115
    except OSError:  # others may tidy up meanwhile
        reason = "is gone"
    return Row(str(path), "missing", reason)
