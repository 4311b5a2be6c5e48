"""Your own table: CSV, Parquet or Excel with a header."""

from collections.abc import Sequence
from pathlib import Path

from vq.data import tables
from vq.data.manifest import DTYPES
from vq.errors import DataError
from vq.importers.importer_types import Form, How, Rating

OURS = ("video", "mos", "mos_std", "ratings", "content", "dataset")


def read(path: Path, how: How) -> list[Rating]:
    """Columns by their names in `labels.csv`, or as `how.columns` has it; others come along.

    Raises:
        DataError: unreadable, no column of videos, or a column that `how` names is not there.
    """
    table = tables.read(path, delimiter=how.delimiter)
    named = {name: how.columns.get(name, name) for name in OURS}
    for name, theirs in how.columns.items():
        if name not in OURS:
            raise DataError(f"--column {name}={theirs}: we have {', '.join(OURS)}")
        table.text(theirs)
    if not table.has(named["video"]):
        raise DataError(
            f"{path}: has no column 'video', only {', '.join(map(repr, table.header))}; say which "
            "names the files: --column video=NAME"
        )
    taken = {tables.key(theirs) for theirs in named.values()}
    others = [name for name in table.header if name and tables.key(name) not in taken]
    # The probe finds these itself, and the manifest has one column of each name.
    others = [name for name in others if name not in DTYPES]
    mos, std, count = (
        table.optional(named[name]) if name != "mos" or "mos" not in how.columns
        else table.numbers(named[name])
        for name in ("mos", "mos_std", "ratings")
    )  # fmt: skip
    contents = _text(table, named["content"])
    more = {name: table.text(name) for name in others}
    if table.has(named["dataset"]):
        more["dataset"] = table.text(named["dataset"])
    return [
        Rating(
            video,
            mos[row],
            std[row],
            _whole(path, count[row]),
            contents[row],
            more={name: cells[row] for name, cells in more.items()},
        )
        for row, video in enumerate(table.text(named["video"]))
    ]


def _text(table: tables.Table, name: str) -> Sequence[str]:
    return table.text(name) if table.has(name) else [""] * len(table.rows)


def _whole(path: Path, value: float | None) -> int | None:
    if value is not None and value != int(value):
        raise DataError(f"{path}: column 'ratings' has {value:g}; people are whole")
    return None if value is None else int(value)


FORM = Form(
    title="Your own table",
    read=read,
    files="a table with a header",
    layout="columns by their names, or by --column.",
    seen=True,
    contents="The column `content`; where it is empty, each video is its own content.",
)
