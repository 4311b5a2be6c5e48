"""The ablation, on a file that is made up."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import ablation


def test_every_variant_is_compared_with_the_recipe(
    make_file: Callable[..., Path], tmp_path: Path, short: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A level for the recipe, a paired difference for each change, and a picture of them."""
    brief = ablation.RECIPE.model_copy(update={"epochs": 1})
    monkeypatch.setattr(ablation, "RECIPE", brief)
    how = ["--splits", "2", "--student", "cheap_light", "--params", short]

    ablation.main([str(make_file()), *how, "--out", str(tmp_path / "out")])

    found = json.loads((tmp_path / "out" / "ablation.json").read_text())
    assert list(found["teacher"]) == list(ablation.TEACHER)
    assert list(found["student"]) == list(ablation.STUDENTS)
    assert {"value", "low", "high"} == set(found["student"]["c = 0"])
    assert (tmp_path / "out" / "ablation.svg").read_text().count("c = 10") >= 1
