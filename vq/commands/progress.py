"""A bar on the terminal, beside the rows and not among them."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def shown(items: Iterable[T], *, total: int, streaming: bool) -> Iterator[T]:
    """The same items; a terminal also gets a bar with rate and time left.

    Args:
        items: what is counted.
        total: how many will come.
        streaming: whether rows are written to standard output meanwhile; on a terminal they are
            progress enough, and a bar would run through them.
    """
    crossed = streaming and sys.stdout.isatty()
    if not sys.stderr.isatty() or total < 2 or crossed:
        return iter(items)
    return _bar(items, total)


def _bar(items: Iterable[T], total: int) -> Iterator[T]:
    # Only a terminal needs rich; rows travel without it.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    columns = (BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn(), "left")
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        for item in items:
            progress.advance(task)
            yield item
