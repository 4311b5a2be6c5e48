"""Out-of-fold scores: nothing of a video's family takes part in what is said of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.toy_data import VALUES, make_data
from vq.data import score_distribution
from vq.training.cross_validation import deal, out_of_fold


def test_families_are_dealt_whole_and_evenly() -> None:
    """Seven families in three folds: three, two and two of them."""
    families = [f"f{number % 7}" for number in range(40)]

    fold = deal(families, 3, rng=np.random.default_rng(0))

    whole = {name: {int(f) for f, n in zip(fold, families, strict=True) if n == name}
             for name in set(families)}  # fmt: skip
    assert [len(places) for places in whole.values()] == [1] * 7
    of = [places.pop() for places in whole.values()]
    assert sorted(of.count(one) for one in range(3)) == [2, 2, 3]


def test_two_families_are_two_folds_and_one_cannot_be_parted() -> None:
    """However many folds are asked for."""
    assert set(deal(["a", "b", "b"], 5, rng=np.random.default_rng(0))) == {0, 1}
    with pytest.raises(ValueError, match="1 family cannot be parted"):
        deal(["a", "a"], 5, rng=np.random.default_rng(0))


def test_the_labels_of_a_family_change_nothing_of_what_is_said_of_it() -> None:
    """To the bit; and they do change what is said of others."""
    data = make_data({"good": 0.2, "fair": 0.5})
    target, mos = data.target.clone(), data.mos.clone()
    mos[:3] = 1
    target[:3] = torch.from_numpy(
        score_distribution.distribution(np.ones(3), np.full(3, 0.7), VALUES)
    )
    rows = np.arange(60)
    families = [f"f{number // 3}" for number in rows]

    before, after = (
        out_of_fold(one, rows, families, folds=4, rounds=1, seed=0)
        for one in (data, replace(data, target=target, mos=mos))
    )

    np.testing.assert_array_equal(after[:3], before[:3])
    assert (after[3:] != before[3:]).any()
    assert np.corrcoef(before, data.mos[:60].numpy())[0, 1] > 0.8
