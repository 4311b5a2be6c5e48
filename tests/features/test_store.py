"""What training reads: fused as params say, in the order asked for, NaN where nothing is."""

import json
from pathlib import Path

import numpy as np
import pytest

from vq.errors import DataError
from vq.features import store
from vq.features.cache import Cache

ONE, TWO, NONE = ("1" * 64, "2" * 64, "f" * 64)
ROWS = np.array([[1, 10], [3, 30]], np.float16)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of two videos and one expert for each fusion."""
    cache = Cache(tmp_path / "cache")
    cache.write("e-0", {ONE: ROWS, TWO: ROWS * 2})
    cache.write("views-0", {ONE: np.zeros((2, 4, 4, 4), np.uint8)})
    entry = {"key": "e-0", "kind": "image", "dim": 2, "tags": {}}
    path = tmp_path / "features.json"
    known = {
        "cache": "cache",
        "experts": {f: {**entry, "fusion": f} for f in ("mean", "mean_std", "attention")},
        "views": {"key": "views-0", "moments": 2, "grid": 2, "patch_px": 2},
        "failed": {NONE: "is text"},
    }
    path.write_text(json.dumps(known))
    return path


def test_rows_are_fused_as_params_say(index: Path) -> None:
    """By hand: mean of 1 and 3, spread around it; attention leaves the rows to the teacher."""
    found = store.load(index, [TWO, ONE])

    assert found["mean"].tolist() == [[4, 40], [2, 20]]
    assert found["mean_std"].tolist() == [[4, 40, 2, 20], [2, 20, 1, 10]]
    assert found["attention"].tolist() == [(ROWS * 2).tolist(), ROWS.tolist()]
    assert {array.dtype for array in found.values()} == {np.dtype(np.float32)}


def test_a_video_without_features_is_nan(index: Path) -> None:
    """The caller decides; rows stay where they are."""
    found = store.load(index, [NONE, ONE], ["mean_std"])

    assert list(found) == ["mean_std"]
    assert np.isnan(found["mean_std"][0]).all()
    assert found["mean_std"][1].tolist() == [2, 20, 1, 10]
    assert store.failed(index) == {NONE: "is text"}


def test_no_videos_give_no_rows(index: Path) -> None:
    """Of the right width."""
    assert store.load(index, [])["mean_std"].shape == (0, 4)


def test_a_misspelt_expert_is_met_with_a_suggestion(index: Path) -> None:
    """A name that the index does not have is an error, not an empty feature."""
    with pytest.raises(DataError, match="has no expert 'meen'; did you mean mean"):
        store.load(index, [ONE], ["meen"])


def test_views_are_whole_or_an_error(index: Path) -> None:
    """A student cannot train on a video it does not see."""
    assert store.views(index, [ONE])[0].shape == (2, 4, 4, 4)
    assert store.view_spec(index).side_px == 4
    with pytest.raises(DataError, match=f"1 of 2 videos without views, the first is {TWO}"):
        store.views(index, [ONE, TWO])


def test_a_missing_index_says_what_makes_it(tmp_path: Path) -> None:
    """The remedy is one command."""
    with pytest.raises(
        DataError, match=r"features\.json: cannot be read \(No such file.*run `vq extract`"
    ):
        store.load(tmp_path / "features.json", [])
