"""A score beside those of a reference collection."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq.commands.export import export
from vq.errors import DataError
from vq.inference import card as cards
from vq.inference import runtime
from vq.inference.calibrate import reference
from vq.inference.reference import Reference

QUANTILES = {"name": "toy validation", "videos": 40, "quantiles": [1.0, 2.0, 2.0, 4.0, 5.0]}


@pytest.mark.parametrize(
    ("score", "percent"), [(0.5, 0), (1, 0), (1.5, 12.5), (2, 25), (3, 62.5), (5, 100), (6, 100)]
)
def test_the_percentile_is_the_share_that_is_worse(score: float, percent: float) -> None:
    """By hand: between quantiles on a line; of equal scores none is worse than another."""
    collection = Reference("toy", 5, (1.0, 2.0, 2.0, 4.0, 5.0))

    assert collection.percentile(float(score), "higher") == percent
    assert collection.percentile(float(score), "lower") == 100 - percent


def test_percentiles_are_those_of_numpy() -> None:
    """Of a large collection, to the percent."""
    scores = np.random.default_rng(0).normal(3, 0.5, 5000)
    collection = reference(scores, "normal")

    assert collection is not None
    for score in (2.2, 2.9, 3.3, 4.0):
        shares = 100 * (scores < score).mean()
        assert collection.percentile(float(score), "higher") == pytest.approx(shares, abs=0.5)


def test_a_row_has_word_and_percentile(tmp_path: Path) -> None:
    """Black scores 3, as the toy student goes; a bundle without a collection has no percentile."""
    video = write_video(tmp_path / "black.mkv", level=lambda _: 0)
    with_one = runtime.load(write_bundle(tmp_path / "a", *BRIGHTNESS, reference=QUANTILES))
    without = runtime.load(write_bundle(tmp_path / "b", *BRIGHTNESS))

    row = with_one.score(video)
    assert (row.label, row.percentile) == ("fair", 62.5)
    assert without.score(video).percentile is None


def test_a_map_of_scores_changes_no_percentile(tmp_path: Path) -> None:
    """It keeps the order of scores, and the collection was scored without it."""
    scale = {"model": "student 1", "releases": 1, "map": {"points": [[1, 1], [3, 2], [5, 5]]}}
    video = write_video(tmp_path / "black.mkv", level=lambda _: 0)
    mapped = write_bundle(
        tmp_path / "a", *BRIGHTNESS, reference=QUANTILES, format=4, scores_as=scale
    )

    row = runtime.load(mapped).score(video)
    assert (row.score, row.label, row.percentile) == (pytest.approx(2), "poor", 62.5)


def test_the_collection_travels_with_the_bundle(tmp_path: Path) -> None:
    """Whoever exports a student takes it along."""
    export(write_bundle(tmp_path / "a", *BRIGHTNESS, reference=QUANTILES), tmp_path / "b")

    card, _ = cards.load(tmp_path / "b")
    assert card.reference == Reference("toy validation", 40, (1.0, 2.0, 2.0, 4.0, 5.0))
    assert json.loads(cards.dumps(card))["reference"] == QUANTILES


def test_quantiles_that_fall_are_refused(tmp_path: Path) -> None:
    """They are of no collection."""
    broken = QUANTILES | {"quantiles": [3.0, 2.0]}

    with pytest.raises(DataError, match=r"card\.json: a reference needs two quantiles"):
        cards.load(write_bundle(tmp_path, *BRIGHTNESS, reference=broken))
