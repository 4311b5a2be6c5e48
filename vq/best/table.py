"""The table of `vq best`, for people."""

from rich.console import Console
from rich.table import Table

from vq.best.result import Group, Judged, Result
from vq.scoring.names import as_text, readable
from vq.words import count


def write(result: Result) -> None:
    """Groups with copies first, then videos of which there is one alone, then failures."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 160
    groups = [group for group in result.groups if len(group.copies) > 1]
    alone = [group for group in result.groups if len(group.copies) == 1]
    for number, group in enumerate(groups, 1):
        _write_group(console, number, group)
    if alone:
        table = _table(f"{count(len(alone), 'video')} without a copy")
        for group in alone:
            table.add_row(*_cells(group.copies[0]))
        console.print(table)
    if result.failed:
        table = Table(title=f"{count(len(result.failed), 'input')} without a score", box=None)
        for name in ("video", "status", "reason"):
            table.add_column(name, justify="left", overflow="fold")
        for row in result.failed:
            table.add_row(as_text(row.video), row.status, readable(row.reason))
        console.print(table)


def _write_group(console: Console, number: int, group: Group) -> None:
    if group.best is None:
        title = f"{number}. cannot tell: {readable(group.doubt)}"
    else:
        sure = "" if group.confidence is None else f" (confidence {group.confidence:.2f})"
        title = f"{number}. best: {as_text(group.copies[group.best].copy.video)}{sure}"
    table = _table(title)
    places = sorted(range(len(group.copies)), key=lambda place: _order(group, place))
    for place in places:
        table.add_row(*_cells(group.copies[place]))
    console.print(table)


def _order(group: Group, place: int) -> tuple[bool, bool, float]:
    one = group.copies[place]
    return place != group.best, one.verdict == "apart", one.visibly_worse or 0.0


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("video", overflow="fold")
    table.add_column("verdict")
    table.add_column("score", justify="right")
    table.add_column("size", justify="right")
    table.add_column("codec")
    table.add_column("kbit/s", justify="right")
    table.add_column("why", overflow="fold")
    return table


def _cells(one: Judged) -> list[str]:
    copy = one.copy
    return [
        as_text(copy.video),
        one.verdict,
        "" if copy.row.score is None else f"{copy.row.score:.2f}",
        f"{copy.probe.width}x{copy.probe.height}",
        copy.probe.codec,
        f"{copy.kbps:.0f}",
        "; ".join(one.reasons),
    ]
