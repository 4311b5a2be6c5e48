"""All models on one split."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vq.metrics import agreement, mapping
from vq.metrics.interval import Bootstrap
from vq.metrics.summary import Rated, rounded, summarise


def rated(rng: np.random.Generator) -> Rated:
    """Six contents, ten versions each; the student is better than plain."""
    mos = rng.normal(3, 1, 60)
    return Rated(
        contents=np.repeat(list("abcdef"), 10),
        mos=mos,
        scores={
            "student": mos + rng.normal(0, 0.3, 60),
            "plain": (mos + rng.normal(0, 2.0, 60)).astype(np.float32),
            "constant": np.full(60, 3.0),
        },
        columns={"codec": pd.Series(["h264", "vp9"] * 30)},
    )


@pytest.fixture
def given() -> Rated:
    """The same on every call."""
    return rated(np.random.default_rng(0))


def summary(given: Rated, **changes: int) -> dict[str, Any]:
    """With maps that are fitted on other videos."""
    other = rated(np.random.default_rng(1))
    curves = {name: mapping.fit(scores, other.mos) for name, scores in other.scores.items()}
    return summarise(
        given,
        curves,
        opinion="human",
        bootstrap=Bootstrap(400, 0.95, changes.get("seed", 0)),
    )


def test_values_are_those_of_agreement(given: Rated) -> None:
    """Ranks from the scores, distances from the mapped scores; every interval holds its value."""
    found = summary(given)
    student = found["models"]["student"]

    assert (found["rows"], found["contents"], found["opinion"]) == (60, 6, "human")
    assert student["srcc"]["value"] == agreement.srcc(given.scores["student"], given.mos)
    assert student["rmse"]["value"] < agreement.rmse(given.scores["plain"], given.mos)
    for measures in found["models"].values():
        for one in measures.values():
            assert one["low"] <= one["value"] <= one["high"]


def test_ranks_come_from_the_scores_and_distances_from_the_map(given: Rated) -> None:
    """A map that is flat ties all videos; the model did rank them."""
    curves = {name: mapping.Mapping("linear", (3.0, 0.0)) for name in given.scores}
    student = summarise(given, curves, opinion="human", bootstrap=Bootstrap(20, 0.95, 0))["models"][
        "student"
    ]

    assert student["srcc"]["value"] == agreement.srcc(given.scores["student"], given.mos)
    assert student["krcc"]["value"] == agreement.krcc(given.scores["student"], given.mos)
    assert student["plcc"]["value"] == 0
    assert student["rmse"]["value"] == pytest.approx(np.sqrt(np.mean((given.mos - 3) ** 2)))


def test_the_constant_has_a_row_of_zeros(given: Rated) -> None:
    """And its RMSE is about the spread of the ratings."""
    constant = summary(given)["models"]["constant"]

    assert constant["srcc"] == {"value": 0, "low": 0, "high": 0}
    assert constant["rmse"]["value"] == pytest.approx(np.std(given.mos), rel=0.1)


def test_differences_are_paired(given: Rated) -> None:
    """A model minus itself is exactly 0 in every resample."""
    twin = Rated(given.contents, given.mos, {**given.scores, "plain": given.scores["student"]}, {})

    assert summary(twin)["differences"]["student-plain"] == {"value": 0, "low": 0, "high": 0}
    assert summary(given)["differences"]["student-plain"]["low"] > 0


def test_slices_are_of_the_student(given: Rated) -> None:
    """Thirty videos each, and their mean errors average to the whole."""
    found = summary(given)["slices"]["codec"]

    assert [found["h264"]["n"], found["vp9"]["n"]] == [30, 30]
    assert found["vp9"]["srcc"] > 0.8


def test_the_seed_decides_the_last_digit(given: Rated) -> None:
    """Same seed, same numbers; another seed, another interval."""
    one, same, other = (summary(given, seed=seed) for seed in (0, 0, 1))

    assert one == same
    assert one["models"]["student"]["srcc"] != other["models"]["student"]["srcc"]


def test_numbers_are_rounded_to_six_decimals() -> None:
    """At any depth; what is no float stays, and there is no minus zero."""
    found = rounded({"a": {"b": 1 / 3, "n": 7, "none": None}, "zero": -1e-9})

    assert found == {"a": {"b": 0.333333, "n": 7, "none": None}, "zero": 0.0}
    assert str(found["zero"]) == "0.0"
