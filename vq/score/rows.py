"""What scoring says of one video, and how it is shown."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "unreadable", "too_short", "missing"]
"""`ok` has a score; `missing` names no file; the others say what is wrong with the file."""


@dataclass(frozen=True)
class Row:
    """One input, scored or not: nothing that was asked for vanishes."""

    video: str
    """Path as it was given or found."""
    status: Status
    reason: str = ""
    """Why there is no score; empty when there is one."""
    score: float | None = None
    """On the scale that the model declares."""
    low: float | None = None
    """Ends of the interval around the score; the model's card tells its coverage, or has none."""
    high: float | None = None
    levels: tuple[float, ...] = ()
    """Probability of each quality level, worst first; they sum to 1."""
    frames: int = 0
    """How many different frames of the video were looked at."""
    model: str = ""
    """Name and hash of the model that gave the score."""
    seconds: float = 0.0
    """Wall time, from opening the file to the score."""

    def __post_init__(self) -> None:
        if (self.status == "ok") != (self.score is not None):
            raise ValueError(f"a score and the status ok go together: {self}")


def as_json(rows: Sequence[Row]) -> str:
    """An array with one object for each row, in order; keys are the fields of `Row`."""
    return json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False) + "\n"


def as_csv(rows: Sequence[Row]) -> str:
    """A header, then a line for each row; the levels are the columns level_1, level_2, ...

    Numbers are written in full: reading them back gives the same bits.
    """
    levels = max((len(row.levels) for row in rows), default=0)
    names = [f"level_{number}" for number in range(1, levels + 1)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    numbers = ("score", "low", "high")
    writer.writerow(["video", "status", "reason", *numbers, *names, "frames", "model", "seconds"])
    for row in rows:
        told = [getattr(row, name) for name in numbers]
        padded = [*row.levels, *[""] * (levels - len(row.levels))]
        start = [row.video, row.status, row.reason, *("" if n is None else n for n in told)]
        writer.writerow([*start, *padded, row.frames, row.model, row.seconds])
    return text.getvalue()


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
    table.add_column("status")
    table.add_column("reason", overflow="fold")
    for row in rows:
        score = "-" if row.score is None else f"{row.score:.3f}"
        style = "" if row.status == "ok" else "red"
        # Text, not str: a path with [brackets] is no markup.
        interval = "-" if row.low is None else f"{row.low:.1f} to {row.high:.1f}"
        words = (Text(row.status, style), Text(row.reason))
        table.add_row(Text(row.video), score, interval, *words)
    if width is None:
        # Borders and padding of five columns take 16 characters.
        widest = max((sum(map(len, _words(row))) for row in rows), default=0)
        width = max(80, widest + len("score 100.0 to 100.0 status reason") + 16)
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _words(row: Row) -> tuple[str, str, str]:
    return row.video, row.status, row.reason
