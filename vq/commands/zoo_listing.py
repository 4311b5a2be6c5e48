"""The catalog as people and machines read it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from vq.zoo import plugins
from vq.zoo.catalog import CATALOG, Entry

VARIES = "varies"


def rows() -> dict[str, dict[str, Any]]:
    """All that is known of each expert, for JSON; None where it depends on the network.

    Of an expert of another package, nothing is loaded: its name and the package are known.
    """
    return {name: {"package": packages} for name, packages in _plugged().items()} | {
        name: {
            "kind": entry.kind,
            **entry.tags.as_dict(),
            "input": None if entry.input is None else asdict(entry.input),
            "dim": entry.dim,
            "parameters": entry.parameters,
            "gmacs": entry.gmacs,
            "summary": entry.summary,
        }
        for name, entry in CATALOG.items()
    }


def lines() -> Iterator[tuple[str, str]]:
    """Two lines for each expert, the first in columns; the first pair is their titles.

    The columns take 72 characters, so that a name is never cut off.
    """
    yield (
        _columns("name", "sees", "dim", "M params", "GMACs"),
        "pretext task; data; architecture family; licence",
    )
    for name, entry in CATALOG.items():
        yield _columns(name, *_numbers(entry)), _words(entry)
    for name, packages in _plugged().items():
        note = "; the catalog has this name, rename it there" if name in CATALOG else ""
        yield _columns(name, VARIES, VARIES, VARIES, VARIES), f"of package {packages}{note}"


def sees(entry: Entry) -> str:
    """Frames or clips, and their size."""
    what = "frame" if entry.kind == "image" else "clip"
    if entry.input is None:
        return what
    if entry.input.frames > 1:
        what += f" of {entry.input.frames}"
    return f"{what}, {entry.input.side_px} px" if entry.input.side_px else f"{what}, native"


def _plugged() -> dict[str, str]:
    return {
        name: " and ".join(plugins.package(point) for point in points)
        for name, points in plugins.discover().items()
    }


def _numbers(entry: Entry) -> tuple[str, str, str, str]:
    millions = None if entry.parameters is None else entry.parameters / 1e6
    dim = VARIES if entry.dim is None else str(entry.dim)
    return sees(entry), dim, _short(millions), _short(entry.gmacs)


def _words(entry: Entry) -> str:
    if entry.input is None:
        return f"{entry.summary}; all else as params say"
    tags = entry.tags
    if tags.family == "handcrafted":
        return f"{entry.summary}; {tags.family}; {tags.licence}"
    return f"{tags.pretext}; {tags.data}; {tags.family}; {tags.licence}"


def _columns(name: str, sight: str, dim: str, millions: str, gmacs: str) -> str:
    return f"{name:<24}{sight:<20}{dim:>8}{millions:>10}{gmacs:>10}"


def _short(value: float | None) -> str:
    if value is None:
        return VARIES
    return "0" if value == 0 else f"{value:.3f}" if value < 1 else f"{value:.1f}"
