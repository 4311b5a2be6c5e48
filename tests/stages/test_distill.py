"""The distill stage: what a checkpoint may be resumed by."""

from pathlib import Path

import pytest

from vq import source
from vq.data import manifest
from vq.data.card import Card, Ratings, Scale
from vq.learn.probe import PROBE_STUDENT
from vq.stages import distill


def test_a_student_carries_the_licences_of_every_data_set() -> None:
    """Each with how many of its videos there are; a set of which there is none asks for nothing."""
    lab = Ratings(opinion="human", scale=Scale(min=0, max=100), licence="research only")
    card = Card(
        name="web",
        opinion="human",
        scale=Scale(min=1, max=5),
        licence="CC0",
        datasets={"lab": lab, "none": lab},
    )
    table = manifest.build([{"dataset": name} for name in ("web", "lab", "web")])
    params = PROBE_STUDENT.model_copy(update={"start": "random"})

    found = distill.licences(table, card, params, {})

    assert found == ["data web (2 videos): CC0", "data lab (1 videos): research only"]


def test_the_code_is_part_of_what_a_checkpoint_depends_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that other code made are not passed off as this one's."""
    package = tmp_path / "vq"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "losses.py").write_text("weight = 1\n")
    monkeypatch.setattr(source.vq, "__file__", str(package / "__init__.py"))

    before = source.digest()
    assert source.digest() == before
    (package / "losses.py").write_text("weight = 2\n")

    assert source.digest() != before
