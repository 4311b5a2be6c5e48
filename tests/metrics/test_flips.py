"""Shares of decisions that change, and what a map takes back."""

import numpy as np
import pytest

from vq.metrics import flips, flips_table, score_map_fit
from vq.metrics.interval import Bootstrap

BOOTSTRAP = Bootstrap(resamples=200, confidence=0.95, seed=7)
SCALE = (1.0, 5.0)
RNG = np.random.default_rng(1)
CONTENTS = np.repeat([f"c{number:02d}" for number in range(30)], 8)
OLD = RNG.uniform(1.5, 4.5, len(CONTENTS))


def test_decisions_are_counted_at_each_threshold() -> None:
    """Of four videos, the second crosses 3, none crosses 2; by hand."""
    old, new = np.array([1.5, 2.9, 3.5, 4.0]), np.array([1.6, 3.1, 3.4, 4.0])
    contents = np.array(["a", "a", "b", "b"])

    two, three = flips.flips(new, old, contents, [2.0, 3.0], mapped=None, bootstrap=BOOTSTRAP)

    assert (two.below, two.plain.value, two.mapped) == (0.25, 0.0, None)
    assert (three.below, three.plain.value) == (0.5, 0.25)
    assert (three.plain.low, three.plain.high) == (0.0, 0.5)


def test_no_flip_among_few_contents_is_not_certain() -> None:
    """Clopper and Pearson: of 30 contents without a hit, 1 - 0.025 ** (1 / 30) may have one."""
    (one,) = flips.flips(OLD, OLD, CONTENTS, [3.0], mapped=OLD, bootstrap=BOOTSTRAP)

    assert one.plain.high == pytest.approx(0.1157, abs=1e-4)


def test_a_map_takes_back_what_is_the_same_for_all_videos() -> None:
    """A student that stretches the scale by a tenth and moves it by a fifth."""
    new = 0.9 * OLD + 0.4

    mapped = flips.cross_fitted(new, OLD, CONTENTS, scale=SCALE)

    assert mapped is not None
    inner = (np.quantile(OLD, 0.1) < OLD) & (np.quantile(OLD, 0.9) > OLD)
    assert mapped[inner] == pytest.approx(OLD[inner], abs=1e-6)
    (one,) = flips.flips(new, OLD, CONTENTS, [2.5], mapped=mapped, bootstrap=BOOTSTRAP)
    assert one.mapped is not None
    assert one.mapped.value == 0
    assert one.plain.low > 0


def test_no_video_is_mapped_by_what_was_fitted_on_it() -> None:
    """Change the old scores of one content: its own mapped scores stay as they are."""
    other = OLD + np.where(CONTENTS == "c03", 0.4, 0.0)
    new = OLD + RNG.normal(0, 0.1, len(OLD))

    one, two = (flips.cross_fitted(new, old, CONTENTS, scale=SCALE) for old in (OLD, other))

    assert one is not None
    assert two is not None
    assert (one[CONTENTS == "c03"] == two[CONTENTS == "c03"]).all()
    assert (one[CONTENTS == "c04"] != two[CONTENTS == "c04"]).all()


@pytest.mark.parametrize(
    ("new", "old"),
    [
        pytest.param(np.full(9, 3.0), np.linspace(2, 4, 9), id="constant"),
        pytest.param(np.linspace(2, 4, 9), np.full(9, 3.0), id="constant-champion"),
        pytest.param(np.full(9, 1.0), np.full(9, 5.0), id="at-the-ends"),
        pytest.param(np.linspace(1, 5, 9), 6 - np.linspace(1, 5, 9), id="turned-round"),
        pytest.param(np.linspace(2.9, 3, 9), np.linspace(1, 5, 9), id="steep"),
    ],
)
def test_a_map_rises_whatever_the_scores(new: np.ndarray, old: np.ndarray) -> None:
    """Two videos that differ still differ, in the same direction, inside of the scale."""
    score_map = score_map_fit.fit(new, old, scale=SCALE)

    mapped = [score_map(score) for score in np.linspace(1, 5, 50)]
    assert (np.diff(mapped) > 0).all()
    assert score_map.ends == SCALE


def test_too_few_contents_have_no_map() -> None:
    """It would tell more of them than of the models."""
    few = CONTENTS < "c03"
    assert flips.cross_fitted(OLD[few], OLD[few], CONTENTS[few], scale=SCALE) is None


def test_flips_survive_json_and_read_as_percentages() -> None:
    """One content has no interval: null in JSON, words for people."""
    single = np.repeat("c", len(OLD))
    (one,) = flips.flips(OLD + 0.1, OLD, single, [3.0], mapped=None, bootstrap=BOOTSTRAP)

    raw = flips_table.to_json(one)

    assert raw["plain"]["low"] is None
    assert flips_table.to_json(flips_table.from_json(raw)) == raw
    assert "% (no interval) of decisions change; " in flips_table.sentence(one)
