"""Trainings in MLflow: who is whose child, and what finds them."""

import hashlib
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from vq.training.training_run import EXPERIMENT, training_run


def train(name: str, losses: list[float]) -> str:
    """A training of so many epochs, which makes weights named like it; the number of its run."""
    with training_run(name, {"epochs": len(losses)}, Path(f"{name}.csv")) as run:
        for epoch, loss in enumerate(losses):
            run.record(epoch, {"train_loss": loss})
    weights = Path(f"{name}.safetensors")
    weights.write_text(name)
    run.tag_weights(weights)
    return run.id


def runs(client: MlflowClient, wanted: str) -> list[Run]:
    """What a query finds."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], wanted))


def test_weights_lead_to_a_curve_and_its_siblings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trainings with the same params have one parent; a run that was killed does not go on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_EXP_NAME", "less-feature")
    Path("params.yaml").write_text("seed: 7\n")
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")

    killed = train("student", [9.0])
    client.update_run(killed, status="RUNNING")  # as a kill leaves it
    client.delete_tag(killed, "weights")
    train("teacher", [3.0, 2.0])
    train("student", [2.0, 1.5, 1.25])
    Path("params.yaml").write_text("seed: 8\n")
    train("plain", [1.0])

    (student,) = runs(client, f"tags.weights = '{hashlib.sha256(b'student').hexdigest()}'")
    history = client.get_metric_history(student.info.run_id, "train_loss")
    assert [(point.step, point.value) for point in history] == [(0, 2.0), (1, 1.5), (2, 1.25)]
    assert Path("student.csv").read_text().splitlines()[-1] == "3,1.250000"
    parent = student.data.tags["mlflow.parentRunId"]
    siblings = runs(client, f"tags.mlflow.parentRunId = '{parent}'")
    assert [run.info.run_name for run in siblings] == ["student", "teacher", "student"]
    assert client.get_run(parent).info.run_name == "less-feature"
    assert student.data.tags["dvc_experiment"] == "less-feature"
    assert client.get_run(killed).info.status == "KILLED"
    (plain,) = runs(client, "attributes.run_name = 'plain'")
    assert plain.data.tags["mlflow.parentRunId"] != parent
