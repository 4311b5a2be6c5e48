"""Where a student fails, in sentences: what a summary of the test (`vq.metrics.summary`) shows."""

from collections.abc import Iterator, Mapping
from typing import Any

from vq.metrics.slices import FEWEST
from vq.words import count

MOST = 5
"""Sentences of one kind."""

WEAK = 0.1
"""SRCC below that of all videos from which a slice counts as a weak spot."""

BIASED = 0.1
"""Mean error, as a share of the scale, from which a slice counts as flattered or slighted."""


def failures(test: Mapping[str, Any], *, span: float) -> list[str]:
    """Weak spots, the worst of each kind first; empty if nothing stands out.

    The summary is that of the test; `span` is the width of the scale. Slices of few videos are left
    out: what they say is chance.
    """
    return [
        *_no_lead(test["differences"]),
        *_weak(test),
        *_biased(test["slices"], span),
        *_disordered(test.get("order")),
        *_uncovered(test.get("coverage")),
    ]


def _no_lead(differences: Mapping[str, Mapping[str, float | None]]) -> Iterator[str]:
    for name in ("constant", "handcrafted"):
        difference = differences.get(f"student-{name}")
        if difference and (difference["low"] is None or difference["low"] <= 0):
            yield f"It is not surely better than the baseline `{name}`."


def _weak(test: Mapping[str, Any]) -> Iterator[str]:
    whole = test["models"]["student"]["srcc"]["value"]
    ranked = [
        (result["srcc"], column, value, result["n"])
        for column, values in test["slices"].items()
        for value, result in values.items()
        if result["srcc"] is not None and result["srcc"] <= whole - WEAK
    ]
    for srcc, column, value, videos in sorted(ranked)[:MOST]:
        yield (
            f"{column} {value}: SRCC {srcc:.3f} on {count(videos, 'video')}, {whole:.3f} on all."
        )


def _biased(slices: Mapping[str, Mapping[str, Mapping[str, Any]]], span: float) -> Iterator[str]:
    errors = [
        (result["mean_error"], column, value, result["n"])
        for column, values in slices.items()
        for value, result in values.items()
        if result["n"] >= FEWEST and abs(result["mean_error"]) >= BIASED * span
    ]
    for error, column, value, videos in sorted(errors, key=lambda one: (-abs(one[0]), one[1:]))[
        :MOST
    ]:
        how = "too high" if error > 0 else "too low"
        yield (
            f"{column} {value}: scores are {abs(error):.2f} {how} on average, on "
            f"{count(videos, 'video')}."
        )


def _disordered(order: Mapping[str, Any] | None) -> Iterator[str]:
    kinds = (order or {"kinds": {}})["kinds"]
    wrong = [(result["value"], name, result["pairs"]) for name, result in kinds.items()]
    for share, name, pairs in sorted(one for one in wrong if one[0] < 1)[:MOST]:
        yield (
            f"{name}: of {count(pairs, 'pair')} of versions whose order is sure, scores keep "
            f"{share:.3f}."
        )


def _uncovered(coverage: Mapping[str, float] | None) -> Iterator[str]:
    if coverage is None:
        yield "Its scores have no interval: validation had too few contents to promise one."
    elif coverage["value"] < coverage["nominal"]:
        yield (
            f"Its intervals hold {coverage['value']:.3f} of the test ratings, less than the "
            f"{coverage['nominal']:g} that they promise."
        )
