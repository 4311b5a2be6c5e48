"""One trial, on experts whose truth is known."""

import numpy as np
import pytest
import torch

from tests.pruning.toy_repeats import make_repeats
from vq.pruning import trial
from vq.pruning.trial import Probe, Trial


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in the stage."""
    torch.set_num_threads(1)


@pytest.mark.slow
def test_a_trial_tells_a_good_expert_from_noise() -> None:
    """By the expert's own head, clearly; the students differ from the undistilled one, repeatably.

    That the student of the good expert is better is no rule: see EXPERIMENTS.md.
    """
    given = make_repeats(0)

    knows = Probe().effect(Trial(("first",), student=True), given, seed=0)
    noise = Probe().effect(Trial(("noise",), student=False), given, seed=0)
    plain = Probe().effect(Trial((), student=True), given, seed=0)

    assert knows.teacher.mean() > noise.teacher.mean() + 0.3
    assert (knows.student > 0.2).all()
    assert (knows.student != plain.student).any()
    assert np.isnan(noise.student).all()
    assert np.isnan(plain.teacher).all()
    again = Probe().effect(Trial(("first",), student=True), given, seed=0)
    assert (knows.student == again.student).all()


def test_a_trial_computes_what_its_version_says() -> None:
    """Kept trials are believed by their version.

    If these numbers move, raise `trial.VERSION` and write the new ones here.
    """
    found = Probe().effect(Trial(("first", "second"), student=True), make_repeats(0, 1), seed=0)

    assert trial.VERSION == 2
    assert found.teacher == pytest.approx([0.943], abs=0.003)
    assert found.student == pytest.approx([0.807], abs=0.003)
