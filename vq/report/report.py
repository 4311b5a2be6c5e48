"""The report: one HTML file that opens anywhere, offline, and is the same for the same numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined

from vq.data.card import Card
from vq.metrics import other_datasets
from vq.metrics.category_rating import LABELS
from vq.metrics.mapping import Mapping as Curve
from vq.metrics.opinions import Opinions
from vq.metrics.summary import MODELS
from vq.report import plots, pruning_plots
from vq.words import count, which

TEMPLATE = Path(__file__).with_name("report.html")

ABOUT = {
    "student": "what ships: one light network, taught by labels and teacher",
    "plain": "the same network, taught by labels alone",
    "teacher": "all experts that pruning kept, weighed for each video",
    "single": "the best expert by itself, with a head of its own",
    "handcrafted": "support vector regression on handcrafted statistics",
    "constant": "the mean rating of the training videos, whatever the video",
}
"""What each model is, for someone who has not read the method."""

LADDERS = 12
"""Kinds of which the order is shown, the worst first."""

PAIRS = 10
"""Near-duplicates that are shown, most alike first."""

LOOKS = {
    "fast": "the frames that cost least to decode; its scores are corrected by a line",
    "exact": "the frames that training saw",
    "thorough": "four times as many moments, as they are and mirrored",
}
"""What each mode of scoring sees."""


@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything that the report shows."""

    card: Card
    validation: Mapping[str, Any]
    """Summary of the validation split (`vq.metrics.summary`)."""
    test: Mapping[str, Any]
    predictions: pd.DataFrame
    """One row for each rated video: video, split, mos, student."""
    groups: Sequence[str]
    """Kind of each of these videos; equal strings if there are no kinds."""
    grouped_by: str
    """Column that the kinds come from; empty if there are none."""
    curve: Curve
    """Of the student, fitted on validation."""
    opinions: Opinions
    """What people say of videos of a score, on validation and test."""
    importance: pd.DataFrame
    """Mean importance of each expert (columns) for each kind of video (index), 0 to 1."""
    pruning: pd.DataFrame
    """The table of the prune stage."""
    alike: pd.DataFrame
    """CKA of each pair of experts."""
    near_duplicates: pd.DataFrame
    """Videos of different contents that show the same, as the split stage found them."""
    combination: Mapping[str, Any]
    """What the prune stage chose, and in which steps (`zoo.json`)."""
    single: str
    """Name of the best single expert."""
    worst: pd.DataFrame
    """Videos of the validation split that the student got badly wrong, worst first: `video`, `mos`,
    `score` after the map to the scale of the ratings, `kind`, `picture` as a data URI, `causes`
    that are likely, in words (`vq.causes`)."""
    misordered: pd.DataFrame
    """Pairs of validation videos that are most in the wrong order (`vq.metrics.pair_order`)."""
    gamed: Mapping[str, Any] | None
    """The worst case of cheap edits (`vq.inference.gaming`), with `pictures` of before and after as
    data URIs; None if none was sought."""
    doubted: int
    """Labels that look wrong."""
    doubts: pd.DataFrame
    """The first of them, most suspicious first: what `audit_labels` lists, and `picture`."""
    settings: Mapping[str, object]
    """Of this evaluation, and of the student."""
    hashes: Mapping[str, str]
    """sha256 of what was measured, by what it is of."""


def render(data: ReportData) -> str:
    """The report as HTML: no link, no script, nothing that changes by the day."""
    page = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page.filters.update(number=_number, interval=_interval, percent=_percent, plain=_plain)
    kinds = sorted(set(data.groups))
    models = [name for name in MODELS if name in data.test["models"]]
    ranks, axis = plots.whiskers({name: data.test["models"][name]["srcc"] for name in models})
    return page.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        e=data,
        student=data.test["models"]["student"],
        models=models,
        looks=LOOKS,
        about={**ABOUT, "single": f"{ABOUT['single']}: {data.single}"},
        datasets=_datasets(data),
        compared=other_datasets.MODELS,
        ranks=ranks,
        axis=axis,
        kinds=kinds,
        colours=plots.COLOURS,
        shapes=plots.SHAPES,
        side=plots.SIDE,
        panels=[_panel(data, kinds, split) for split in ("validation", "test")],
        differences=[
            difference(name.removeprefix("student-"), interval)
            for name, interval in data.test["differences"].items()
        ],
        strongest=max(0.01, float(data.importance.to_numpy().max(initial=0.0))),
        pruning=data.pruning.to_dict("records"),
        heat=pruning_plots.heat(data.alike),
        cell=pruning_plots.CELL,
        words=LABELS,
        basis=basis(data.opinions, synthetic=data.card.opinion == "synthetic"),
        costs=pruning_plots.costs(data.pruning, data.combination),
        wide=pruning_plots.WIDE,
        ladders=ladders(data.test.get("order")),
        worst=data.worst.to_dict("records"),
        misordered=data.misordered.to_dict("records"),
        gamed=data.gamed,
        doubts=data.doubts.to_dict("records"),
        near=near_duplicates(data.near_duplicates),
        level=f"{float(str(data.settings['confidence'])):.0%}",
    )


