"""What is chosen, of made features: no content twice, some at random, always the same."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from vq.active_learning.candidates import Candidates, gather
from vq.active_learning.choose import choose
from vq.errors import DataError
from vq.inference.row import Row
from vq.params import Ask

SETTINGS = Ask(random=0.25, candidates=70, others=70)


def rows(count: int, *, model: str = "m", seed: int = 1) -> list[Row]:
    """Scored videos with features of six numbers."""
    features = np.random.default_rng(seed).normal(size=(count, 6)).astype("<f2")
    return [
        Row(
            f"{number:03d}.mp4",
            "ok",
            score=3.0,
            model=model,
            feature=base64.b64encode(feature.tobytes()).decode(),
        )
        for number, feature in enumerate(features)
    ]


def names(candidates: Candidates, **options: object) -> list[str]:
    """The videos of 20 choices, in order."""
    chosen = choose(
        candidates,
        20,
        settings=SETTINGS,
        rng=np.random.default_rng(7),
        **options,  # type: ignore[arg-type]
    )
    return [candidates.videos[choice.place] for choice in chosen.choices]


def test_the_order_of_the_rows_changes_nothing() -> None:
    """A later row of a video counts; files may come in any order."""
    some = rows(80)
    old = replace(some[0], feature=some[1].feature)

    first, second = (gather(each, contents={}) for each in ([old, *some], list(reversed(some))))

    assert names(first) == names(second)
    assert len(set(names(first))) == 20


def test_a_quarter_is_drawn_at_random_from_all() -> None:
    """Whatever their features are, and though others are chosen from some only."""
    candidates = gather(rows(80), contents={})
    other = gather(rows(80, seed=2), contents={})

    drawn = [
        [
            choice.place
            for choice in choose(each, 20, settings=SETTINGS, rng=np.random.default_rng(7)).choices
            if choice.random
        ]
        for each in (candidates, other)
    ]

    assert drawn[0] == drawn[1] == np.random.default_rng(7).permutation(80)[:5].tolist()


def test_no_content_comes_twice() -> None:
    """Neither at random nor by design; when all are used up, there are fewer."""
    contents = {f"{number:03d}.mp4": str(number % 9) for number in range(80)}

    chosen = names(gather(rows(80), contents=contents))

    assert sorted(contents[video] for video in chosen) == sorted(map(str, range(9)))


def test_what_fails_the_check_is_replaced() -> None:
    """Each is looked at once, and the budget is kept."""
    candidates = gather(rows(80), contents={})
    seen: list[str] = []

    def check(videos: Sequence[str]) -> Mapping[str, str]:
        seen.extend(videos)
        return {video: "no" for video in videos if video < "040"}

    chosen = names(candidates, check=check)

    assert len(chosen) == 20
    assert min(chosen) >= "040"
    assert len(seen) == len(set(seen)) > 20


def test_what_rated_videos_teach_is_not_asked_again() -> None:
    """They are never chosen; those like them are chosen less often than without them."""
    old = rows(40)
    rated = gather(old, contents={})
    twins = [replace(row, video=f"twin-{row.video}") for row in old]
    new = [replace(row, video=f"new-{row.video}") for row in rows(40, seed=5)]
    candidates = gather([*new, *twins, *old], contents={}, rated=rated.videos)

    with_, without = names(candidates, rated=rated), names(candidates)

    assert not set(with_) & set(rated.videos)
    counts = [sum(name.startswith("twin") for name in each) for each in (with_, without)]
    assert counts[0] < counts[1] - 3


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param({"feature": ""}, "a score but no feature; score them with", id="none"),
        pytest.param({"feature": "AAA"}, "its feature is damaged", id="damaged"),
        pytest.param({"feature": "AAAA"}, "ends within a number", id="cut"),
        pytest.param({"feature": "AHwAfAB8AHwAfAB8"}, "something that is no number", id="inf"),
        pytest.param({"model": "n"}, "has a score of n, others have one of m", id="model"),
    ],
)
def test_a_row_that_cannot_be_compared_is_named(bad: dict[str, str], reason: str) -> None:
    """With what to do."""
    with pytest.raises(DataError, match=rf"079\.mp4: .*{reason}"):
        gather([*rows(79), replace(rows(80)[79], **bad)], contents={})


def test_videos_without_a_score_are_counted() -> None:
    """They cannot be rated; of none at all, the remedy is told."""
    failed = Row("gone.mp4", "missing", "no such file")

    assert gather([*rows(3), failed], contents={}).without_score == 1
    with pytest.raises(DataError, match="vq score --feature"):
        gather([failed], contents={})
