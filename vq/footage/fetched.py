"""The sources that are here: what films, ladders and pretraining read.

for source in load(Path("data/footage"), kind="photo"):
    picture = pictures.read(source)
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from vq.errors import DataError
from vq.files import write_rows
from vq.footage.sources_table import Kind

MANIFEST = "manifest.csv"
ORIGINALS = "originals"


@dataclass(frozen=True)
class Source:
    """A photograph or a clip that is here, with what its licence asks for."""

    path: Path
    kind: Kind
    content: str
    """Of the scene; files of one scene belong on one side of a split."""
    licence: str
    """A key of `vq.footage.licences.LICENCES`."""
    licence_text: str
    """The licence in the words of whoever states it."""
    author: str
    """Empty where nobody says, and the licence does not ask."""
    origin: str
    """Where the original comes from: an address, or a package and a path inside."""
    sha256: str
    """Of the file at `path`."""
    bytes: int
    width: int
    """Pixels as stored, before any rotation that the file asks for."""
    height: int
    scaled: bool
    """Whether `path` holds a scaled copy instead of the original."""

    @property
    def file(self) -> str:
        """The name of the file, which is that of the source."""
        return self.path.name


COLUMNS = ("file", *(field.name for field in fields(Source) if field.name != "path"))
"""Header of the manifest."""


def load(folder: Path, *, kind: Kind | None = None) -> list[Source]:
    """The sources that `vq footage fetch` brought into a folder, in the order of its table.

    No file is opened; only its existence and size are checked.

    Raises:
        DataError: there is no manifest, or a file that it lists is gone or of another size.
    """
    manifest = folder / MANIFEST
    try:
        with manifest.open(encoding="utf-8", newline="") as file:
            sources = [_source(row, folder / ORIGINALS) for row in csv.DictReader(file)]
    except OSError as error:
        raise DataError(
            f"{manifest}: cannot be read ({error.strerror}); run `vq footage fetch {folder}`"
        ) from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise DataError(
            f"{manifest}: is no manifest of footage ({error}); run `vq footage fetch {folder}`"
        ) from error
    for source in sources:
        if not source.path.is_file() or source.path.stat().st_size != source.bytes:
            raise DataError(
                f"{source.path}: is gone or was changed; run `vq footage fetch {folder}`"
            )
    return [source for source in sources if kind in (None, source.kind)]


def write(sources: Sequence[Source], path: Path) -> None:
    """Write the manifest."""
    rows = (
        [*(getattr(source, name) for name in COLUMNS[:-1]), int(source.scaled)]
        for source in sources
    )
    write_rows(path, COLUMNS, rows)


def _source(row: dict[str, str], originals: Path) -> Source:
    if Path(row["file"]).name != row["file"]:
        raise ValueError(f"file {row['file']!r} is no plain name")
    if row["kind"] not in ("photo", "clip"):
        raise ValueError(f"kind {row['kind']!r} is neither photo nor clip")
    facts: dict[str, Any] = {
        **{name: row[name] for name in ("content", "licence", "licence_text", "author", "origin")},
        **{name: int(row[name]) for name in ("bytes", "width", "height")},
    }
    return Source(
        path=originals / row["file"],
        kind="photo" if row["kind"] == "photo" else "clip",
        sha256=row["sha256"],
        scaled=row["scaled"] == "1",
        **facts,
    )
