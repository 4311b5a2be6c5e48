"""Markdown, in the few forms that a review needs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LONGEST = 80
"""Characters of a value or a name that are shown."""
MOST = 10
"""Rows of one kind that are shown; the others are counted."""


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


def first_rows(head: Sequence[str], rows: Sequence[Sequence[str]], *, most: int) -> str:
    """A table with the first rows, and how many more there are; empty if there are none."""
    if not rows:
        return ""
    more = len(rows) - most
    return table(head, rows[:most]) + (f"\n\nAnd {more} more." if more > 0 else "")


def table_of_kinds(head: Sequence[str], kinds: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """A table with the first `MOST` rows of each kind, and how many more there are of which."""
    rows = [row for some in kinds.values() for row in some[:MOST]]
    more = [f"{len(some) - MOST} more {kind}" for kind, some in kinds.items() if len(some) > MOST]
    parts = [*([table(head, rows)] if rows else []), *([f"And {', '.join(more)}."] if more else [])]
    return "\n\n".join(parts)


def plain(text: str) -> str:
    """Somebody's words; of Markdown they may have code between backticks, and no more."""
    words_and_code = re.split(r"(`[^`]+`)", text)
    words_and_code[::2] = [re.sub(r"([\\`*_<\[\]])", r"\\\1", one) for one in words_and_code[::2]]
    return "".join(words_and_code)


def code(text: str) -> str:
    """Text as it is in a file; a long one is cut."""
    text = " ".join(text.split())
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return f"`` {text} ``" if "`" in text else f"`{text}`" if text else ""


def few(items: Sequence[str], *, most: int = 3) -> str:
    """The first of a list, and how many more there are."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more} more" if more > 0 else "")


def phrases(names: Mapping[str, Sequence[str]]) -> str:
    """What happened to which: `a`, `b` joined, `c` left; empty if nothing happened to any."""
    return ", ".join(
        f"{few([code(n) for n in some])} {what}" for what, some in names.items() if some
    )


def _cell(value: str) -> str:
    # A bar ends a cell, even inside code.
    return " ".join(value.split()).replace("|", "\\|")
