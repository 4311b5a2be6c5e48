"""A released student can be found, fetched and traced to what made it; the champion is the best."""

import json
import re
from dataclasses import replace
from functools import partial
from importlib.metadata import version as installed
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.registry.students import (
    BAD,
    GOOD,
    OPEN,
    SHUT,
    Make,
    Network,
    release,
    same,
    write_lock,
)
from tests.scoring.toy import write_video
from vq.drift.report import as_released
from vq.errors import DataError
from vq.gates.verdict import Gate
from vq.inference import runtime
from vq.inference.row import COLUMNS
from vq.registry import champion, flow_summary, register
from vq.registry.client import Registry
from vq.registry.flow_summary import Release
from vq.registry.source import Source
from vq.scoring.locate import locate

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


def test_an_equal_student_takes_over(
    candidate: Make, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It learnt from newer data, so that a small loss is allowed.

    Its scores are on the champion's scale, if params want that.
    """
    release(candidate(GOOD), root)
    steeper = GOOD[0], 2 * GOOD[1]
    settings = {"thresholds": (3.0,), "map_to_champion": True}
    killed = partial(release, candidate(steeper, name="b"), root, **settings)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_dict", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            killed()
    released = killed()

    assert released.alias == "champion"
    assert client().get_registered_model("vq-student").aliases == {"champion": 2}
    assert released.handover is not None
    assert "on the scale of vq-student 1" in flow_summary.markdown(released)
    version = client().get_model_version("vq-student", "2")
    monkeypatch.chdir(root)
    own, shipped = (
        runtime.load(folder)
        for folder in (root / "b/student", locate("models:/vq-student@champion"))
    )
    (low, _), *_, (high, _) = shipped.card.scores_as.map.points
    assert (low, high) == (1, 5)
    assert version.tags["model_id"] == shipped.card.model_id != own.card.model_id
    video = root / "videos/5.mkv"
    assert shipped.score(video).score == shipped.card.scores_as.map(own.score(video).score)
    # What `vq watch` compares such rows with.
    assert as_released(own.card, [shipped.score(video)], "vq-student") == shipped.card
    assert as_released(own.card, [own.score(video)], "vq-student") == own.card
    assert killed() == replace(released, new=False)


def test_the_same_student_is_registered_once(candidate: Make, root: Path) -> None:
    """Same weights, data and params: nothing new, and the first answer stands."""
    first = release(candidate(GOOD), root)
    again = release(candidate(GOOD), root)

    assert again == replace(first, new=False)
    assert len(client().search_model_versions("name='vq-student'")) == 1


def test_a_release_is_announced_once(candidate: Make, root: Path) -> None:
    """By the next run, if this one is killed before anybody heard of it; and not by a third."""
    heard: list[str] = []

    def killed(_: Release) -> None:
        raise KeyboardInterrupt

    def announce(released: Release) -> None:
        heard.append(f"{released.version} {released.alias} {released.commit}")

    with pytest.raises(KeyboardInterrupt):
        release(candidate(GOOD), root, announce=killed)
    for _ in range(2):
        assert not release(candidate(GOOD), root, announce=announce).new

    assert heard == ["1 champion 0123abc"]


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


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"seed": 8}, id="params-of-the-training"),
        pytest.param({"floor": 0.7}, id="params-of-the-verdict"),
        pytest.param({"data": "d2"}, id="data"),
    ],
)
def test_what_a_stage_reads_makes_another_version(
    candidate: Make, root: Path, other: dict[str, object]
) -> None:
    """Even if it leads to the same weights."""
    release(candidate(GOOD), root)
    again = candidate(GOOD)
    write_lock(again.lock, **other)

    assert release(again, root).version == "2"


def test_the_same_student_is_no_new_version(candidate: Make, root: Path) -> None:
    """Whatever was turned that no stage reads, and however its files and commands are called."""
    first = release(candidate(GOOD), root)
    again = candidate(GOOD)
    again.params.write_text("release: {bootstrap: 500}\nsplit: {salt: vq-1}\nseed: 7  # other\n")
    write_lock(again.lock, code="c2", cmd="python -m x", at="data/moved/videos")
    changed = replace(again, source=Source("0123abc", ("params.yaml",), b"diff"))

    assert release(changed, root, bootstrap=500, margin=0.1) == replace(first, new=False)
    assert [version.version for version in client().search_model_versions("")] == [1]


@pytest.mark.parametrize("text", ["stages: [distill]\n", "{", ""], ids=["list", "yaml", "empty"])
def test_a_broken_lock_is_named(candidate: Make, root: Path, text: str) -> None:
    """Half of a merge, say."""
    made = candidate(GOOD)
    made.lock.write_text(text)

    with pytest.raises(DataError, match=r"dvc\.lock: is no dvc\.lock .*run `dvc repro`"):
        release(made, root)


def test_once_committed_a_student_may_be_champion(candidate: Make, root: Path) -> None:
    """As the shut gate says: the version that nobody can make again does not stand for it."""
    source = Source("0123abc", ("vq/new.py", "vq/old.py"), b"diff")
    first = release(replace(candidate(GOOD), source=source), root)
    again = release(replace(candidate(GOOD), source=source), root)
    committed = release(replace(candidate(GOOD), source=Source("4567def")), root)
    last = release(replace(candidate(GOOD), source=source), root)

    assert first.reason.startswith("2 files differ from commit 0123abc, the first is vq/new.py: ")
    assert (again.version, again.new) == ("1", False)
    assert (committed.version, committed.alias, committed.new) == ("2", "champion", True)
    assert (last.version, last.alias, last.new) == ("2", "champion", False)


@pytest.mark.parametrize(
    ("network", "gates", "verdict"),
    [
        pytest.param(GOOD, [], "accepted", id="accepted"),
        pytest.param(BAD, [], "rejected: champion", id="lost"),
        pytest.param(GOOD, [OPEN, SHUT], "rejected: size_mb", id="file"),
    ],
)
def test_the_verdict_names_the_gates_that_stayed_shut(
    candidate: Make, root: Path, network: Network, gates: list[Gate], verdict: str
) -> None:
    """Those of the world too: whoever looks for `accepted` finds no student that has lost."""
    release(candidate(GOOD), root)
    released = release(candidate(network, *gates, name="b"), root)
    version = client().get_model_version("vq-student", released.version)

    assert version.tags["verdict"] == verdict
    assert client().get_run(version.run_id).data.tags["verdict"] == verdict


def test_no_threshold_reads_minus_zero(candidate: Make, root: Path) -> None:
    """A margin of nothing is 0 in the table, the sentence and the registry."""
    release(candidate(GOOD), root)
    released = release(candidate(GOOD, name="b"), root, margin=0.0)
    version = client().get_model_version("vq-student", released.version)
    kept = client().download_artifacts(version.run_id, "release.json", str(root))

    said = flow_summary.markdown(released) + Path(kept).read_text() + version.description
    assert "| champion | 0.000 | 0 |" in said
    assert re.search(r"(?<![\d-])-0(\.0*)?(?![\d.])", said) is None


def test_a_student_of_uncommitted_files_is_no_champion(candidate: Make, root: Path) -> None:
    """Nobody could make it again from the commit; what differs from it is kept."""
    source = Source("0123abc", ("vq/new.py",), b"diff --git a/vq/new.py b/vq/new.py\n")
    released = release(replace(candidate(GOOD), source=source), root)
    version = client().get_model_version("vq-student", released.version)

    assert released.alias == "challenger"
    assert released.reason == (
        "1 file differs from commit 0123abc, the first is vq/new.py: commit it and run again."
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
    assert [move.version for move in champion.history(registered)] == ["1"]


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
        "model_card.md",
        "params.yaml",
        "release.json",
        "report.html",
        "splits.csv",
        "test.json",
        "training.csv",
        "verdict.json",
    }
    learnt = client().download_artifacts(version.run_id, "training.csv", str(root))
    # Half of the eight are test contents; that of the other data set is of the last one.
    contexts = {tag.value for one in run.inputs.dataset_inputs for tag in one.tags}
    assert {"training", "validation", "test"} <= contexts
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
    assert list(rows) == list(COLUMNS)
    assert scorer.metadata.get_output_schema().input_names() == list(rows)
    assert list(scorer.input_example["video"]) == ["uploads/clip.mp4"]
    assert scorer.metadata.metadata == {"vq_version": installed("vq")}
    assert {one.name: one.default for one in scorer.metadata.get_params_schema()} == {
        "mode": "exact",
        "budget_ms": None,
    }
    with pytest.raises(MlflowException, match=r"budget_ms.*`soon`"):
        scorer.predict(pd.DataFrame({"video": [str(video)]}), params={"budget_ms": "soon"})
    # Two levels, worth 1 and 5; softmax of (0, 1) gives the second one 0.731.
    assert rows["score"][0] == pytest.approx(1 + 4 * 0.7310586, abs=1e-3)


def test_nothing_is_pickled(candidate: Make, root: Path) -> None:
    """What runs is Python that people can read, of the modules that scoring needs."""
    release(candidate(GOOD), root)
    files = [file for file in (root / "mlartifacts").rglob("*") if file.is_file()]

    assert {file.suffix for file in files} <= {
        *("", ".json", ".yaml", ".txt", ".onnx", ".safetensors", ".csv", ".lock", ".py"),
        *(".html", ".md"),
    }
    assert [file for file in files if file.read_bytes()[:1] == b"\x80"] == []


def test_notes_have_a_row_for_each_gate(candidate: Make, root: Path) -> None:
    """What Prefect shows: who is champion, and why."""
    text = flow_summary.markdown(release(candidate(GOOD, OPEN, SHUT), root))

    assert text.startswith("## vq-student 1: challenger\n\nThe bundle has 12.00 MB.\n")
    assert "| srcc | 0.900 | 0.75 | open | SRCC on test is 0.900. |" in text
    assert "| size_mb | 12.000 | 10 | **shut** | The bundle has 12.00 MB. |" in text


def test_the_page_of_a_version_has_reason_gates_and_model_card(candidate: Make, root: Path) -> None:
    """So much of it as MLflow has room for; the whole card is a file of the run."""
    made = candidate(GOOD, OPEN, SHUT)
    made.model_card.write_text("# Student a\n" + "A line of it.\n" * 500)
    release(made, root)

    text = client().get_model_version("vq-student", "1").description
    assert text.startswith("The bundle has 12.00 MB.\n\n| gate | measured | threshold | |\n")
    assert "| size_mb | 12.000 | 10 | **shut** |\n\n# Student a\nA line of it.\n" in text
    assert text.endswith(
        "A line of it.\n\nThe rest is in `model_card.md`, among the files of the run."
    )
    assert len(text) <= 5000


def client() -> MlflowClient:
    """The registry, as anybody sees it."""
    return MlflowClient()


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
