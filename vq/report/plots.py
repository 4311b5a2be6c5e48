"""Where the marks of the report's pictures go; the template draws them.

Drawing in the template rather than in a plotting library keeps the pictures in the colours and the
font of the page, light or dark, and lets each point say which video it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vq.metrics.mapping import Mapping as Curve

SIDE = 300.0
"""Width and height of the plotting area, in units of the picture."""
SHAPES = ("circle", "triangle", "square")
COLOURS = 6
"""Colours of the palette in report.html; a seventh group has the first colour and another shape."""


@dataclass(frozen=True)
class Point:
    """One video in a scatter plot."""

    x: float
    y: float
    group: int
    title: str
    """Shown when the pointer rests on it."""


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Scatter:
    """A score against the rating, in units of the picture; y grows downwards."""

    title: str
    points: tuple[Point, ...]
    curve: str
    """Path of the fitted map, for the attribute `d`."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Whisker:
    """An interval on an axis shared by a table, in percent of its width."""

    value: float
    low: float | None
    high: float | None


def scatter(
    title: str,
    scores: Float[np.ndarray, " videos"],
    mos: Float[np.ndarray, " videos"],
    *,
    groups: Sequence[int],
    names: Sequence[str],
    curve: Curve,
    ends: tuple[float, float],
) -> Scatter:
    """Place videos by score (right) and rating (up).

    Scores are as the model gave them, `groups` are numbers. The curve is drawn from one end of the
    axes to the other, a score outside of them on the edge.
    """
    low, high = ends
    places = np.linspace(low, high, 60)
    steps = zip(_across(places, ends), _up(curve(places), ends), strict=True)
    points = tuple(
        Point(x, y, group, f"{name}: scored {score:.2f}, rated {rating:.2f}")
        for x, y, group, name, score, rating in zip(
            _across(scores, ends), _up(mos, ends), groups, names, scores, mos, strict=True
        )
    )
    marks = ticks(low, high)
    return Scatter(
        title=title,
        points=points,
        curve="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in steps),
        x_ticks=tuple(Tick(_across(np.array([m]), ends)[0], f"{m:g}") for m in marks),
        y_ticks=tuple(Tick(_up(np.array([m]), ends)[0], f"{m:g}") for m in marks),
    )


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two ends, between three and eight of them: 1 2 3 4 5, 0 20 40 60 ..."""
    rough = (high - low) / 6
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(float(power * m) for m in (1, 2, 5, 10) if power * m >= rough * (1 - 1e-9))
    first = np.ceil(low / step - 1e-9)
    count = int(np.floor(high / step + 1e-9) - first) + 1
    return [round(float((first + n) * step), 10) for n in range(count)]


def whiskers(
    intervals: Mapping[str, Mapping[str, float | None]],
) -> tuple[dict[str, Whisker], tuple[Tick, ...]]:
    """Intervals of several models on one axis, which ends at 1 and starts below the lowest."""
    lowest = min(
        end for one in intervals.values() for end in (one["value"], one["low"]) if end is not None
    )
    low = float(min(0.0, np.floor(lowest * 5) / 5))

    def place(value: float | None) -> float | None:
        return None if value is None else round(100 * (value - low) / (1 - low), 2)

    placed = {
        name: Whisker(place(one["value"]) or 0.0, place(one["low"]), place(one["high"]))
        for name, one in intervals.items()
    }
    return placed, tuple(Tick(place(mark) or 0.0, f"{mark:g}") for mark in ticks(low, 1.0))


def _across(values: Float[np.ndarray, " n"], ends: tuple[float, float]) -> list[float]:
    share = (np.clip(values.astype(np.float64), *ends) - ends[0]) / (ends[1] - ends[0])
    return [round(float(s) * SIDE, 1) for s in share]


def _up(values: Float[np.ndarray, " n"], ends: tuple[float, float]) -> list[float]:
    return [round(SIDE - x, 1) for x in _across(values, ends)]
