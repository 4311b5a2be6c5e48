"""What the organiser sees: how far raters are, how they agree, who strays, and every rating."""

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from vq.importers.ratings.crowd_screening import screen
from vq.importers.ratings.pairs import Pairs, bradley_terry, pairs
from vq.importers.ratings.read import Ratings
from vq.rating.results import counted, gold, matrix, missed_gold
from vq.rating.schemas import Device, Playback
from vq.rating.session import Session
from vq.rating.store import RatedTrial, Store, StoredClip

HEADER = (
    "rater",
    "position",
    "kind",
    "video",
    "second",
    "value",
    "problem",
    "received",
    "language",
)

SCALE = (1.0, 5.0)
"""Of scores from pairs."""


def progress(session: Session) -> dict[str, Any]:
    """Numbers of a session as JSON; a rater or clip about which little is known has null."""
    store = session.store
    clips = {clip.number: clip for clip in store.clips()}
    trials = store.rated()
    usable = counted(trials)
    is_pairs = session.settings.mode == "pairs"
    correlation, left_out = _comparing(usable, clips) if is_pairs else _rating(usable, clips)
    for rater in missed_gold(trials, clips):
        left_out[rater] = "missed gold clips"
    return {
        "mode": session.settings.mode,
        "waiting": session.waiting,
        "raters": _raters(store, trials, clips, correlation, left_out),
        "clips": _clips(usable, clips, left_out, is_pairs=is_pairs),
        "agreement": _mean(value for rater, value in correlation.items() if rater not in left_out),
    }


def table(store: Store) -> str:
    """Every rating with its trial, device and playback, as CSV."""
    clips = {clip.number: clip.name for clip in store.clips()}
    raters = {name: (language, device) for name, _, language, device in store.raters()}
    devices, playbacks = list(Device.model_fields), list(Playback.model_fields)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*HEADER, *devices, *playbacks])
    for trial in store.rated():
        language, device = raters[trial.rater]
        second = "" if trial.second is None else clips[trial.second]
        value = "" if trial.value is None else trial.value
        received = datetime.fromtimestamp(trial.received, UTC).isoformat(timespec="milliseconds")
        row = [trial.rater, trial.position, trial.kind, clips[trial.first], second, value,
               trial.problem, received, language]  # fmt: skip
        row += [device.get(name, "") for name in devices]
        row += [trial.playback.get(name, "") for name in playbacks]
        writer.writerow(map(_cell, row))
    return text.getvalue()


