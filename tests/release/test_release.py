"""A released student can be found, fetched and traced to what made it; the champion is the best."""

import json
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.release.students import (
    BAD,
    GOOD,
    OPEN,
    SHUT,
    Make,
    release,
    same,
)
from tests.score.toy import write_video
from vq.release import notes, register, throne
from vq.release.registry import Registry
from vq.release.source import Source
from vq.score.locate import locate
from vq.score.rows import Row

pytestmark = pytest.mark.slow


def test_the_first_student_whose_gates_open_is_champion(candidate: Make, root: Path) -> None:
    """There is nobody to compare it with."""
    released = release(candidate(GOOD), root)

    assert (released.model, released.version, released.alias) == ("vq-student", "1", "champion")
    assert released.new
    assert "there was no champion" in released.reason


def test_a_shut_gate_makes_a_challenger(candidate: Make, root: Path) -> None:
    """It is kept for people to look at; the reason is the gate's sentence."""
    released = release(candidate(GOOD, OPEN, SHUT), root)

    assert released.alias == "challenger"
    assert released.reason == SHUT.sentence
    assert client().get_registered_model("vq-student").aliases == {"challenger": 1}


def test_a_worse_student_leaves_the_champion_alone(candidate: Make, root: Path) -> None:
    """Both are scored on the same test videos, whatever their reports say."""
    release(candidate(GOOD), root)
    released = release(candidate(BAD, name="b"), root)

    assert released.alias == "challenger"
    assert "SRCC -1.000, champion 1 1.000 on the same 4 test videos: -2.000" in released.reason
    assert client().get_registered_model("vq-student").aliases == {
        "champion": 1,
        "challenger": 2,
    }


def test_an_equal_student_takes_over(candidate: Make, root: Path) -> None:
    """It learnt from newer data, so that a small loss is allowed."""
    release(candidate(GOOD), root)
    released = release(candidate(GOOD, name="b"), root)

    assert released.alias == "champion"
    assert client().get_registered_model("vq-student").aliases == {"champion": 2}


def test_the_same_student_is_registered_once(candidate: Make, root: Path) -> None:
    """Same weights, data and params: nothing new, and the first answer stands."""
    first = release(candidate(GOOD), root)
    again = release(candidate(GOOD), root)

    assert again == replace(first, new=False)
    assert len(client().search_model_versions("name='vq-student'")) == 1


def test_a_champion_that_was_beaten_is_no_champion_when_it_comes_back(
    candidate: Make, root: Path
) -> None:
    """The alias is where the registry says, not where it was when the version was made."""
    release(candidate(GOOD), root)
    release(candidate(GOOD, name="b"), root)

    again = release(candidate(GOOD), root)

    assert (again.version, again.alias, again.new) == ("1", "challenger", False)
    assert "It was champion once; version 2 is now." in again.reason
    assert client().get_registered_model("vq-student").aliases == {"champion": 2}


def test_other_params_make_another_version(candidate: Make, root: Path) -> None:
    """Even if they lead to the same weights."""
    release(candidate(GOOD), root)
    other = candidate(GOOD)
    other.params.write_text("seed: 8\n")

    assert release(other, root).version == "2"


def test_a_student_of_uncommitted_files_is_no_champion(candidate: Make, root: Path) -> None:
    """Nobody could make it again from the commit; what differs from it is kept."""
    source = Source("0123abc", ("vq/new.py",), b"diff --git a/vq/new.py b/vq/new.py\n")
    released = release(replace(candidate(GOOD), source=source), root)
    version = client().get_model_version("vq-student", released.version)

    assert released.alias == "challenger"
    assert released.reason == (
        "1 files differ from commit 0123abc, the first is vq/new.py: commit them and run again."
    )
    assert version.tags["git_dirty"] == "true"
    changes = client().download_artifacts(version.run_id, "changes.diff", str(root))
    assert Path(changes).read_bytes() == source.diff


STEPS = [
    "log_artifact",
    "create_model_version",
    "log_dict",
    "set_registered_model_alias",
    "set_registered_model_tag",
    "set_model_version_tag",
]
"""Calls of MLflow in the order of a release."""


