"""Formats of score rows: written, and read again to resume a run."""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Protocol, runtime_checkable

from vq.errors import DataError
from vq.inference.row import COLUMNS, DECISION, SIDE, Row, as_mapping, from_mapping, likely
from vq.scoring.names import as_text, from_text, readable

READABLE = ("reason", "model", "warning")
"""Texts of a row that may name a file."""
GROUP = 1000
"""Rows that a Parquet file keeps together: what is in memory at a time."""


@dataclass(frozen=True)
class About:
    """What a form has to know of the model."""

    levels: int
    """How many quality levels there are."""
    scale: str
    """What a score means, such as "1 to 5, higher is better"."""
    feature: bool = False
    """Whether rows have the second feature; without, there is no such column."""
    causes: bool = False
    """Whether rows have causes; likewise."""
    decision: bool = False
    """Whether a policy decided on rows; likewise."""
    side: bool = False
    """Whether rows say on which side of a threshold they are; likewise."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields of a row that are written."""
        optional = {"feature": self.feature, "causes": self.causes}
        optional |= dict.fromkeys(DECISION, self.decision) | dict.fromkeys(SIDE, self.side)
        return (*COLUMNS, *(name for name, wanted in optional.items() if wanted))


@runtime_checkable
class Sink(Protocol):
    """A binary file that rows go into; any such object will do."""

    def write(self, data: bytes, /) -> object: ...  # noqa: D102
    def flush(self) -> object: ...  # noqa: D102
    def isatty(self) -> bool: ...  # noqa: D102


Write = Callable[[Iterable[Row], Sink, About], None]
"""Writes rows as they come, each as soon as the form can."""
Read = Callable[[IO[bytes]], Iterable[Row]]
"""Reads what `Write` wrote, to the bit."""


@dataclass(frozen=True)
class Form:
    """One way to write rows down."""

    write: Write
    read: Read | None = None
    """None for a form that is for people only."""
    streams: bool = False
    """Whether a row can be read before the last one is written."""
    check: Callable[[], object] = lambda: None
    """Raises a DataError where the form cannot be had."""


def line(row: Row) -> bytes:
    """A row as one line of JSON, in UTF-8; keys are the fields of `Row`."""
    return _json(row).encode() + b"\n"


def parse_line(text: bytes) -> Row:
    """The row of a line.

    Raises:
        ValueError, TypeError or KeyError: it is none.
    """
    return _row(json.loads(_text(text)))


def read(path: Path, name: str) -> Iterator[Row]:
    """The rows of a file that an earlier run wrote in the form `name`.

    Raises:
        DataError: the form cannot be read back, or the file holds something else.
    """
    form = FORMS[name]
    if form.read is None:
        raise DataError(
            f"{path}: `--resume` does not support a {name}; write jsonl, csv or parquet"
        )
    try:
        with path.open("rb") as file:
            yield from form.read(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, KeyError, csv.Error) as error:
        raise DataError(
            f"{path}: holds no scores in the form {name} ({error}); "
            "name another --output or leave out --resume"
        ) from error


def _write_lines(rows: Iterable[Row], file: Sink, _: About) -> None:
    for row in rows:
        file.write(line(row))
        file.flush()


def _read_lines(file: IO[bytes]) -> Iterator[Row]:
    return map(parse_line, file)


def _write_json(rows: Iterable[Row], file: Sink, _: About) -> None:
    before = "[\n"
    for row in rows:
        file.write((before + _json(row)).encode())
        file.flush()
        before = ",\n"
    file.write(b"[]\n" if before == "[\n" else b"\n]\n")


def _read_json(file: IO[bytes]) -> Iterator[Row]:
    return map(_row, json.loads(_text(file.read())))


def _write_csv(rows: Iterable[Row], file: Sink, about: About) -> None:
    """A header, then a line for each row; the levels are the columns level_1, level_2, ..."""
    levels = [f"level_{number}" for number in range(1, about.levels + 1)]
    names: list[str] = []
    for column in about.columns:
        names += levels if column == "levels" else [column]
    file.write(_csv_line(names))
    for row in rows:
        cells = _flat(row)
        cells |= dict(zip(levels, cells.pop("levels"), strict=False))
        file.write(_csv_line([cells.get(name) for name in names]))
        file.flush()


def _csv_line(cells: list[Any]) -> bytes:
    text = io.StringIO(newline="")
    # Numbers are written in full, None as nothing: reading them back gives the same bits.
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _read_csv(file: IO[bytes]) -> Iterator[Row]:
    text = io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="")
    table = csv.DictReader(text, strict=True)
    if not {"video", "status"} <= set(table.fieldnames or ()):
        raise ValueError("it has no columns video and status")
    for cells in table:
        if None in cells or None in cells.values():
            raise ValueError(f"{cells} has not as many cells as the header")
        levels = [float(cells.pop(n)) for n in list(cells) if n.startswith("level_") and cells[n]]
        values = {name: _cell(name, text) for name, text in cells.items() if _has_value(name, text)}
        yield _row({**values, "levels": levels})


def _cell(name: str, text: str) -> str | float | int:
    if name in ("score", "low", "high", "seconds", "percentile", *SIDE[2:]):
        return float(text)
    return int(text) if name == "frames" else text


def _has_value(name: str, text: str) -> bool:
    """Whether a cell is filled; levels are read apart."""
    return name == "video" or (bool(text) and not name.startswith("level_"))


