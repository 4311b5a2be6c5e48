"""Where the marks of the report's pictures of pruning go: likeness, and cost against agreement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from vq.report.plots import SIDE, Tick, ticks

CELL = 26.0
"""Side of a cell of the heat map, in units of the picture."""
FEW = 8
"""Experts that are all named in the picture of costs; of more, the chosen and the foremost are."""
WIDE = 2 * SIDE
"""Width of the picture of costs; its height is `SIDE`."""


@dataclass(frozen=True)
class Cell:
    """The likeness of two experts."""

    x: float
    y: float
    percent: int
    """CKA, 0 to 100."""
    title: str


@dataclass(frozen=True)
class Heat:
    """The lower half of a symmetric table of experts, those that are alike beside each other."""

    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    closest: tuple[Cell, ...]
    """The same cells, most alike first."""


@dataclass(frozen=True)
class Dot:
    """An expert alone, or a combination."""

    x: float
    y: float
    name: str
    title: str
    named: bool
    """Whether its name is written beside it, not shown on the pointer's rest alone."""


@dataclass(frozen=True)
class Costs:
    """Agreement (up) against cost (right, logarithmic from the first tick on)."""

    experts: tuple[Dot, ...]
    steps: tuple[Dot, ...]
    """Combinations, in the order in which they came about; the last one is the choice."""
    front: str
    """Path along what nothing cheaper beats, for the attribute `d`."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def heat(alike: pd.DataFrame) -> Heat:
    """Place the cells of the similarity table that `vq prune` writes."""
    order = _order(alike.to_numpy(np.float64))
    names = [str(alike.index[place]) for place in order]
    values = alike.to_numpy(np.float64)[np.ix_(order, order)]
    cells = tuple(
        Cell(
            CELL * column,
            CELL * row,
            round(100 * float(values[row, column])),
            f"{names[row]} and {names[column]}: CKA {values[row, column]:.3f}",
        )
        for row in range(len(names))
        for column in range(row)
    )
    return Heat(tuple(names), cells, tuple(sorted(cells, key=lambda cell: -cell.percent)))


def costs(pruning: pd.DataFrame, combination: Mapping[str, Any]) -> Costs:
    """Place the experts and the combinations.

    `pruning` and `combination` are table and `zoo.json` of the prune stage.
    """
    agrees = "student" if combination["effect"] == "student" else "own_head"
    alone = list(zip(pruning["expert"], pruning["gmacs"], pruning[agrees], strict=True))
    steps = [one for one in combination["steps"] if one["joined"] or one["left"]]
    named = [(" + ".join(one["experts"]), one["gmacs"], one["srcc"]) for one in steps]
    across, x_ticks = _axis([cost for _, cost, _ in alone + named])
    levels = [level for _, _, level in alone + named]
    low, high = min(levels), max(levels)
    margin = max(0.02, (high - low) * 0.08)
    low, high = low - margin, min(high + margin, 1.0)

    def up(level: float) -> float:
        return round(SIDE * (1 - (level - low) / (high - low)), 1)

    best, ahead = -np.inf, {*combination["experts"]}
    corners: list[str] = []
    for name, cost, level in sorted(alone + named, key=lambda one: (one[1], -one[2])):
        if level > best:
            if corners:
                corners.append(f"H{across(cost)}")
            corners.append(f"{'V' if corners else f'M{across(cost)} '}{up(level)}")
            best = level
            ahead.add(name)

    def dots(rows: Sequence[tuple[str, float, float]]) -> tuple[Dot, ...]:
        return tuple(
            Dot(
                across(cost),
                up(level),
                name,
                f"{name}: SRCC {level:.3f}, {cost:.3g} GMACs a video",
                name in ahead or len(alone) <= FEW,
            )
            for name, cost, level in rows
        )

    return Costs(
        experts=dots(alone),
        steps=dots(named),
        front="".join([*corners, f"H{WIDE}"]),
        x_ticks=x_ticks,
        y_ticks=tuple(Tick(up(mark), f"{mark:g}") for mark in ticks(low, high)),
    )


def _order(alike: Float[np.ndarray, "experts experts"]) -> list[int]:
    """Of a dendrogram, so that groups of experts that are alike stand together."""
    if len(alike) < 3:
        return list(range(len(alike)))
    apart = squareform(np.clip(1 - (alike + alike.T) / 2, 0, None), checks=False)
    tree = hierarchy.linkage(apart, "average", optimal_ordering=True)
    return [int(leaf) for leaf in hierarchy.leaves_list(tree)]


def _axis(gmacs: Sequence[float]) -> tuple[Any, tuple[Tick, ...]]:
    """From cost to place: 0 at the left, then a decade for each power of ten."""
    most = max(gmacs, default=0.0)
    least = min((cost for cost in gmacs if cost > 0), default=1.0)
    first = 10.0 ** np.floor(np.log10(least))
    decades = int(np.ceil(np.log10(max(most, first) / first))) + 1

    def across(cost: float) -> float:
        if cost <= 0:
            return 0.0
        return round(float(WIDE * (1 + np.log10(cost / first)) / (decades + 0.3)), 1)

    marks = [0.0, *(first * 10.0**n for n in range(decades))]
    return across, tuple(Tick(across(mark), f"{mark:g}") for mark in marks)
