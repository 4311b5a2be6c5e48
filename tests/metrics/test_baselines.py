"""What any model must beat."""

import numpy as np
import pytest

from vq.metrics import agreement, baselines


def videos(rng: np.random.Generator, count: int = 90) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ratings that hang on two of six statistics, three versions of each content."""
    features = rng.normal(0, 1, (count, 6)).astype(np.float32) * np.array([1, 50, 1, 1, 1, 1])
    mos = 3 + features[:, 0] + np.tanh(features[:, 1] / 50) + rng.normal(0, 0.1, count)
    return features, mos, np.repeat(np.arange(count // 3), 3).astype(str)


def test_the_constant_is_the_mean_of_the_training_videos() -> None:
    """And nothing of the videos it is judged on."""
    assert baselines.constant(np.array([1.0, 2.0, 6.0]), count=2).tolist() == [3, 3]


def test_the_regression_learns_from_statistics() -> None:
    """Of whatever unit: one of the two that matter is fifty times as large."""
    rng = np.random.default_rng(0)
    features, mos, contents = videos(rng)
    others, truth, _ = videos(rng)

    found = baselines.handcrafted(features, mos, contents, others, rng=rng)

    assert agreement.srcc(found, truth) > 0.9


def test_a_missing_number_does_not_drop_a_video() -> None:
    """Rows of nan, in training or not, get a finite score."""
    rng = np.random.default_rng(1)
    features, mos, contents = videos(rng)
    features[4] = np.nan
    others = np.full((2, 6), np.nan, np.float32)

    assert np.isfinite(baselines.handcrafted(features, mos, contents, others, rng=rng)).all()


def test_one_content_leaves_no_choice_of_settings() -> None:
    """Cross-validation needs two; the defaults do."""
    rng = np.random.default_rng(2)
    features, mos, _ = videos(rng, 9)

    found = baselines.handcrafted(features, mos, np.full(9, "a"), features, rng=rng)

    assert np.ptp(found) > 0


def test_a_large_set_is_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of training videos is bounded, and the same seed draws the same ones."""
    rng = np.random.default_rng(3)
    features, mos, contents = videos(rng, 45)
    given = (features, mos, contents, features[:5])

    monkeypatch.setattr(baselines, "PENALTIES", (2.0,))
    monkeypatch.setattr(baselines, "GAMMAS", (1.0,))
    whole = baselines.handcrafted(*given, rng=np.random.default_rng(0))
    monkeypatch.setattr(baselines, "MOST", 20)
    thin = [baselines.handcrafted(*given, rng=np.random.default_rng(0)) for _ in range(2)]

    assert (thin[0] == thin[1]).all()
    assert (thin[0] != whole).any()
