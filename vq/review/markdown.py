"""Markdown, in the few forms that a review needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A part of a review."""

    title: str
    headline: str
    """What it comes to, in a sentence, for the summary."""
    body: str
    """Markdown; empty if the headline says all."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a column whose title starts with `>` is aligned to the right."""
    lines = [
        "| " + " | ".join(name.removeprefix(">") for name in head) + " |",
        "| " + " | ".join("---:" if name.startswith(">") else "---" for name in head) + " |",
    ]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def code(text: str) -> str:
    """Text as it is in a file."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}" if text else ""


def few(items: Sequence[str], *, most: int = 3) -> str:
    """The first of a list, and how many more there are."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more} more" if more > 0 else "")


def count(number: int, one: str, many: str = "") -> str:
    """`1 stage`, `2 stages`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _cell(value: str) -> str:
    # A bar ends a cell, even inside code.
    return " ".join(value.split()).replace("|", "\\|")
