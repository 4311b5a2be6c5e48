"""One file under several names is one copy: nobody moves it away from itself."""

from collections.abc import Sequence
from pathlib import Path

from vq.inference.row import Row


def once(items: Sequence[str | Row]) -> tuple[list[str | Row], dict[str, str]]:
    """The items with each file under one name, and which name stands for each that is left out.

    The first name stays, unless it is a symbolic link and another one is none.
    """
    keys = [None if isinstance(item, Row) else _key(item) for item in items]
    names: dict[tuple[int, int], str] = {}
    for item, key in zip(items, keys, strict=True):
        if key is None or isinstance(item, Row):
            continue
        if key not in names or (Path(names[key]).is_symlink() and not Path(item).is_symlink()):
            names[key] = item
    kept: list[str | Row] = []
    again: dict[str, str] = {}
    for item, key in zip(items, keys, strict=True):
        if key is None or isinstance(item, Row) or item == names[key]:
            kept.append(item)
        else:
            again[item] = names[key]
    return kept, again


def _key(name: str) -> tuple[int, int] | None:
    """What the file is, whatever it is called; None if that cannot be told."""
    try:
        facts = Path(name).stat()
    except (OSError, ValueError):
        return None
    return facts.st_dev, facts.st_ino
