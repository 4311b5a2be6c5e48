"""Small deliveries of one champion, pooled."""

import numpy as np
import pytest

from tests.accuracy.records import make_record
from vq.accuracy.drop import drops
from vq.accuracy.measures import LEAST_CONTENTS
from vq.accuracy.pool import pool
from vq.accuracy.record import RatedScore, Record
from vq.metrics.interval import Bootstrap
from vq.params import Watch

BOOTSTRAP = Bootstrap(200, 0.95, 7)
WATCH = Watch(alpha=0.01, min_effect=0.2, min_rows=30, probe=0, days=None)
HALF = LEAST_CONTENTS // 2


def delivery(first: int, count: int, *, wrong: bool = False, random: bool = False) -> Record:
    """Videos of as many contents, each half a point off; or ranked the wrong way round."""
    mos = np.linspace(1.5, 4.5, count)
    score = mos[::-1] if wrong else mos + 0.5
    rated = [
        RatedScore(str(first + place), float(one), float(one) - 1, float(one) + 1, float(m), random)
        for place, (one, m) in enumerate(zip(score, mos, strict=True))
    ]
    return make_record(delivery=f"{first:064}", rated=tuple(rated), measures={})


def test_two_small_deliveries_say_what_neither_does() -> None:
    """Together they have an interval, and a drop is one of both."""
    few = [delivery(0, HALF, wrong=True), delivery(HALF, HALF, wrong=True)]

    assert pool(few[:1], BOOTSTRAP) is None
    pooled = pool(few, BOOTSTRAP)
    assert pooled is not None
    assert (pooled.deliveries, pooled.videos, pooled.random) == (2, LEAST_CONTENTS, False)
    assert pooled.measures["srcc"].has_bounds
    sentence = drops(pooled, WATCH)["srcc"]
    assert sentence.startswith(f"SRCC over 2 deliveries ({LEAST_CONTENTS} videos) is -1.000 [")


def test_a_large_delivery_does_not_repeat_the_drop_of_small_ones() -> None:
    """It has no rows to pool, and says enough by itself."""
    few = [delivery(0, HALF, wrong=True), delivery(HALF, HALF, wrong=True)]

    assert pool([*few, make_record(delivery="f" * 64)], BOOTSTRAP) is None


def test_enough_videos_that_were_drawn_at_random_count_alone() -> None:
    """What was chosen for what it teaches is no sample of what comes in."""
    chosen = [delivery(100, 2 * LEAST_CONTENTS, wrong=True)]
    drawn = [delivery(0, HALF, random=True), delivery(HALF, HALF, random=True)]

    pooled = pool([*chosen, *drawn], BOOTSTRAP)

    assert pooled is not None
    assert (pooled.deliveries, pooled.videos, pooled.random) == (2, LEAST_CONTENTS, True)
    assert pooled.measures["srcc"].value == pytest.approx(1.0)
    assert drops(pooled, WATCH) == {}