def _write_table(rows: Iterable[Row], file: Sink, about: About) -> None:
    width = shutil.get_terminal_size().columns if file.isatty() else None
    file.write(as_table(list(rows), scale=about.scale, width=width).encode())


def as_table(rows: Sequence[Row], *, scale: str, width: int | None = None) -> str:
    """A table for people; `scale` says what the numbers mean, such as "1 to 5, higher is better".

    Without a `width` it is as wide as its longest row, so that no path is cut: for files, pipes.
    """
    # Only tables need rich; rows travel without it.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(caption=f"score: {scale}", caption_justify="left")
    table.add_column("video", overflow="fold")
    table.add_column("score", justify="right")
    table.add_column("interval", justify="right")
    table.add_column("label")
    causes = any(row.causes for row in rows)
    if causes:
        table.add_column("cause", overflow="fold")
    decided = any(row.decision or row.side for row in rows)
    if decided:
        table.add_column("decision")
    table.add_column("mode")
    table.add_column("status")
    table.add_column("reason or warning", overflow="fold")
    for row in rows:
        score = "-" if row.score is None else f"{row.score:.3f}"
        style = "" if row.status == "ok" else "red"
        # Text, not str: a path with [brackets] is no markup.
        interval = "-" if row.low is None else f"{row.low:.1f} to {row.high:.1f}"
        video, status, reason = _words(row)
        words = (row.mode or row.stage or "-", Text(status, style), Text(reason))
        cause = [Text(likeliest(row))] if causes else []
        decision = [row.decision or row.side] if decided else []
        table.add_row(Text(video), score, interval, row.label or "-", *cause, *decision, *words)
    if width is None:
        # Borders and padding of eight columns take 25 characters.
        widest = max((sum(map(len, (*_words(row), likeliest(row)))) for row in rows), default=0)
        width = max(
            80,
            widest
            + len("score 100.0 to 100.0 excellent decision thorough status reason or warning")
            + 25,
        )
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def likeliest(row: Row) -> str:
    """The likeliest cause, and how many more there are; empty for a row without causes."""
    if not row.causes:
        return ""
    names = likely(row.causes)
    if not names:
        return "none"
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]} {row.causes[names[0]]:.2f}{more}"


def _words(row: Row) -> tuple[str, str, str]:
    own = row.reason or row.warning
    # A decision may give the same reason.
    texts = [row.decision_reason, "" if own in row.decision_reason else own]
    return as_text(row.video), row.status, readable("; ".join(filter(None, texts)))


def _write_parquet(rows: Iterable[Row], file: Sink, about: About) -> None:
    pyarrow = _pyarrow()
    kinds = {"levels": pyarrow.list_(pyarrow.float64()), "frames": pyarrow.int64()}
    texts = ["video", "status", "reason", "model", "mode", "warning", "feature"]
    texts += ["label", "causes", *DECISION, *SIDE[:2]]
    kinds |= dict.fromkeys(texts, pyarrow.string())
    schema = pyarrow.schema(
        [(column, kinds.get(column, pyarrow.float64())) for column in about.columns]
    )
    rows = iter(rows)
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        while group := [_flat(row) for row in islice(rows, GROUP)]:
            writer.write_table(pyarrow.Table.from_pylist(group, schema))


def _read_parquet(file: IO[bytes]) -> Iterator[Row]:
    for batch in _pyarrow().parquet.ParquetFile(file).iter_batches(GROUP):
        yield from map(_row, batch.to_pylist())


def _pyarrow() -> Any:  # noqa: ANN401 - a module
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DataError("parquet needs pyarrow; pip install 'vq[parquet]'") from error
    return pyarrow


def _cells(row: Row) -> dict[str, Any]:
    """What is written of a row; all of it is text or numbers."""
    texts = {name: readable(getattr(row, name)) for name in READABLE}
    if row.decision_reason:
        texts["decision_reason"] = readable(row.decision_reason)
    return as_mapping(row) | {"video": as_text(row.video), **texts}


def _flat(row: Row) -> dict[str, Any]:
    """As `_cells`, for a table whose cells hold one value: causes are a text."""
    cells = _cells(row)
    if row.causes:
        # In full: reading them back gives the same bits.
        cells["causes"] = "; ".join(f"{name} {chance!r}" for name, chance in row.causes.items())
    return cells


def _row(cells: Mapping[str, Any]) -> Row:
    # A column may be there, and a row have none: of a video that has no score.
    return from_mapping(
        {
            **cells,
            "video": from_text(cells["video"]),
            "feature": cells.get("feature") or "",
            "causes": _causes(cells.get("causes") or {}),
            **{name: cells.get(name) or "" for name in (*DECISION, *SIDE[:2])},
        }
    )


def _causes(cell: str | Mapping[str, float]) -> Mapping[str, float]:
    if isinstance(cell, str):
        pairs = [each.split(" ") for each in cell.split("; ")]
        return {name: float(chance) for name, chance in pairs}
    return cell


def _json(row: Row) -> str:
    return json.dumps(_cells(row), ensure_ascii=False)


def _text(data: bytes) -> str:
    # Files from before names were escaped hold their bytes as they are.
    return data.decode("utf-8", "surrogateescape")


FORMS = {
    "table": Form(_write_table),
    "jsonl": Form(_write_lines, _read_lines, streams=True),
    "json": Form(_write_json, _read_json, streams=True),
    "csv": Form(_write_csv, _read_csv, streams=True),
    "parquet": Form(_write_parquet, _read_parquet, check=_pyarrow),
}
"""By name, which is also how a file in this form ends."""