def difference(other: str, interval: Mapping[str, float | None]) -> dict[str, str]:
    """What a paired difference in SRCC means, in words: `verdict`, `sentence`."""
    value, low, high = interval["value"] or 0.0, interval["low"], interval["high"]
    measured = f"{_number(value, signed=True)} {_interval(interval)}"
    if low is None or high is None:
        return {
            "verdict": "unknown",
            "sentence": f"Student minus {other}: {measured}. Too few contents to tell noise apart.",
        }
    if low > 0 or high < 0:
        better = "ahead of" if value > 0 else "behind"
        return {
            "verdict": "ahead" if value > 0 else "behind",
            "sentence": f"The student is {better} {other}: {measured}. This is more than noise.",
        }
    return {
        "verdict": "level",
        "sentence": f"Student and {other} cannot be told apart: {measured} may be noise.",
    }


def basis(opinions: Opinions, *, synthetic: bool) -> str:
    """What the table of opinions rests on, in words."""
    rests = f"{count(opinions.videos, 'rated video')} of validation and test. "
    if not opinions.spread:
        rests += "How far opinions of one video are apart is not known: each counts by its MOS."
    elif opinions.spread < opinions.videos:
        rests += (
            f"Of {opinions.spread} it is known how far opinions are apart; the others count by "
            "their MOS."
        )
    else:
        rests += "Opinions of a video spread around its MOS as its ratings do."
    return rests + (" The labels are synthetic: nobody said any of it." if synthetic else "")


def ladders(order: Mapping[str, Any] | None) -> dict[str, Any]:
    """Kinds of damage by the share of their pairs in order: `kinds`, worst first, and `rest`.

    `rest` says in words what is not shown; empty if all is. No kind if nothing was measured.
    """
    kinds = sorted(
        (order or {"kinds": {}})["kinds"].items(),
        key=lambda one: (one[1]["value"], -one[1]["pairs"], one[0]),
    )
    better = kinds[LADDERS:]
    least = f"{_number(better[0][1]['value'])} or more" if better else ""
    rest = f"Of {count(len(better), 'further kind')}, {least} of the pairs are in order."
    return {"kinds": dict(kinds[:LADDERS]), "rest": rest if better else ""}


def near_duplicates(pairs: pd.DataFrame) -> dict[str, Any]:
    """Which contents show the same, and whether that makes the test look too good, in words."""
    leaks = int((pairs["split_a"] != pairs["split_b"]).sum())
    contents = len({*pairs["content_a"], *pairs["content_b"]})
    if leaks:
        sentence = (
            f"{leaks} of {count(len(pairs), 'pair')} "
            f"{which(leaks, 'is', 'are')} on two sides of the split: part of the "
        )
        sentence += "agreement is remembered, not learnt. Name one content, or let them be joined."
    else:
        sentence = f"{count(len(pairs), 'pair')} of videos of {count(contents, 'content')}; "
        sentence += "none is on two sides."
    return {"leaks": leaks, "sentence": sentence, "pairs": pairs.head(PAIRS).to_dict("records")}


def _datasets(data: ReportData) -> dict[str, Mapping[str, Any]]:
    """What the test says of each data set, the primary first; nothing where it is alone."""
    others = data.test.get("datasets")
    return {data.card.name: data.test, **others} if others else {}


def _panel(data: ReportData, kinds: Sequence[str], split: str) -> plots.Scatter:
    rows = (data.predictions["split"] == split).to_numpy()
    shown = data.predictions[rows]
    groups = [group for group, is_shown in zip(data.groups, rows, strict=True) if is_shown]
    return plots.scatter(
        split,
        shown["student"].to_numpy(float),
        shown["mos"].to_numpy(float),
        groups=[kinds.index(group) for group in groups],
        names=[f"{v} ({g})" for v, g in zip(shown["video"], groups, strict=True)],
        curve=data.curve,
        ends=(float(data.card.scale.min), float(data.card.scale.max)),
    )


def _number(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    if value is None or pd.isna(value):
        return "\N{EN DASH}"
    # Adding 0 turns -0.0 into 0.0; the true minus is as wide as the plus.
    shown = round(float(value), digits) + 0.0
    return f"{shown:{'+' if signed else ''}.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _interval(interval: Mapping[str, float | None], digits: int = 3) -> str:
    if interval["low"] is None or interval["high"] is None:
        return "[no interval]"
    return f"[{_number(interval['low'], digits)}, {_number(interval['high'], digits)}]"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


def _plain(name: str | float | None) -> str:
    """A name from code, for reading."""
    return "" if name is None or pd.isna(name) else str(name).replace("_", " ")
