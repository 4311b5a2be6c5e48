"""Small deliveries of one champion, taken together: each alone says too little."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vq.accuracy.measures import LEAST_CONTENTS, RatedScores, measure
from vq.accuracy.record import RatedScore, Record
from vq.metrics.interval import Bootstrap, Interval


@dataclass(frozen=True)
class Pool:
    """A champion's accuracy over several deliveries."""

    deliveries: int
    videos: int
    random: bool
    """Whether only videos that were drawn at random are counted."""
    promised: float | None
    """Coverage that the champion's card promises; None if it has no intervals."""
    measures: dict[str, Interval]
    """As those of a record."""


def pool(records: Sequence[Record], bootstrap: Bootstrap) -> Pool | None:
    """Measure the records of one champion as if they were one delivery.

    Where enough contents were drawn at random, they alone count: what was chosen for what it
    teaches lies further apart than what usually comes in. None for fewer than two deliveries, for
    too few contents for an interval, or if the latest delivery is too large to be pooled: it says
    enough by itself.
    """
    if not records[-1].rated:
        return None
    drawn = _rated(records, random=True)
    random = _contents(drawn) >= LEAST_CONTENTS
    rated = drawn if random else _rated(records, random=False)
    deliveries = sum(1 for rows in rated if rows)
    if deliveries < 2 or _contents(rated) < LEAST_CONTENTS:
        return None
    rows = [row for rows in rated for row in rows]
    measures = measure(as_arrays(rows), bootstrap)
    return Pool(deliveries, len(rows), random, records[-1].promised, measures)


def as_arrays(rows: Sequence[RatedScore]) -> RatedScores:
    """Columns of rated videos; None becomes nan."""
    return RatedScores(
        score=np.array([row.score for row in rows], np.float64),
        low=np.array([row.low for row in rows], np.float64),
        high=np.array([row.high for row in rows], np.float64),
        mos=np.array([row.mos for row in rows], np.float64),
        contents=np.array([row.content for row in rows], np.str_),
    )


def _rated(records: Sequence[Record], *, random: bool) -> list[list[RatedScore]]:
    return [[row for row in record.rated if row.random or not random] for record in records]


def _contents(rated: Sequence[Sequence[RatedScore]]) -> int:
    return len({row.content for rows in rated for row in rows})
