"""The table of sources: which files there are, where each comes from, and what it must hash to."""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from vq.errors import DataError
from vq.footage.licences import LICENCES
from vq.words import count

Kind = Literal["photo", "clip"]

NAMES = {
    "pypi": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"),
    "debian": re.compile(r"[a-z0-9][a-z0-9+.-]+"),
    "npm": re.compile(r"(@[a-z0-9~][a-z0-9._~-]*/)?[a-z0-9~][a-z0-9._~-]*"),
}
"""Registries, and how packages are called there: never like an option, a path, an address."""

_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.[a-z0-9]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~:!_-]*")


@dataclass(frozen=True)
class Package:
    """A package of a registry."""

    registry: str
    """`pypi`, `debian` or `npm`."""
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.registry}:{self.name} {self.version}"


@dataclass(frozen=True)
class Entry:
    """A row of the table: a photograph or a clip, here or not."""

    file: str
    """Name in `originals`; that of a scaled copy ends in `.webp`."""
    kind: Kind
    content: str
    """Of the scene; files of one scene belong on one side of a split."""
    licence: str
    """A key of `LICENCES`."""
    licence_text: str
    """The licence in the words of whoever states it."""
    stated_in: str
    author: str
    url: str
    """Of the original; empty if it comes from a package."""
    package: Package | None
    path: str
    """Inside the package; `OUTER!INNER` is inside a Qt resource file of it."""
    sha256: str
    """Of the original."""
    copy_sha256: str
    """Of a scaled copy that some folders hold instead; empty if there is none."""
    width: int
    height: int
    copy_width: int
    """0 without a copy, as copy_height."""
    copy_height: int
    note: str

    @property
    def copy_file(self) -> str:
        """Name of the scaled copy in `originals`."""
        return Path(self.file).with_suffix(".webp").name

    @property
    def origin(self) -> str:
        """Where the original comes from: an address, or a package and a path inside."""
        return self.url or f"{self.package} {self.path}"


COLUMNS = tuple(
    name
    for field in fields(Entry)
    for name in (("package", "version") if field.name == "package" else (field.name,))
)
"""Header of sources.csv; `package` is `REGISTRY:NAME`."""


def read(path: Path) -> list[Entry]:
    """Read the table of sources.

    Raises:
        DataError: no such table, or a row breaks a rule; the message has its line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = tuple(reader.fieldnames or ())
            if set(header) != set(COLUMNS) or len(header) != len(COLUMNS):
                odd = sorted(set(header) ^ set(COLUMNS)) or list(header)
                raise DataError(
                    f"{path}: columns {', '.join(map(str, odd))} are missing, unknown or there "
                    f"twice; the header is {','.join(COLUMNS)}"
                )
            entries = [_entry(row, f"{path}, line {reader.line_num}") for row in reader]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: is no CSV in UTF-8 ({error})") from error
    _unique(path, [entry.sha256 for entry in entries], "sha256")
    _unique(path, [name.lower() for e in entries for name in _names(e)], "file")
    return entries


def _names(entry: Entry) -> set[str]:
    return {entry.file, entry.copy_file} if entry.copy_sha256 else {entry.file}


def _unique(path: Path, values: list[str], column: str) -> None:
    if twice := sorted({value for value in values if values.count(value) > 1}):
        raise DataError(f"{path}: {column} {twice[0]} is there twice; leave one of the rows out")


def _entry(row: dict[str, str], where: str) -> Entry:
    # A row too short has None, one too long has a key None.
    if None in row or None in row.values():
        raise DataError(f"{where}: needs {count(len(COLUMNS), 'cell')}; quote values with commas")
    row = {name: value.strip() for name, value in row.items()}

    def check(passes: object, column: str, rule: str) -> None:
        if not passes:
            raise DataError(f"{where}: {column} is {row[column]!r}; {rule}")

    check(_FILE.fullmatch(row["file"]), "file", "a plain name with a suffix, such as sea-1.jpg")
    check(row["kind"] in get_args(Kind), "kind", "photo or clip")
    check(row["content"], "content", "name the scene")
    check(row["licence"] in LICENCES, "licence", f"one of {', '.join(LICENCES)}")
    check(
        row["author"] or row["licence"] != "cc-by",
        "author",
        "cc-by asks for the author; find the name, or leave the row out",
    )
    check(_SHA256.fullmatch(row["sha256"]), "sha256", "64 digits of 0-9a-f")
    check(
        not row["copy_sha256"] or _SHA256.fullmatch(row["copy_sha256"]),
        "copy_sha256",
        "64 digits of 0-9a-f, or nothing",
    )
    check(bool(row["url"]) != bool(row["package"]), "url", "give a url or a package, one of them")
    check(
        not row["url"] or re.fullmatch(r"https?://[^/\s]+/\S*", row["url"]),
        "url",
        "an address that starts with https:// or http://",
    )
    for column in ("width", "height"):
        check(re.fullmatch(r"[1-9]\d{0,5}", row[column]), column, "a number of pixels")
        scaled = row[f"copy_{column}"]
        check(
            re.fullmatch(r"[1-9]\d{0,5}", scaled) if row["copy_sha256"] else not scaled,
            f"copy_{column}",
            "a number of pixels, beside a copy_sha256 and only there",
        )
    sizes = ("width", "height", "copy_width", "copy_height")
    facts: dict[str, Any] = {name: value for name, value in row.items() if name != "version"}
    facts |= {name: int(row[name] or 0) for name in sizes}
    facts["package"] = _package(row, check) if row["package"] else None
    return Entry(**facts)


def _package(row: dict[str, str], check: Callable[[object, str, str], None]) -> Package:
    registry, _, name = row["package"].partition(":")
    check(registry in NAMES, "package", f"REGISTRY:NAME, REGISTRY one of {', '.join(NAMES)}")
    check(NAMES[registry].fullmatch(name), "package", f"no package of {registry} is called so")
    check(_VERSION.fullmatch(row["version"]), "version", "give the one version that has the file")
    check(row["path"], "path", "say where the file is inside the package")
    return Package(registry, name, row["version"])
