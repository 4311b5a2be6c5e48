"""How alike experts are (claim 8: the structures of the library differ)."""

import numpy as np
import pytest

from vq.prune import similarity


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


def test_of_two_that_are_alike_the_weaker_goes_out() -> None:
    """Claim 8: the structures of the library differ."""
    rng = np.random.default_rng(0)
    one = rng.normal(size=(60, 4))
    features = {"copy": 5 * one, "one": one, "other": rng.normal(size=(60, 4))}
    strength = {"copy": 0.5, "one": 0.7, "other": 0.1}

    out = similarity.twins(similarity.matrix(features), strength, 0.98)

    assert out == {"copy": ("one", pytest.approx(1.0))}
