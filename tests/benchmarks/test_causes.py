"""What is planted, and how it is counted."""

import numpy as np
import pytest

from benchmarks import causes_damage, causes_fit
from tests.conftest import moving
from vq.causes.vocabulary import CAUSES
from vq.footage.filmed import damage_steps

TEXTURE = np.random.default_rng(4).integers(0, 60, (96, 128, 1), np.uint8)
FRAMES = np.stack(
    [
        moving(3 * number, 128, 96)[..., [0, 0, 0]] // 5 * 4 + np.roll(TEXTURE, -9 * number, axis=1)
        for number in range(14)
    ]
)


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_can_be_planted(cause: str) -> None:
    """It changes the film, keeps its size, and is the label."""
    rng = np.random.default_rng(2)

    version = causes_damage.version(FRAMES, 25, [cause], [0.9], rng)

    assert version is not None
    assert cause in version.causes
    frames = damage_steps.decode(version.data)
    assert frames.shape[1:] == FRAMES.shape[1:]
    assert np.abs(frames.astype(int) - FRAMES[: len(frames)]).mean() > 2


def test_frames_that_lack_in_a_still_are_no_damage() -> None:
    """Nobody could see it."""
    still = np.repeat(FRAMES[:1], 14, axis=0)
    rng = np.random.default_rng(2)

    assert causes_damage.version(still, 25, ["stalls"], [0.9], rng) is None
    assert causes_damage.version(still, 25, ["interlacing"], [0.9], rng) is None


def test_a_hit_names_one_of_those_that_were_planted() -> None:
    """A clean version has none to hit."""
    names = list(CAUSES)
    chances = np.eye(len(names))[[0, 0, 1, 2]]

    hits = causes_fit.hits(chances, [(names[0],), (names[1],), (names[3], names[1]), ()])

    np.testing.assert_array_equal(hits, [1, 0, 1, np.nan])


def test_calibration_error_by_hand() -> None:
    """Two of four at .75 in one bin are .25 off, one of one at .95 is .05: weighted, .21."""
    chance = np.array([0.75] * 4 + [0.95])
    truth = np.array([1, 1, 0, 0, 1])

    assert causes_fit.ece(chance, truth) == pytest.approx(0.8 * 0.25 + 0.2 * 0.05)
    assert causes_fit.bins_of(chance, truth) == [(0.75, 0.5, 4), (pytest.approx(0.95), 1.0, 1)]


def test_a_fit_tells_what_can_be_told() -> None:
    """Evidence that is the cause itself, in versions that it has not seen."""

    def drawn(seed: int) -> causes_fit.Rows:
        rng = np.random.default_rng(seed)
        causes = np.eye(len(CAUSES) + 1)[np.arange(120) % 12][:, : len(CAUSES)]
        return causes_fit.Rows(
            names=tuple(f"n{number}" for number in range(14)),
            evidence=np.hstack([3 * causes, rng.normal(size=(120, 3))]),
            causes=causes,
            planted=tuple(tuple(np.array(list(CAUSES))[row > 0].tolist()) for row in causes),
            strength=np.full(120, 0.5),
            content=np.repeat([f"c{number}" for number in range(10)], 12),
            kind=np.full(120, "photo"),
        )

    model = causes_fit.fit(drawn(1), seed=1, epochs=60)

    assert np.nanmean(causes_fit.hits(causes_fit.logits(model, drawn(2)), drawn(2).planted)) > 0.95
