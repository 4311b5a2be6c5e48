"""Rows as a table for people."""

import io
from collections.abc import Sequence

from vq.inference.row import Row
from vq.scoring.names import as_text, readable


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
    table.add_column("mode")
    table.add_column("status")
    table.add_column("reason or warning", overflow="fold")
    for row in rows:
        score = "-" if row.score is None else f"{row.score:.3f}"
        style = "" if row.status == "ok" else "red"
        # Text, not str: a path with [brackets] is no markup.
        interval = "-" if row.low is None else f"{row.low:.1f} to {row.high:.1f}"
        video, status, reason = _words(row)
        words = (row.mode or "-", Text(status, style), Text(reason))
        table.add_row(Text(video), score, interval, *words)
    if width is None:
        # Borders and padding of six columns take 19 characters.
        widest = max((sum(map(len, _words(row))) for row in rows), default=0)
        width = max(80, widest + len("score 100.0 to 100.0 thorough status reason or warning") + 19)
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _words(row: Row) -> tuple[str, str, str]:
    return as_text(row.video), row.status, readable(row.reason or row.warning)
