"""How alike experts are (claim 8: the structures of the library differ)."""

import numpy as np
import pandas as pd
import pytest

from vq.pruning import similarity


def cka(one: np.ndarray, other: np.ndarray) -> float:
    """Of two experts."""
    return float(similarity.matrix({"one": one, "other": other}).loc["one", "other"])


def test_cka_knows_turned_copies_and_strangers() -> None:
    """1 for a rotated, scaled copy (its invariance); near 0 for independent noise."""
    rng = np.random.default_rng(0)
    one = rng.normal(size=(400, 5))
    turned = 3 * one @ np.linalg.qr(rng.normal(size=(5, 5)))[0]

    assert cka(one, 2 * one + 1) == pytest.approx(1)
    assert cka(one, turned) > 0.95
    assert cka(one, rng.normal(size=(400, 7))) < 0.1


def test_cka_against_the_formula_of_kornblith() -> None:
    """Norm of the cross covariance over those of the covariances (their equation 5).

    With many videos, where its bias is small.
    """
    rng = np.random.default_rng(1)
    one = rng.normal(size=(1000, 3))
    other = one[:, :2] + rng.normal(size=(1000, 2))
    x, y = ((m - m.mean(0)) / m.std(0) for m in (one, other))
    expected = np.linalg.norm(y.T @ x) ** 2 / np.linalg.norm(x.T @ x) / np.linalg.norm(y.T @ y)

    assert cka(one, other) == pytest.approx(expected, abs=0.01)


def test_wide_experts_of_few_videos_are_not_alike_for_that() -> None:
    """Kornblith's formula calls this noise .9 alike: any two are that are wider than many."""
    rng = np.random.default_rng(2)

    assert cka(rng.normal(size=(80, 1000)), rng.normal(size=(80, 800))) < 0.15


def test_missing_videos_and_constant_columns_take_no_part() -> None:
    """A NaN row is no difference; a column that never changes says nothing."""
    rng = np.random.default_rng(3)
    one = rng.normal(size=(60, 4))
    copy = np.concatenate([5 * one, np.full((60, 1), 7.0)], axis=1)
    copy[3] = np.nan

    assert cka(one, copy) > 0.999


def mixed(rng: np.random.Generator, rows: int, width: int) -> np.ndarray:
    """An expert whose columns are correlated, as those of networks are."""
    return rng.normal(size=(rows, width // 4)) @ rng.normal(size=(width // 4, width))


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """What two experts say of each other."""
    return float(similarity.shared({"one": one, "other": other}).loc["one", "other"])


def test_a_copy_is_known_however_its_columns_are_mixed() -> None:
    """Which CKA is not good for: it depends on how columns are scaled."""
    rng = np.random.default_rng(4)
    one = mixed(rng, 300, 40)
    turned = one @ np.linalg.qr(rng.normal(size=(40, 40)))[0]
    scaled = turned * rng.uniform(0.1, 10, size=40) + 3

    assert alike(one, scaled) > 0.99
    assert cka(one, scaled) < 0.98
    assert alike(one, scaled + 2 * scaled.std(0) * rng.normal(size=scaled.shape)) < 0.9


def test_strangers_and_parts_are_no_twins() -> None:
    """Noise says nothing of an expert; a part is told by the whole, but does not tell it."""
    rng = np.random.default_rng(5)
    one, other = rng.normal(size=(300, 8)), rng.normal(size=(300, 8))

    assert alike(one, other) == 0
    assert alike(one, np.concatenate([one, other], axis=1)) == pytest.approx(0.5, abs=0.05)


def test_a_copy_of_a_wide_expert_is_known_on_few_videos() -> None:
    """There an expert cannot even predict itself: what it can is the measure."""
    rng = np.random.default_rng(6)
    one = rng.normal(size=(60, 500))

    assert alike(one, one[:, ::-1]) > 0.99
    assert alike(one, rng.normal(size=(60, 500))) < 0.1


def test_what_no_expert_misses_is_compared() -> None:
    """NaN rows take no part; an expert that never changes is nobody's twin."""
    rng = np.random.default_rng(7)
    one = rng.normal(size=(60, 4))
    copy = 5 * one
    copy[3] = np.nan

    assert alike(one, copy) > 0.99
    assert alike(one, np.ones((60, 2))) == 0


def test_of_two_that_are_alike_one_goes_out() -> None:
    """Claim 8: the structures of the library differ."""
    rng = np.random.default_rng(0)
    one = rng.normal(size=(60, 4))
    features = {"one": one, "copy": 5 * one, "other": rng.normal(size=(60, 4))}
    shared = similarity.shared(features)

    first = similarity.twins(shared, lambda name, other: False, 0.9)
    second = similarity.twins(shared, lambda name, other: True, 0.9)

    assert first == {"copy": ("one", pytest.approx(1, abs=0.01))}
    assert second == {"one": ("copy", pytest.approx(1, abs=0.01))}


def test_one_that_stays_may_stand_for_several() -> None:
    """Each that goes out is told by the one that stays, if that one is of the last to come."""
    names = ["a", "b", "c"]
    shared = pd.DataFrame([[1, 0.5, 0.95], [0.5, 1, 0.96], [0.95, 0.96, 1]], names, names)

    assert similarity.twins(shared, lambda name, other: True, 0.9) == {
        "a": ("c", 0.95),
        "b": ("c", 0.96),
    }
    assert set(similarity.twins(shared, lambda name, other: name == "b", 0.9)) == {"c"}
