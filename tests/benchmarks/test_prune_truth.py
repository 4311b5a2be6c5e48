"""The benchmark of pruning on planted experts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.material import Sides
from benchmarks.prune_truth import again, main, plant
from vq.pruning import similarity


def test_what_is_planted_is_what_it_is_called() -> None:
    """A copy is a twin of its original or nearly, the others of nobody; no expert is changed."""
    rng = np.random.default_rng(0)
    own = {name: rng.normal(size=(200, n + 2)).astype("f") for n, name in enumerate("abc")}

    for seed, original, least in ((0, "a", 0.99), (1, "b", 0.95), (2, "c", 0.8)):
        experts, told = plant(own, seed, rng=np.random.default_rng(seed))
        alike = similarity.shared(experts)

        assert told == original
        assert list(experts) == ["a", "b", "c", "copy", "shuffled", "noise"]
        assert alike.loc["copy", original] > least
        assert alike.loc[["shuffled", "noise"], list("abc")].to_numpy().max() < 0.2
        assert all(experts[name] is own[name] for name in own)


def test_test_videos_are_in_no_repeat() -> None:
    """What pruning sees is dealt anew in the same ratio; test stays apart."""
    sides = Sides(np.arange(0, 60), np.arange(60, 75), np.arange(75, 100))

    dealt = again(sides, rng=np.random.default_rng(0))

    assert sorted([*dealt.train, *dealt.validation]) == list(range(75))
    assert len(dealt.validation) == 15
    assert (dealt.test == sides.test).all()


def test_an_unknown_criterion_is_named(make_file: Callable[..., Path], tmp_path: Path) -> None:
    """With those there are."""
    with pytest.raises(SystemExit, match=r"--criteria best: known are claim8, .*knows"):
        main(
            [
                str(make_file()),
                "--criteria",
                "best",
                "--student",
                "cheap_light",
                "--out",
                str(tmp_path),
            ]
        )
