"""Ratings of several data sets, worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from vq.data import manifest, rating_scales, score_distribution
from vq.data.card import Card, Ratings, Scale
from vq.errors import DataError

LAB = Ratings(opinion="human", scale=Scale(min=0, max=100), better="lower", licence="own")
CARD = Card(
    name="web", opinion="human", scale=Scale(min=1, max=5), licence="own", datasets={"lab": LAB}
)


def rows(*given: tuple[str, float | None, float | None]) -> pd.DataFrame:
    """A manifest of data set, mos and its deviation."""
    return manifest.build([{"dataset": d, "mos": m, "mos_std": s} for d, m, s in given])


def test_the_primary_is_number_0() -> None:
    """The others are in the order of the card."""
    found = rating_scales.number(rows(("lab", 20, None), ("web", 3, None)), CARD)

    assert found.tolist() == [1, 0]


def test_a_dmos_beside_a_mos() -> None:
    """0 of 100 is the best DMOS, 25 a quarter of the way down: 5 and 4 of 1 to 5; 10 points, .4."""
    table = rows(("lab", 0, 10), ("lab", 25, None), ("lab", 100, 0), ("web", 2.2, 0.7))

    mos, std = rating_scales.on_primary_scale(table, CARD)

    assert mos.tolist() == [5, 4, 1, 2.2]
    np.testing.assert_allclose(std, [0.4, np.nan, 0, 0.7])


def test_there_and_back_again() -> None:
    """What a score of the primary's scale is on each row's own."""
    table = rows(("lab", 0, None), ("lab", 25, None), ("lab", 100, None), ("web", 2.2, None))

    back = rating_scales.on_own_scale(rating_scales.on_primary_scale(table, CARD)[0], table, CARD)

    np.testing.assert_allclose(back, [0, 25, 100, 2.2], atol=1e-12)


def test_a_mos_beside_a_dmos() -> None:
    """Where lower is better for the primary, the other set is turned to it."""
    card = CARD.model_copy(
        update={"better": "lower", "datasets": {"lab": LAB.model_copy(update={"better": "higher"})}}
    )

    assert rating_scales.on_primary_scale(rows(("lab", 75, None)), card)[0].tolist() == [2]


def test_levels_mean_the_same_for_both() -> None:
    """A DMOS of 25 +- 25 is spread over its five levels as a MOS of 4 +- 1 is over its own."""
    mos, std = rating_scales.on_primary_scale(rows(("lab", 25, 25), ("web", 4, 1)), CARD)

    found = score_distribution.distribution(mos, std, score_distribution.values(1.0, 5.0, 5))
    own = score_distribution.distribution(
        np.array([25.0]), np.array([25.0]), score_distribution.values(0.0, 100.0, 5)
    )

    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_allclose(found[0], own[0, ::-1], atol=1e-5)


def test_the_primary_keeps_its_bits_and_the_unlabelled_stay_so() -> None:
    """A scale that is only gone through and back would move a last digit."""
    table = rows(("web", 1.1 + 2.2, 0.1), ("lab", None, None))

    mos, _ = rating_scales.on_primary_scale(table, CARD)

    assert mos[0] == 1.1 + 2.2
    assert np.isnan(mos[1])
    assert table["mos"][0] == 1.1 + 2.2


def test_a_set_that_the_card_does_not_know_is_named() -> None:
    """Import refuses its rows; here the card is another one than at import."""
    with pytest.raises(DataError, match=r"data sets \['x'\] that the card .* only web, lab; run"):
        rating_scales.number(rows(("x", 3, None), ("web", 3, None)), CARD)
