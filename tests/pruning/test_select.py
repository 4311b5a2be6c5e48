"""The whole of pruning, where the truth is known."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.pruning.toy_repeats import make_repeats
from vq.params import Prune
from vq.pruning.dry_run import plan
from vq.pruning.select import Selection, select
from vq.pruning.trials import Trials
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


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    """As in the stage."""
    torch.set_num_threads(1)


def choose(trials: Trials, params: Prune = PARAMS) -> Selection:
    """Prune experts that cost nothing."""
    given = {name: value.numpy() for name, value in trials.repeats[0].features.items()}
    return select(trials, given, dict.fromkeys(given, 0.0), params=params)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the trials of a run with three experts; copy it to go on from there."""
    folder = tmp_path_factory.mktemp("known")
    given = make_repeats(0, 2)
    given[0].features.pop("copy")
    given[0].features.pop("shuffled")
    choose(Trials(given, folder, seed=0))
    return folder


@pytest.fixture(scope="module")
def tried(known: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the trials of a run with all five."""
    folder = tmp_path_factory.mktemp("tried")
    shutil.copytree(known, folder, dirs_exist_ok=True)
    choose(Trials(make_repeats(0, 2), folder, seed=0))
    return folder


@pytest.mark.slow
def test_planted_experts_are_dropped(tried: Path) -> None:
    """The two that know half each are kept; a blurred copy, shuffled features and noise are not."""
    found = choose(Trials(make_repeats(0, 2), tried, seed=0))

    assert sorted(found.combination.experts) == ["first", "second"]
    assert found.combination.worth["second"].adds > 0.1
    assert found.combination.worth["copy"].adds < 0.02
    assert found.alike.loc["first", "copy"] > 0.8
    assert np.allclose(found.alike, found.alike.T)


@pytest.mark.slow
def test_the_table_says_why_an_expert_is_not_in(tried: Path) -> None:
    """Not tried, tried and no help, or a help that the budget has no room for."""
    trials = Trials(make_repeats(0, 2), tried, seed=0)
    budget = PARAMS.model_copy(update={"top": 2, "max_experts": 2})
    entry = {"tags": {}, "gmacs": 0.0, "parameters": 0}
    told = dict.fromkeys(trials.repeats[0].features, entry)

    def reasons(found: Selection, enough: float) -> str:
        return " ".join(rows(found, told, enough=enough)["reason"])

    found = choose(trials)
    assert "not tried, the budget is spent" in reasons(choose(trials, budget), 0.7)
    assert "would not surely help (" in reasons(found, 0.7)
    assert "helped when last tried (" in reasons(found, 0.0)


@pytest.mark.slow
def test_an_expert_more_costs_its_own_trials_alone(
    known: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The counts say so; the plan before it said the same, and wrote nothing."""
    folder = tmp_path / "trials"
    shutil.copytree(known, folder)
    before = sorted(folder.iterdir())
    given = make_repeats(0, 2)
    given[0].features.pop("shuffled")

    planning = Trials(given, folder, seed=0, plan=True)
    planned = plan(planning, lambda: choose(planning), 4, params=PARAMS)
    assert sorted(folder.iterdir()) == before
    caplog.clear()
    with caplog.at_level("INFO"):
        choose(Trials(given, folder, seed=0))

    assert [trial.experts for trial in planned.todo] == [("copy",)]
    assert "5 trials: 4 from earlier runs, 1 to do" in caplog.text
    assert "5 trials: 4 from earlier runs, 1 to do\n  copy and a student\n" in planned.text()
    assert len(sorted(folder.iterdir())) - len(before) <= 1 + planned.later
    done = Trials(given, folder, seed=0, plan=True)
    assert "would only choose anew" in plan(done, lambda: choose(done), 4, params=PARAMS).text()
