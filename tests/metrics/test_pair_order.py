"""Order that needs no label: which pairs there are, and how many are kept."""

from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from vq.errors import DataError
from vq.metrics import pair_order
from vq.metrics.interval import Bootstrap

COLUMNS = {"film": "film", "ladder": "ladder", "strength": "strength"}


def videos(*rows: tuple[object, ...]) -> pd.DataFrame:
    """A manifest; a row is content, film, ladder and strength."""
    frame = pd.DataFrame(rows, columns=["content", "film", "ladder", "strength"])
    names = [f"v{n}.mp4" for n in range(len(rows))]
    return frame.assign(video=pd.Series(names, dtype="string"))


def pairs(
    table: pd.DataFrame,
    scores: list[float],
    *,
    apart: float = 0.2,
    better: Literal["higher", "lower"] = "higher",
) -> pd.DataFrame:
    """Pairs of a manifest, by scores in its order."""
    kinds = table["ladder"].astype("string").fillna("none").tolist()
    rungs = pair_order.rungs_of(table, kinds, **COLUMNS, name="m.parquet")
    return pair_order.pair_up(
        rungs, pd.Series(scores, index=table.index), apart=apart, better=better
    )


def names(found: pd.DataFrame) -> list[tuple[int, int]]:
    """Numbers of the milder and the stronger video of each pair."""
    cells = found[["video_mild", "video_strong"]].to_numpy(str)
    return [(int(mild[1:-4]), int(strong[1:-4])) for mild, strong in cells]


def share(found: pd.DataFrame) -> dict[str, Any]:
    """Of pairs in the right order."""
    return pair_order.share(found, Bootstrap(200, 0.95, 0))


FILM = videos(
    ("a", "a1", "none", 0.0), ("a", "a1", "blur", 0.3), ("a", "a1", "blur", 0.6),
    ("a", "a1", "noise", 0.9),
)  # fmt: skip


def test_a_rung_pairs_with_its_ladder_and_the_film_without_damage_with_all() -> None:
    """Blur and noise are not compared: which is worse, nobody knows without a label."""
    assert names(pairs(FILM, [4, 3, 2, 1])) == [(0, 1), (0, 2), (0, 3), (1, 2)]


def test_films_contents_and_ladders_are_never_mixed() -> None:
    """Equal names of films, and of ladders, mean nothing beyond their content and their film."""
    table = videos(
        ("a", "0", "blur", 0.0), ("b", "0", "blur", 0.5), ("a", "1", "blur", 0.9),
        ("b", "0", "noise", 0.9),
    )  # fmt: skip

    assert pairs(table, [1, 2, 3, 4]).empty


@pytest.mark.parametrize(
    ("scores", "value"),
    [
        pytest.param([4, 3, 2, 1], 1.0, id="perfect"),
        pytest.param([1, 2, 3, 4], 0.0, id="reversed"),
        pytest.param([3, 3, 3, 3], 0.0, id="equal"),
        pytest.param([4, 2, 3, 1], 0.75, id="one-of-four"),
    ],
)
def test_the_share_is_of_pairs_in_the_right_order(scores: list[float], value: float) -> None:
    """By hand; equal scores are no order."""
    found = share(pairs(FILM, scores))

    assert (found["value"], found["pairs"]) == (value, 4)


def test_lower_may_be_better() -> None:
    """Scores on the scale of a DMOS rise with damage."""
    assert share(pairs(FILM, [1, 2, 3, 4], better="lower"))["value"] == 1.0


def test_strengths_that_are_close_are_not_compared() -> None:
    """Nor equal ones; a difference that is `apart` but for its last bit is."""
    steps = (0.5, 0.5, 0.6, 0.7)
    table = videos(*(("a", "a", "blur", strength) for strength in steps))

    assert names(pairs(table, [4, 3, 2, 1])) == [(0, 3), (1, 3)]


def test_a_video_of_which_too_little_is_known_takes_no_part() -> None:
    """Empty film, ladder or strength; one without damage needs no ladder."""
    table = videos(
        ("a", "a", None, 0), ("a", "a", "blur", ""), ("a", None, "blur", 0.5),
        ("a", "a", "", 0.5), ("a", "a", "blur", 0.7),
    )  # fmt: skip

    assert names(pairs(table, [5, 4, 3, 2, 1])) == [(0, 4)]


def test_columns_of_any_type_will_do() -> None:
    """Numbers of takes and ladders, strengths that were read as words, an index with gaps."""
    table = videos(("a", 1, -1, "0"), ("a", 1, 0, "0.4"), ("a", 1, 0, "0.9"), ("a", 2, 0, "1"))
    table.index = pd.Index([7, 3, 11, 2])

    assert names(pairs(table, [4, 3, 2, 1])) == [(0, 1), (0, 2), (1, 2)]


@pytest.mark.parametrize("strength", ["strong", -0.1, "inf"])
def test_a_strength_that_is_none_is_named(strength: object) -> None:
    """With the video, the cell, and what it should be."""
    table = videos(("a", "a", "blur", 0.5), ("a", "a", "blur", strength))

    with pytest.raises(DataError, match=rf"m\.parquet: v1\.mp4 has '{strength}'.*number from 0"):
        pairs(table, [2, 1])


def test_a_column_that_is_not_there_is_named() -> None:
    """With the key, and the two ways out."""
    with pytest.raises(
        DataError, match=r"no column 'take'.*order\.film of columns\.yaml.*take `order` out"
    ):
        pair_order.rungs_of(FILM, ["x"] * 4, **{**COLUMNS, "film": "take"}, name="m.parquet")


def test_the_interval_draws_contents() -> None:
    """Pairs of one content fall together: half the contents right is wide, however many pairs."""

    def width(contents: int, right: bool) -> tuple[float | None, float | None]:
        rows = [
            (f"c{n}", "f", "blur", strength) for n in range(contents) for strength in (0, 0.5, 1)
        ]
        scores = [
            float(-place if right or n % 2 else place)
            for n in range(contents)
            for place in range(3)
        ]
        found = share(pairs(videos(*rows), scores))
        return found["low"], found["high"]

    low, high = width(20, False)

    assert low is not None
    assert high is not None
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 20), rel=0.2)
    assert width(20, True) == (1.0, 1.0)
    assert width(1, True) == (None, None)


def test_no_pair_has_no_share() -> None:
    """None, not 0 and not 1; nor is a missing order a wrong one."""
    nothing = pair_order.pair_up(pair_order.NONE, pd.Series(dtype=float), apart=0.2)

    assert share(nothing) == {"value": None, "low": None, "high": None, "pairs": 0}
    assert pair_order.wrong(nothing).empty
    assert list(nothing) == pair_order.PAIR


def test_the_worst_pairs_come_first() -> None:
    """By how far the worse video is ahead; those in order are not among them."""
    found = pair_order.wrong(pairs(FILM, [2.0, 2.0, 3.5, 1.0]))

    assert names(found) == [(0, 2), (1, 2), (0, 1)]
    assert found["margin"].tolist() == [-1.5, -1.5, 0.0]


def test_a_pair_is_of_the_kind_of_its_stronger_video() -> None:
    """The one without damage has none."""
    assert pairs(FILM, [4, 3, 2, 1])["kind"].tolist() == ["blur", "blur", "noise", "blur"]