def _cell(value: object) -> object:
    """A text that a spreadsheet does not take for a formula: a browser may call itself anything."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def _rating(
    trials: Sequence[RatedTrial], clips: dict[int, StoredClip]
) -> tuple[dict[str, float], dict[str, str]]:
    ratings = matrix(trials, clips)
    if not ratings.raters:
        return {}, {}
    screening = screen(ratings.matrix)
    correlation = dict(zip(ratings.raters, screening.correlation.tolist(), strict=True))
    rejected = zip(ratings.raters, screening.rejected.tolist(), strict=True)
    return correlation, {rater: "does not follow the others" for rater, out in rejected if out}


def _comparing(
    trials: Sequence[RatedTrial], clips: dict[int, StoredClip]
) -> tuple[dict[str, float], dict[str, str]]:
    if not trials:
        return {}, {}
    data = _pairs(trials, clips)
    opinions = bradley_terry(data, scale=SCALE)
    better = opinions.mos[data.first] > opinions.mos[data.second]
    agrees = better == data.prefers_first
    share = {
        rater: float(agrees[data.rater == place].mean()) for place, rater in enumerate(data.raters)
    }
    rejected = zip(data.raters, opinions.rejected.tolist(), strict=True)
    return share, {rater: "does not follow the others" for rater, out in rejected if out}


def _pairs(trials: Sequence[RatedTrial], clips: dict[int, StoredClip]) -> Pairs:
    return pairs(
        [
            (clips[trial.first].name, clips[trial.second or 0].name, trial.rater, trial.value == 1)
            for trial in trials
        ]
    )


def _raters(
    store: Store,
    trials: Sequence[RatedTrial],
    clips: dict[int, StoredClip],
    correlation: dict[str, float],
    left_out: dict[str, str],
) -> list[dict[str, Any]]:
    planned, golden = store.planned(), gold(trials, clips)
    by_rater: dict[str, list[RatedTrial]] = defaultdict(list)
    for trial in trials:
        by_rater[trial.rater].append(trial)
    return [
        {
            "rater": name,
            "joined": joined,
            "language": language,
            "screen": f"{device.get('viewport_width', 0):g} x {device.get('viewport_height', 0):g}",
            "done": len(by_rater[name]),
            "planned": planned.get(name, 0),
            "correlation": _or_null(correlation.get(name, math.nan)),
            "repeats": _repeats(by_rater[name]),
            "gold": golden.get(name),
            "disturbed": sum(bool(one.playback.get("disturbed")) for one in by_rater[name]),
            "unplayable": sum(one.value is None for one in by_rater[name]),
            "seconds": _mean(one.playback.get("decision_ms", 0) / 1000 for one in by_rater[name]),
            "left_out": left_out.get(name, ""),
        }
        for name, joined, language, device in store.raters()
    ]


def _repeats(trials: Sequence[RatedTrial]) -> float | None:
    """Mean difference between the two ratings of what was shown twice.

    Of a pair it is the share of other answers.
    """
    first = {(t.first, t.second): t.value for t in trials if t.kind == "test"}
    differences: list[float] = []
    for trial in trials:
        if trial.kind != "repeat" or trial.value is None:
            continue
        turned = trial.second is not None
        before = first.get((trial.second, trial.first) if turned else (trial.first, None))  # type: ignore[arg-type]
        if before is not None:
            differences.append(abs(trial.value - (3 - before if turned else before)))
    return _mean(differences)


def _clips(
    trials: Sequence[RatedTrial], clips: dict[int, StoredClip], left_out: dict[str, str], *,
    is_pairs: bool,
) -> list[dict[str, Any]]:  # fmt: skip
    trials = [trial for trial in trials if trial.rater not in left_out]
    if is_pairs:
        numbers = _compared(trials, clips)
    else:
        ratings = matrix(trials, clips)
        numbers = {name: _mos(ratings, place) for place, name in enumerate(ratings.videos)}
    return [
        {
            "video": clip.name,
            "role": clip.role,
            "form": clip.form,
            "problem": clip.problem if clip.active else "is no longer in the session",
            **(numbers.get(clip.name, _NOTHING) if clip.role == "test" else _NOTHING),
        }
        for clip in clips.values()
    ]


_NOTHING: dict[str, Any] = {"ratings": 0, "mos": None, "low": None, "high": None}


def _mos(ratings: Ratings, place: int) -> dict[str, Any]:
    values = ratings.matrix[place][~np.isnan(ratings.matrix[place])]
    half = 1.96 * values.std(ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    mos = float(values.mean())
    return {
        "ratings": len(values),
        "mos": mos,
        "low": _or_null(float(mos - half)),
        "high": _or_null(float(mos + half)),
    }


def _compared(
    trials: Sequence[RatedTrial], clips: dict[int, StoredClip]
) -> dict[str, dict[str, Any]]:
    if not trials:
        return {}
    data = _pairs(trials, clips)
    opinions = bradley_terry(data, scale=SCALE, screened=False)
    rows = zip(
        opinions.comparisons.tolist(), opinions.mos.tolist(), opinions.low.tolist(),
        opinions.high.tolist(), strict=True,
    )  # fmt: skip
    return {
        video: dict(zip(("ratings", "mos", "low", "high"), row, strict=True))
        for video, row in zip(data.videos, rows, strict=True)
    }


def _mean(values: Iterable[float | int]) -> float | None:
    numbers = [float(value) for value in values if not math.isnan(value)]
    return sum(numbers) / len(numbers) if numbers else None


def _or_null(value: float) -> float | None:
    return None if math.isnan(value) else value
