"""What a new champion changes for those who decide by thresholds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.registry.students import SETTINGS
from tests.scoring.toy import BRIGHTNESS, write_bundle
from vq.errors import ParamsError
from vq.inference import card as cards
from vq.inference.card import Card, OtherScale, Scale
from vq.metrics.score_map import ScoreMap
from vq.registry.handover import Handover, handover, on_scale
from vq.registry.paired_scores import PairedScores

CONTENTS = np.repeat([f"c{number:02d}" for number in range(20)], 4)
OLD = np.linspace(1.5, 4.5, len(CONTENTS))[np.random.default_rng(1).permutation(len(CONTENTS))]
THRESHOLDS = SETTINGS.model_copy(update={"thresholds": (3.5, 2.5)})
MAPPED = THRESHOLDS.model_copy(update={"map_to_champion": True})


@pytest.fixture
def card(tmp_path: Path) -> Card:
    """Of a student on a scale from 1 to 5."""
    return cards.load(write_bundle(tmp_path / "student", *BRIGHTNESS))[0]


def pair(card: Card, new: np.ndarray, old_card: Card | None = None) -> PairedScores:
    """Scores of a student and of its champion."""
    return PairedScores(CONTENTS, OLD, new, OLD, card, old_card or card)


def test_nobody_is_told_who_did_not_ask(card: Card) -> None:
    """Without thresholds and without a map there is nothing to say."""
    assert handover(pair(card, OLD), "vq-student 3", settings=SETTINGS, seed=7) is None


def test_changed_decisions_are_shown_with_and_without_a_map(card: Card) -> None:
    """In the order of the scale; a map is measured, and not shipped unless params want it."""
    changes = handover(pair(card, OLD - 0.3), "vq-student 3", settings=THRESHOLDS, seed=7)

    assert changes is not None
    assert [one.threshold for one in changes.flips] == [2.5, 3.5]
    for one in changes.flips:
        # A tenth of the scores, from 1.5 to 4.5, is within 0.3 above a threshold.
        assert one.plain.value == pytest.approx(0.1, abs=0.02)
        assert one.mapped is not None
        assert one.mapped.value == 0
    assert changes.scores_as is None
    assert "0.300 away from those of vq-student 3 on average" in changes.markdown
    assert "release.map_to_champion: true" in changes.markdown
    assert Handover.from_json(changes.to_json()) == changes


def test_a_map_is_shipped_where_it_helps(card: Card) -> None:
    """Through an earlier map to the scale of the model where the chain began."""
    identity = ScoreMap(((1.0, 1.0), (5.0, 5.0)))
    mapped = replace(card, scores_as=OtherScale("vq-student 2", 1, identity))
    shifted = OLD - 0.3

    first, later, same = (
        handover(pair(card, new, old_card), "vq-student 3", settings=MAPPED, seed=7)
        for new, old_card in ((shifted, card), (shifted, mapped), (OLD, card))
    )

    assert first is not None
    assert later is not None
    assert same is not None
    assert first.scores_as is not None
    assert later.scores_as is not None
    assert (first.scores_as.model, first.scores_as.releases) == ("vq-student 3", 1)
    assert (later.scores_as.model, later.scores_as.releases) == ("vq-student 2", 2)
    assert first.scores_as.map(2.7) == pytest.approx(3.0)
    assert same.scores_as is None
    assert "a map would not bring them closer" in same.markdown


def test_other_scales_are_not_compared(card: Card) -> None:
    """A threshold of one means nothing on the other."""
    old_card = replace(card, scale=Scale(0.0, 100.0))

    changes = handover(pair(card, OLD, old_card), "vq-student 3", settings=MAPPED, seed=7)

    assert changes is not None
    assert not changes.flips
    assert changes.scores_as is None
    assert "scores of vq-student 3 are 0 to 100, higher is better" in changes.markdown


def test_a_threshold_outside_of_the_scale_is_refused(card: Card) -> None:
    """With the key and the scale: nothing would ever cross it."""
    settings = SETTINGS.model_copy(update={"thresholds": (3.0, 50.0)})
    with pytest.raises(ParamsError, match=r"release\.thresholds: 50 is not inside .* 1 to 5"):
        handover(pair(card, OLD), "vq-student 3", settings=settings, seed=7)


def test_the_shipped_bundle_differs_by_its_card(tmp_path: Path, card: Card) -> None:
    """And that of the workspace stays as it is."""
    student = tmp_path / "student"
    before = (student / "card.json").read_bytes()
    scale = OtherScale("vq-student 3", 1, ScoreMap(((1.0, 1.0), (2.0, 3.0), (5.0, 5.0))))

    with on_scale(student, scale) as shipped:
        mapped, network = cards.load(shipped)

    assert mapped == replace(card, format=4, scores_as=scale)
    assert network == (student / "student.onnx").read_bytes()
    assert (student / "card.json").read_bytes() == before
    with on_scale(student, None) as shipped:
        assert shipped == student
