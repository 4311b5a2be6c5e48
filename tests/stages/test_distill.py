"""The distill stage: what the card of a student says."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.toy_data import make_data
from vq.data import manifest
from vq.data.card import Card, Ratings, Scale
from vq.inference import card as cards
from vq.metrics import agreement, conformal
from vq.models.student import Features, Student
from vq.scoring.locate import locate
from vq.stages import distill
from vq.training.probe_recipe import PROBE_STUDENT


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

    assert found == ["data web (2 videos): CC0", "data lab (1 video): research only"]


def test_a_student_carries_the_licences_of_the_one_it_started_from() -> None:
    """What that one learnt from, this one has learnt from as well."""
    bundle = locate("shipped")
    card = Card(name="web", opinion="human", scale=Scale(min=1, max=5), licence="CC0")
    params = PROBE_STUDENT.model_copy(update={"start": f"{bundle}/"})

    found = distill.licences(manifest.build([{"dataset": "web"}]), card, params, {})

    earlier = cards.load(bundle)[0].licences
    assert earlier
    assert found[1:] == [f"start {bundle}/: {licence}" for licence in earlier]


def test_a_student_is_held_against_the_ratings_themselves() -> None:
    """Not against the means of their distributions, which reach no end of the scale."""
    data = make_data({"a": 0.3})
    data = replace(data, mos=data.mos.round())
    student = Student(Features(6), dim=8, levels=5, dropout=0.0).eval()
    contents = np.arange(len(data.mos))

    scores, results = distill.on_validation(student, data, contents, scale=(1.0, 5.0), coverage=0.8)

    rows = data.validation.numpy()
    mos = data.mos[data.validation].numpy()
    halves = conformal.half_widths(scores, mos, contents[rows], scale=(1.0, 5.0), coverage=0.8)
    assert results["validation"]["srcc"] == pytest.approx(agreement.srcc(scores, mos))
    assert results["interval"] == {"coverage": 0.8, "half_widths": halves}
