"""Changed decisions as people read them, and as JSON."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from vq.metrics.flips import Flips
from vq.metrics.interval import Interval
from vq.metrics.summary import as_json

HEAD = ("threshold", "videos below it before", "decisions that change", "with a map")


def cells(one: Flips) -> tuple[str, ...]:
    """A row of the table of `HEAD`."""
    mapped = "" if one.mapped is None else _share(one.mapped)
    return f"{one.threshold:g}", f"{one.below:.1%}", _share(one.plain), mapped


def markdown(flips: Iterable[Flips]) -> str:
    """A row for each threshold."""
    rows = [HEAD, ("---:",) * len(HEAD), *map(cells, flips)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def sentence(one: Flips) -> str:
    """The same for a terminal."""
    mapped = "" if one.mapped is None else f", {_share(one.mapped)} with a map"
    return (
        f"Threshold {one.threshold:g}: {_share(one.plain)} of decisions change{mapped}; "
        f"{one.below:.1%} of videos were below it."
    )


def to_json(one: Flips) -> dict[str, Any]:
    """As plain values; an unknown end is null."""
    mapped = None if one.mapped is None else as_json(one.mapped)
    return {
        "threshold": one.threshold,
        "below": one.below,
        "plain": as_json(one.plain),
        "mapped": mapped,
    }


def from_json(raw: Mapping[str, Any]) -> Flips:
    """What `to_json` gave."""
    mapped = None if raw["mapped"] is None else _interval(raw["mapped"])
    return Flips(raw["threshold"], raw["below"], _interval(raw["plain"]), mapped)


def _share(share: Interval) -> str:
    ends = f"[{share.low:.1%}, {share.high:.1%}]" if share.has_bounds else "(no interval)"
    return f"{share.value:.1%} {ends}"


def _interval(raw: Mapping[str, float | None]) -> Interval:
    ends = (math.nan if end is None else end for end in map(raw.get, ENDS))
    return Interval(*ends)


ENDS = ("value", "low", "high")
