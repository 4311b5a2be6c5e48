"""The whole of pruning, where the truth is known."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.prune.lessons import lessons
from vq.params import Prune
from vq.prune.plan import plan
from vq.prune.select import Selection, select
from vq.prune.trials import Trials
from vq.stages.prune import rows

PARAMS = Prune(
    fidelity="probe",
    candidate="knows",
    effect="teacher",
    top=1,
    max_experts=4,
    max_gmacs=None,
    max_similarity=0.9,
    repeats=3,
    candidate_confidence=0.9,
    join_confidence=0.7,
    student="any",
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in the stage."""
    torch.set_num_threads(1)


def choose(trials: Trials, params: Prune = PARAMS) -> Selection:
    """Prune experts that cost nothing."""
    given = {name: value.numpy() for name, value in trials.lessons[0].features.items()}
    return select(trials, given, dict.fromkeys(given, 0.0), params=params)


@pytest.mark.slow
def test_planted_experts_are_dropped(tmp_path: Path) -> None:
    """The two that know half each are kept; a blurred copy, shuffled features and noise are not."""
    found = choose(Trials(lessons(0, 3), tmp_path, seed=0))

    assert sorted(found.combination.experts) == ["first", "second"]
    assert found.combination.worth["second"].adds > 0.1
    assert found.combination.worth["copy"].adds < 0.02
    assert found.alike.loc["first", "copy"] > 0.8
    assert np.allclose(found.alike, found.alike.T)


def test_the_table_says_why_an_expert_is_not_in(tmp_path: Path) -> None:
    """Not tried, tried and no help, or a help that the budget has no room for."""
    trials = Trials(lessons(0, 2), tmp_path, seed=0)
    budget = PARAMS.model_copy(update={"top": 2, "max_experts": 2})
    entry = {"tags": {}, "gmacs": 0.0, "parameters": 0}
    known = dict.fromkeys(trials.lessons[0].features, entry)

    def reasons(found: Selection, enough: float) -> str:
        return " ".join(rows(found, known, enough=enough)["reason"])

    tried = choose(trials)
    assert "not tried, the budget is spent" in reasons(choose(trials, budget), 0.7)
    assert "would not surely help (" in reasons(tried, 0.7)
    assert "helped when last tried (" in reasons(tried, 0.0)


@pytest.mark.slow
def test_an_expert_more_costs_its_own_trials_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The counts say so; the plan before it said the same, and wrote nothing."""
    given = lessons(0, 2)
    late = {n: given[0].features.pop(n) for n in ("copy", "shuffled")}
    choose(Trials(given, tmp_path, seed=0))
    before = sorted(tmp_path.iterdir())
    given[0].features.update(copy=late["copy"])

    planning = Trials(given, tmp_path, seed=0, plan=True)
    planned = plan(planning, lambda: choose(planning), 4, params=PARAMS)
    assert sorted(tmp_path.iterdir()) == before
    caplog.clear()
    with caplog.at_level("INFO"):
        choose(Trials(given, tmp_path, seed=0))

    assert [trial.experts for trial in planned.todo] == [("copy",)]
    assert "5 trials: 4 from earlier runs, 1 to do" in caplog.text
    assert "5 trials: 4 from earlier runs, 1 to do\n  copy and a student\n" in planned.text()
    assert len(sorted(tmp_path.iterdir())) - len(before) <= 1 + planned.later
    done = Trials(given, tmp_path, seed=0, plan=True)
    assert "would only choose anew" in plan(done, lambda: choose(done), 4, params=PARAMS).text()
