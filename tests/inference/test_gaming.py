"""The search for cheap edits that raise a score."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.best import copies
from tests.scoring import toy
from vq.inference import cheap_edits, gaming, runtime


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> runtime.Model:
    """A student that likes what is bright."""
    folder = tmp_path_factory.mktemp("student")
    return runtime.load(toy.write_bundle(folder, *toy.BRIGHTNESS))


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos."""
    folder = tmp_path_factory.mktemp("videos")
    copies.write(copies.scene(8, 6), folder / "a.mp4", 20)
    copies.write(copies.scene(9, 6), folder / "b.mp4", 20)
    return folder


def test_a_planted_weakness_is_found(model: runtime.Model, videos: Path) -> None:
    """Whoever likes what is bright is fooled by a tone curve."""
    gain = gaming.search(model, videos / "a.mp4", tries=40, rng=np.random.default_rng(1))

    assert gain.gain > 0.1
    assert {name for name, _ in gain.chain} & {"gamma", "contrast"}
    assert "gamma" in gain.words or "contrast" in gain.words


def test_the_same_seed_finds_the_same(model: runtime.Model, videos: Path) -> None:
    """A verdict does not depend on the day."""
    one, other = (
        gaming.search(model, videos / "a.mp4", tries=8, rng=np.random.default_rng(2))
        for _ in range(2)
    )

    assert one == other


def test_the_best_rated_of_each_content_are_searched(model: runtime.Model, videos: Path) -> None:
    """Nothing can be added to what they show."""
    rows = pd.DataFrame(
        {
            "video": ["a.mp4", "b.mp4", "worse.mp4"],
            "mos": [4.0, 4.5, 2.0],
            "content": ["a", "b", "b"],
        }
    )
    measured = gaming.measure(rows, videos, model, count=2, tries=3, seed=7)
    assert measured is not None

    assert measured["videos"] == 2
    assert measured["most"] >= measured["mean"] >= 0
    assert measured["worst"]["gain"] == measured["most"]
    assert gaming.measure(rows, videos, model, count=0, tries=3, seed=7) is None


@pytest.mark.parametrize("name", cheap_edits.EDITS)
def test_every_edit_gives_frames(name: str) -> None:
    """Of even sides, as many as there were, and the same each time."""
    frames = copies.scene(10, 3)[:, :48, :64]
    for strength in (0.0, 0.5, 1.0):
        edited = cheap_edits.EDITS[name](frames, strength)
        assert edited.dtype == np.uint8
        assert len(edited) == 3
        assert edited.shape[1] % 2 == edited.shape[2] % 2 == 0
        assert np.array_equal(edited, cheap_edits.EDITS[name](frames, strength))
    assert cheap_edits.in_words([(name, 0.5)])
