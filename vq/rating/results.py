"""The ratings of a session that count, in the form that opinion scores are made of."""

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from vq.errors import DataError
from vq.importers.ratings.pairs import Pairs, pairs
from vq.importers.ratings.read import Ratings
from vq.rating.store import RatedTrial, Store, StoredClip
from vq.words import count

MOST_MISSED = 0.5
"""A rater who misses more than this share of the gold clips is left out."""
LEAST_GOLD = 2
"""Gold clips that a rater must have seen for that."""


def counted(trials: Iterable[RatedTrial]) -> list[RatedTrial]:
    """First ratings of the clips of the session that were shown as they should be."""
    return [
        trial
        for trial in trials
        if trial.kind == "test" and trial.value is not None and not trial.playback.get("disturbed")
    ]


def gold(
    trials: Iterable[RatedTrial], clips: Mapping[int, StoredClip]
) -> dict[str, tuple[int, int]]:
    """For each rater who saw gold clips: how many were rated outside their levels, of how many."""
    outcome: dict[str, tuple[int, int]] = {}
    for trial in trials:
        if trial.kind == "gold" and trial.value is not None:
            clip = clips[trial.first]
            missed, seen = outcome.get(trial.rater, (0, 0))
            miss = not clip.low <= trial.value <= clip.high
            outcome[trial.rater] = missed + miss, seen + 1
    return outcome


def missed_gold(trials: Iterable[RatedTrial], clips: Mapping[int, StoredClip]) -> frozenset[str]:
    """Raters who are left out since they missed too many gold clips."""
    return frozenset(
        rater
        for rater, (missed, seen) in gold(trials, clips).items()
        if seen >= LEAST_GOLD and missed > MOST_MISSED * seen
    )


def matrix(trials: Iterable[RatedTrial], clips: Mapping[int, StoredClip]) -> Ratings:
    """Ratings of single clips as a matrix; it may be empty."""
    trials = list(trials)
    names = list(dict.fromkeys(clips[trial.first].name for trial in trials))
    raters = list(dict.fromkeys(trial.rater for trial in trials))
    videos, places = ({name: place for place, name in enumerate(some)} for some in (names, raters))
    values = np.full((len(names), len(raters)), np.nan)
    for trial in trials:
        if trial.value is not None:
            values[videos[clips[trial.first].name], places[trial.rater]] = trial.value
    return Ratings(tuple(names), tuple(raters), values)


def read_single(store: Store) -> tuple[Ratings, list[str]]:
    """Ratings that count, and sentences about those that do not.

    Raises:
        DataError: there are none of two raters.
    """
    trials, clips, notes = _usable(store)
    ratings = matrix(trials, clips)
    if len(ratings.raters) < 2:
        raise DataError(
            f"{store.path}: has ratings of {count(len(ratings.raters), 'rater')}; an opinion "
            "score needs two"
        )
    return ratings, notes


def read_pairs(store: Store) -> tuple[Pairs, list[str]]:
    """Comparisons that count, and sentences about those that do not.

    Raises:
        DataError: there are none.
    """
    trials, clips, notes = _usable(store)
    comparisons = [
        (clips[trial.first].name, clips[trial.second].name, trial.rater, trial.value == 1)
        for trial in trials
        if trial.second is not None
    ]
    if not comparisons:
        raise DataError(f"{store.path}: has no comparison yet; wait for raters")
    return pairs(comparisons), notes


def _usable(store: Store) -> tuple[list[RatedTrial], dict[int, StoredClip], list[str]]:
    clips = {clip.number: clip for clip in store.clips()}
    trials = store.rated()
    missed = missed_gold(trials, clips)
    usable = [trial for trial in counted(trials) if trial.rater not in missed]
    notes = [
        f"{count(number, what)} not counted: {why}"
        for number, what, why in (
            (_number(trials, disturbed=True), "rating", "the playback was disturbed"),
            (_number(trials, disturbed=False), "trial", "the clip could not be shown"),
        )
        if number
    ]
    return usable, clips, [*notes, *_missed(missed)]


def _number(trials: Iterable[RatedTrial], *, disturbed: bool) -> int:
    if disturbed:
        return sum(
            trial.kind == "test"
            and trial.value is not None
            and bool(trial.playback.get("disturbed"))
            for trial in trials
        )
    return sum(trial.kind == "test" and trial.value is None for trial in trials)


def _missed(raters: Collection[str]) -> list[str]:
    return [f"left out for gold clips: {', '.join(sorted(raters))}"] if raters else []
