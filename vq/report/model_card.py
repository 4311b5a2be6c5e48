"""The model card: what a person should know of a student before it is used, in Markdown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vq.data.card import Ratings
from vq.metrics import slices
from vq.metrics.category_rating import LABELS
from vq.metrics.summary import MEASURES, MODELS
from vq.report.failures import failures
from vq.report.report import ReportData, basis, difference
from vq.words import count

SIDES = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class Student:
    """What the bundle of a student says of itself, and what it costs."""

    model_id: str
    meaning: str
    """Of a score, such as "1 to 5, higher is better"."""
    backbone: str
    seed: int
    licences: Sequence[str]
    coverage: float | None
    """Share of ratings that the interval of a score is to hold; None if scores have none."""
    size_mb: float
    """Of the bundle."""
    gmacs: float
    """Of its network, for a video."""
    memory_mb: float
    """Of its network."""


def render(data: ReportData, student: Student, videos: pd.DataFrame) -> str:
    """The card; the same for the same numbers.

    `videos` has a row for each accepted video: `dataset`, `content`, and its side in `split`.
    """
    sections = [
        _head(data, student),
        _use(data, student),
        _sources(data, student, videos),
        _agreement(data),
        _opinions(data),
        _modes(data.test.get("modes")),
        _slices(data.test["slices"]),
        _failures(data),
        _cost(student),
        _origin(data, student),
    ]
    return "\n\n".join(part for section in sections for part in section) + "\n"


def _head(data: ReportData, student: Student) -> Iterator[str]:
    card, test = data.card, data.test
    synthetic = card.opinion == "synthetic"
    yield f"# {_line(card.title or card.name)}: {student.model_id}"
    if synthetic:
        yield (
            "**Synthetic MOS**: the labels come from a metric and simulated raters. They are "
            "nobody's opinion."
        )
    labels = "the synthetic MOS" if synthetic else "people's ratings"
    yield (
        "A light network that scores the quality of a video without its original: "
        f"{student.meaning}. On {count(test['rows'], 'test video')} of "
        f"{count(test['contents'], 'content')}, on which no model was trained, chosen or tuned, "
        f"its scores have SRCC **{_number(test['models']['student']['srcc']['value'])}** "
        f"{_ends(test['models']['student']['srcc'])} with {labels}."
    )
    level = float(str(data.settings["confidence"]))
    yield (
        f"Numbers in brackets are {level:.0%} intervals, from drawing whole contents again: "
        "versions of one source are not independent."
    )


def _use(data: ReportData, student: Student) -> Iterator[str]:
    tested = "; ".join(
        f"{column} {', '.join(values)}" for column, values in data.test["slices"].items()
    )
    interval = (
        f"look at its interval, meant to hold {student.coverage:.0%} of the ratings"
        if student.coverage is not None
        else "it has no interval, since validation had too few contents"
    )
    yield "## What it is for"
    yield _list(
        [
            "To rank, filter and watch many videos like those of its data: `vq score`, `vq serve`.",
            f"Not for other kinds of video. It was tested on {_line(tested) or 'one kind'}.",
            "Not for comparison with scores of another student.",
            f"Not for a close decision by the score of one video alone: {interval}.",
        ]
    )


def _sources(data: ReportData, student: Student, videos: pd.DataFrame) -> Iterator[str]:
    yield "## What it learnt from"
    yield "Videos, and in brackets their contents. Test videos were not learnt from."
    header = ["data set", "opinion", "scale", *SIDES.values(), "licence"]
    yield _table(header, [_set(name, r, videos) for name, r in data.card.sets.items()])
    notes = [
        f"**{name}, {label}**: {_line(text)}"
        for name, ratings in data.card.sets.items()
        for label, text in {
            "source": ratings.source,
            "contents": ratings.contents,
            "defects": ratings.defects,
            "note": ratings.note,
        }.items()
        if text
    ]
    experts = ", ".join(data.combination["experts"])
    yield _list([*notes, f"**Experts of its teacher**: {experts}"])
    yield "Licences of all that it learnt from:"
    yield _list(map(_line, student.licences))


def _set(name: str, ratings: Ratings, videos: pd.DataFrame) -> list[object]:
    rows = videos[videos["dataset"] == name]
    sides = [rows[rows["split"] == side] for side in SIDES]
    scale = f"{ratings.scale.min:g} to {ratings.scale.max:g}, {ratings.better} is better"
    counts = [f"{len(side)} ({side['content'].nunique()})" for side in sides]
    return [name, ratings.opinion, scale, *counts, ratings.licence]


def _agreement(data: ReportData) -> Iterator[str]:
    test = data.test
    yield "## How good it is"
    yield "On test. PLCC and RMSE are after a monotone map that was fitted on validation."
    names = [name for name in MODELS if name in test["models"]]
    yield _table(
        ["model", *(measure.upper() for measure in MEASURES)],
        [[name, *(_measured(test["models"][name][m]) for m in MEASURES)] for name in names],
    )
    sentences = [
        difference(name.removeprefix("student-"), interval)["sentence"]
        for name, interval in test["differences"].items()
    ]
    if coverage := test.get("coverage"):
        sentences.append(
            f"Intervals of scores, ± {coverage['half_width']:.2f} on average, hold "
            f"{_measured(coverage)} of the test ratings; {coverage['nominal']:g} is meant."
        )
    if (order := test.get("order")) and order["pairs"]:
        sentences.append(
            f"Of {count(order['pairs'], 'pair')} of versions of one film, one surely worse, "
            f"{_measured(order)} are in the right order."
        )
    yield _list(sentences)
    if others := test.get("datasets"):
        rows = {data.card.name: test, **others}
        yield "### By data set"
        yield _table(
            ["data set", "videos", "SRCC", "PLCC"],
            [
                [name, one["rows"], *(_measured(one["models"]["student"][m]) for m in SHOWN)]
                for name, one in rows.items()
            ],
        )


SHOWN = ("srcc", "plcc")
"""Measures of each data set."""


def _opinions(data: ReportData) -> Iterator[str]:
    synthetic = data.card.opinion == "synthetic"
    yield f"### What a score means: what {'the labels' if synthetic else 'people'} say"
    yield basis(data.opinions, synthetic=synthetic)
    yield _table(
        ["score", "videos", *LABELS],
        [
            [f"{step.low:g} to {step.high:g}", step.videos, *(f"{one:.0%}" for one in step.shares)]
            for step in data.opinions.steps
        ],
    )


def _modes(modes: Mapping[str, Mapping[str, Any]] | None) -> Iterator[str]:
    if modes:
        yield "### By mode"
        yield _table(
            ["mode", "SRCC", "SRCC with exact", "packets decoded", "pictures"],
            [
                [
                    name,
                    _measured(one["srcc"]),
                    _number(one["exact_srcc"]),
                    f"{one['decoded']:.0%}",
                    f"{one['moments']:.1f}",
                ]
                for name, one in modes.items()
            ],
        )


def _slices(columns: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    if columns:
        yield "### By slice"
        yield (
            f"SRCC stands where {slices.FEWEST} videos or more have ratings that differ. A mean "
            "error above 0 says that scores are too high."
        )
    for column, values in columns.items():
        yield _table(
            [column, "videos", "SRCC", "mean error"],
            [
                [
                    value,
                    one["n"],
                    "" if one["srcc"] is None else f"{one['srcc']:z.3f}",
                    f"{one['mean_error']:+z.2f}",
                ]
                for value, one in values.items()
            ],
        )


def _failures(data: ReportData) -> Iterator[str]:
    scale = data.card.scale
    yield "## Where it fails"
    sentences = failures(data.test, span=float(scale.max - scale.min))
    yield _list([*sentences, "What no slice above has was not measured."])


def _cost(student: Student) -> Iterator[str]:
    yield "## What it costs"
    yield (
        f"The bundle has {student.size_mb:.2f} MB. Its network takes {student.gmacs:.3g} GMACs a "
        f"video, and {student.memory_mb:.1f} MB for weights and intermediate results. Both are "
        "counted, not timed; decoding comes on top."
    )


def _origin(data: ReportData, student: Student) -> Iterator[str]:
    yield "## What it was made of"
    yield f"Backbone `{student.backbone}`, seed {student.seed}. sha256 of what was measured:"
    yield _list(f"{name.replace('_', ' ')}: `{sha}`" for name, sha in data.hashes.items())


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _measured(interval: Mapping[str, float | None]) -> str:
    return f"{_number(interval['value'])} {_ends(interval)}"


def _number(value: float | None) -> str:
    """Three places; "unknown" where too few videos, or equal scores, leave a measure undefined."""
    return "unknown" if value is None else f"{value:z.3f}"


def _ends(interval: Mapping[str, float | None]) -> str:
    if interval["low"] is None or interval["high"] is None:
        return "[no interval]"
    return f"[{interval['low']:z.3f}, {interval['high']:z.3f}]"


def _line(text: str) -> str:
    # Markdown takes what is in angle brackets for HTML.
    return " ".join(text.split()).replace("<", "&lt;")


def _cell(content: object) -> str:
    # A name may hold what Markdown would read as the end of a cell.
    return _line(str(content)).replace("|", "\\|")
