"""Numbers in sentences."""

import re
from pathlib import Path

import pytest

from vq.words import count, which

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1000, "1000 files")]
)
def test_one_is_singular(number: int, expected: str) -> None:
    """And nothing else is."""
    assert count(number, "file") == expected


def test_irregular_words_are_told() -> None:
    """Nouns by their plural, verbs by both forms."""
    assert (count(1, "entry", "entries"), count(2, "entry", "entries")) == ("1 entry", "2 entries")
    assert (which(1, "differs", "differ"), which(0, "differs", "differ")) == ("differs", "differ")


def test_no_sentence_counts_by_itself() -> None:
    """A length before a plural would read "1 files" some day: `vq.words.count` is asked."""
    alone = re.compile(r"\{len\([^{}]*\)\} [a-z]+s\b")
    found = [
        f"{path.relative_to(ROOT)}: {hit}"
        for folder in ("vq", "flows")
        for path in (ROOT / folder).rglob("*.py")
        for hit in alone.findall(path.read_text())
    ]

    assert found == []
