"""The benchmark of copies draws what it says, and counts order as it says."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import best, copies, niqe_brisque
from vq.errors import VqError
from vq.synthetic import ffmpeg
from vq.synthetic.demo import scenes


def test_order_counts_pairs_that_are_apart() -> None:
    """90 above 70 and 88 above both others are right, 90 above 50 is a tie: no order.

    70 above 50 is wrong, and 90 and 88 are too near.
    """
    vmaf = np.array([90.0, 88.0, 70.0, 50.0])
    share = best._order([(np.array([3.0, 9.0, 2.0, 3.0]), vmaf, "a")] * 2)

    assert share["value"] == pytest.approx(3 / 5)
    assert share["n"] == 10


def test_a_ladder_has_every_codec_rate_and_size() -> None:
    """Three, five and three."""
    ladder = copies.ladder()

    assert len(set(ladder)) == 45
    assert {recipe.kind for recipe in ladder} == {"ladder"}


def test_without_their_parameters_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """BRISQUE and NIQE are the authors', and no part of this project."""
    monkeypatch.setattr(niqe_brisque, "_file", lambda *_: None)
    niqe_brisque._niqe.cache_clear()
    niqe_brisque._brisque.cache_clear()

    assert niqe_brisque.niqe([np.zeros((96, 96))]) is None
    assert niqe_brisque.brisque([np.zeros((96, 96))]) is None


@pytest.mark.slow
def test_an_upscaled_copy_is_worse_than_its_source(tmp_path: Path) -> None:
    """By VMAF; and what was made is not made again."""
    try:
        ffmpeg.binary()
    except VqError as error:
        pytest.skip(str(error))
    clip = scenes.render("photo:china", frames=4, width=320, height=240, fps=25)
    recipes = [
        copies.Recipe("h264", 18, 1.0),
        copies.Recipe("h264", 18, 1.0, "upscaled", "h264", 24, 1 / 3, "bicubic"),
    ]
    rows = copies.make(clip, 25, recipes, "china", tmp_path)

    assert float(str(rows[0]["vmaf"])) > 10 + float(str(rows[1]["vmaf"]))
    assert copies.make(clip, 25, recipes, "china", tmp_path) == json.loads(json.dumps(rows))
