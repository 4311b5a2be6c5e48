"""Lists the files in folders; what cannot be read becomes a row with a reason."""

import errno
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeAlias

from vq.inference.row import Row
from vq.video.suffixes import SUFFIXES

Key: TypeAlias = tuple[int, ...]
"""What a folder is, whatever it is called; empty if that cannot be told."""
DENIED = os.strerror(errno.EACCES)
MAGIC = "*?["
"""Characters that make a pattern."""
SHOWN = 5
"""Endings that a note names."""


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
                videos[visit.folder] = closed(visit.folder, visit.reason)
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


def matches(pattern: str) -> list[tuple[Path, str]]:
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


def closed(folder: Path, reason: str) -> Row:
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
        entries, reason = _listed(folder)
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
        entries, reason = _listed(folder)
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


def _listed(folder: Path) -> tuple[list[os.DirEntry[str]], str]:
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
