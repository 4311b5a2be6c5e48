"""What the card of a student says."""

import pytest

from vq.data import manifest
from vq.data.card import Card, Ratings, Scale
from vq.inference import card as cards
from vq.params import StudentRecipe
from vq.scoring.locate import locate
from vq.training import student_bundle
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

    found = student_bundle.licences(table, card, params, {})

    assert found == ["data web (2 videos): CC0", "data lab (1 video): research only"]


def test_a_student_carries_the_licences_of_the_one_it_started_from() -> None:
    """What that one learnt from, this one has learnt from as well."""
    bundle = locate("shipped")
    card = Card(name="web", opinion="human", scale=Scale(min=1, max=5), licence="CC0")
    params = PROBE_STUDENT.model_copy(update={"start": f"{bundle}/"})

    found = student_bundle.licences(manifest.build([{"dataset": "web"}]), card, params, {})

    earlier = cards.load(bundle)[0].licences
    assert earlier
    assert found[1:] == [f"start {bundle}/: {licence}" for licence in earlier]


@pytest.mark.parametrize("knob", ["every", "inputs", "dither", "sharpen", "stages", "backbone"])
def test_features_of_a_backbone_that_looks_otherwise_are_not_used(knob: str) -> None:
    """What is kept of a frozen backbone is found again only by whoever looks as it looked."""
    other = {"inputs": "answers", "stages": (0,), "backbone": "resnet18"}.get(knob, 3)
    key = dict.fromkeys(("data", "features", "start", "seed"), "")

    def of(recipe: StudentRecipe) -> str:
        return student_bundle.backbone_key(recipe, key)

    assert of(PROBE_STUDENT.model_copy(update={knob: other})) != of(PROBE_STUDENT)
    assert of(PROBE_STUDENT.model_copy(update={"epochs": 99})) == of(PROBE_STUDENT)