def test_an_interrupted_release_is_completed_or_cleaned_away(
    candidate: Make, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at each step, one after the other: no run counts before the last step.

    In the end there is one version, one run, and one move of the alias.
    """
    registered = Registry(MlflowClient(), "vq-student", "")
    for step in STEPS:
        with monkeypatch.context() as patch:
            patch.setattr(MlflowClient, step, _interrupt)
            with pytest.raises(KeyboardInterrupt):
                release(candidate(GOOD), root)
        assert registered.versions() == []

    released = release(candidate(GOOD), root)

    assert (released.version, released.alias, released.new) == ("1", "champion", True)
    assert released.reason == "Every gate opened, and there was no champion."
    assert [version.version for version in registered.all()] == [1]
    experiment = client().get_experiment_by_name("vq-student").experiment_id
    assert len(client().search_runs([experiment])) == 1
    assert len(client().search_logged_models([experiment])) == 1
    assert [move.version for move in throne.history(registered)] == ["1"]


def test_runs_of_other_workspaces_are_left_alone(candidate: Make, root: Path) -> None:
    """They may be at work."""
    release(candidate(GOOD), root)
    experiment = client().get_experiment_by_name("vq-student").experiment_id
    client().create_run(experiment, tags={register.MAKER: "another"})

    assert register.sweep(Registry(MlflowClient(), "vq-student", ""), root=root) == 0
    assert len(client().search_runs([experiment])) == 2


def test_a_version_says_what_made_it(candidate: Make, root: Path) -> None:
    """Commit, data, params and dvc.lock, each by its hash; licences; metrics with intervals."""
    release(candidate(GOOD), root)
    version = client().get_model_version("vq-student", "1")
    run = client().get_run(version.run_id)

    assert {"identity", "student", "data", "params", "dvc_lock", "released"} <= set(version.tags)
    assert version.tags["git_commit"] == "0123abc"
    assert version.tags["git_dirty"] == "false"
    assert version.tags["opinion"] == "human"
    assert version.tags["verdict"] == "accepted"
    assert json.loads(version.tags["licences"]) == ["data toy: CC0", "expert x: MIT"]
    assert run.data.metrics.pop("score_ms") > 0
    assert run.data.metrics == {"student.srcc": 0.9, "student.srcc.low": 0.8}
    assert run.data.params == {"seed": "7", "split.salt": "vq-1"}
    assert {file.path for file in client().list_artifacts(version.run_id)} == {
        "dvc.lock",
        "params.yaml",
        "release.json",
        "splits.csv",
        "test.json",
        "training.csv",
        "verdict.json",
    }
    learnt = client().download_artifacts(version.run_id, "training.csv", str(root))
    # Half of the eight are test contents; that of the other data set is of the last one.
    assert list(pd.read_csv(learnt)["content"]) == ["c0", "c1", "c2", "c3"]


def test_a_released_student_can_be_fetched_and_scores(
    candidate: Make, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `vq score --model models:/...`, and by whoever knows MLflow only."""
    release(candidate(GOOD), root)
    monkeypatch.chdir(root)
    video = write_video(root / "white.mkv", level=partial(same, 255))
    scorer = mlflow.pyfunc.load_model("models:/vq-student@champion")

    rows = scorer.predict(pd.DataFrame({"video": [str(video), "nowhere.mp4"]}))

    assert (locate("models:/vq-student@champion") / "student.onnx").exists()
    assert list(rows["status"]) == ["ok", "missing"]
    assert list(rows) == [field.name for field in fields(Row)]
    assert scorer.metadata.get_output_schema().input_names() == list(rows)
    assert list(scorer.input_example["video"]) == ["uploads/clip.mp4"]
    # Two levels, worth 1 and 5; softmax of (0, 1) gives the second one 0.731.
    assert rows["score"][0] == pytest.approx(1 + 4 * 0.7310586, abs=1e-3)


def test_nothing_is_pickled(candidate: Make, root: Path) -> None:
    """What is fetched cannot run code."""
    release(candidate(GOOD), root)
    files = [file for file in (root / "mlartifacts").rglob("*") if file.is_file()]

    assert {file.suffix for file in files} <= {
        *("", ".json", ".yaml", ".txt", ".onnx", ".safetensors", ".csv", ".lock")
    }
    assert [file for file in files if file.read_bytes()[:1] == b"\x80"] == []


def test_notes_have_a_row_for_each_gate(candidate: Make, root: Path) -> None:
    """What Prefect shows: who is champion, and why."""
    text = notes.markdown(release(candidate(GOOD, OPEN, SHUT), root))

    assert text.startswith("## vq-student 1: challenger\n\nThe bundle has 12.00 MB.\n")
    assert "| srcc | 0.900 | 0.75 | open | SRCC on test is 0.900. |" in text
    assert "| size_mb | 12.000 | 10 | **shut** | The bundle has 12.00 MB. |" in text
    assert text.endswith(client().get_model_version("vq-student", "1").description)


def client() -> MlflowClient:
    """The registry, as anybody sees it."""
    return MlflowClient()


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
