"""The map from scores to ratings."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vq.metrics import mapping
from vq.metrics.mapping import Mapping

LOGISTIC = Mapping("logistic", (1.0, 5.0, 0.4, 0.1))


def test_the_curve_that_made_the_ratings_is_found() -> None:
    """Ratings on a logistic of the scores come back exactly."""
    scores = np.linspace(0, 1, 40)

    found = mapping.fit(scores, LOGISTIC(scores))

    assert found.kind == "logistic"
    assert found.parameters == pytest.approx(LOGISTIC.parameters, rel=1e-3)


def test_the_curve_by_hand() -> None:
    """At the centre it is halfway; one width beyond, 1 / (1 + 1/e) of the way."""
    found = LOGISTIC(np.array([0.4, 0.5], np.float32))

    assert found == pytest.approx([3, 1 + 4 / (1 + np.exp(-1))], rel=1e-6)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.sampled_from([-1.0, 0.0, 0.3, 1.0]), st.integers(2, 30))
def test_a_map_never_turns_the_ranking(seed: int, truth: float, videos: int) -> None:
    """However bad the model: a higher score is never mapped to a lower rating."""
    rng = np.random.default_rng(seed)
    mos = rng.normal(3, 1, videos)
    scores = truth * mos + rng.normal(0, 0.5, videos)

    mapped = mapping.fit(scores, mos)(np.linspace(-20, 20, 200))

    assert np.isfinite(mapped).all()
    assert (np.diff(mapped) >= 0).all()


def test_a_model_that_ranks_backwards_gets_no_credit() -> None:
    """The best monotone map of a reversed ranking is flat: close to the mean rating."""
    mos = np.linspace(1, 5, 20)

    mapped = mapping.fit(-mos, mos)(-mos)

    assert np.ptp(mapped) < 0.05
    assert mapped.mean() == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        pytest.param(np.arange(5.0), "only 5 videos", id="few"),
        pytest.param(np.full(9, 2.0), "constant", id="constant"),
    ],
)
def test_a_line_says_why_it_is_no_curve(scores: np.ndarray, why: str) -> None:
    """A fallback is reported, never silent."""
    found = mapping.fit(scores, np.linspace(1, 5, len(scores)))

    assert found.kind == "linear"
    assert why in found.why_linear


def test_a_constant_is_mapped_to_the_mean_rating() -> None:
    """So that the RMSE of the constant baseline is the spread of the ratings."""
    found = mapping.fit(np.full(9, 2.0), np.linspace(1, 5, 9))

    assert found(np.array([2.0])) == pytest.approx(3)


def test_a_search_that_ends_nowhere_gives_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """SciPy raises RuntimeError when it runs out of steps."""

    def give_up(*_: object, **__: object) -> None:
        raise RuntimeError("Optimal parameters not found")

    monkeypatch.setattr(mapping, "curve_fit", give_up)
    found = mapping.fit(np.arange(10.0), np.arange(10.0))

    assert found.why_linear == "the logistic did not converge"
    assert found.parameters == pytest.approx((0, 1))


def test_the_unit_of_the_scores_does_not_matter() -> None:
    """Logits, percentages, MOS: the mapped ratings are the same."""
    rng = np.random.default_rng(0)
    mos = rng.uniform(1, 5, 60)
    scores = np.tanh(mos - 3) + rng.normal(0, 0.1, 60)

    one = mapping.fit(scores, mos)(scores)
    other = mapping.fit(1000 * scores - 70, mos)(1000 * scores - 70)

    np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_frozen_map_survives_json() -> None:
    """What was fitted is a value and travels with the numbers it made."""
    assert Mapping.from_json(json.loads(json.dumps(LOGISTIC.to_json()))) == LOGISTIC


def test_half_a_map_is_refused() -> None:
    """Three parameters are no logistic."""
    with pytest.raises(ValueError, match="no map from score to rating"):
        Mapping.from_json({"kind": "logistic", "parameters": [1, 2, 3]})
