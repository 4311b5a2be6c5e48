"""Trainings in MLflow: who is whose child, what they read, and what finds them."""

import hashlib
import json
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from vq.data import manifest, run_inputs
from vq.data.run_inputs import InputFiles
from vq.training.parent_run import EXPERIMENT
from vq.training.training_run import SYSTEM_METRICS, training_run

DATA = InputFiles("mine", Path("accepted.parquet"), Path("splits.csv"))


def write_data(*ratings: float) -> None:
    """Two videos of each content, one content on each side; then one that nobody has rated."""
    sides = ["train", "validation", "test"]
    rows = [
        {"video": f"{n}.mkv", "sha256": f"{n:064x}", "content": sides[n // 2 % 3], "mos": mos}
        for n, mos in enumerate((*ratings, float("nan")))
    ]
    manifest.write(manifest.build([{**row, "dataset": "mine"} for row in rows]), DATA.accepted)
    DATA.splits.write_text("\n".join(["content,split", *(f"{s},{s}" for s in sides), ""]))


def train(name: str, losses: list[float]) -> str:
    """A training of so many epochs, which makes weights named like it; the number of its run."""
    settings = {"epochs": len(losses)}
    with training_run(name, settings, Path(f"{name}.csv"), data=DATA) as run:
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
    store: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trainings with the same params have one parent; a run that was killed does not go on."""
    monkeypatch.setenv("DVC_EXP_NAME", "less-feature")
    Path("params.yaml").write_text("seed: 7\n")
    write_data(1, 2, 3, 4, 5, 5)

    killed = train("student", [9.0])
    store.update_run(killed, status="RUNNING")  # as a kill leaves it
    store.delete_tag(killed, "weights")
    train("teacher", [3.0, 2.0])
    train("student", [2.0, 1.5, 1.25])
    Path("params.yaml").write_text("seed: 8\n")
    train("plain", [1.0])

    (student,) = runs(store, f"tags.weights = '{hashlib.sha256(b'student').hexdigest()}'")
    history = store.get_metric_history(student.info.run_id, "train_loss")
    assert [(point.step, point.value) for point in history] == [(0, 2.0), (1, 1.5), (2, 1.25)]
    assert Path("student.csv").read_text().splitlines()[-1] == "3,1.250000"
    parent = student.data.tags["mlflow.parentRunId"]
    siblings = runs(store, f"tags.mlflow.parentRunId = '{parent}'")
    assert [run.info.run_name for run in siblings] == ["student", "teacher", "student"]
    assert store.get_run(parent).info.run_name == "less-feature"
    assert student.data.tags["dvc_experiment"] == "less-feature"
    assert store.get_run(killed).info.status == "KILLED"
    (plain,) = runs(store, "attributes.run_name = 'plain'")
    assert plain.data.tags["mlflow.parentRunId"] != parent


def test_a_training_names_its_videos(store: MlflowClient) -> None:
    """Those it reads, side by side, and not those of the test; another rating, another digest."""
    write_data(1, 2, 3, 4, 5, 5)
    first = store.get_run(train("student", [1.0]))
    write_data(1, 2, 4, 4, 5, 5)
    second = store.get_run(train("student", [1.0]))

    old, new = (
        {one.dataset.digest: one for one in run.inputs.dataset_inputs} for run in (first, second)
    )
    contexts = {
        tag.value: json.loads(one.dataset.profile)
        for one in new.values()
        for tag in one.tags
        if tag.key == "mlflow.data.context"
    }
    # The seventh video is of the first content again.
    assert contexts == {
        "training": {"videos": 3, "rated": 2, "contents": 1},
        "validation": {"videos": 2, "rated": 2, "contents": 1},
    }
    (same,) = old.keys() & new.keys()
    query = f"dataset.name = 'mine' and dataset.digest = '{same}' and dataset.context = 'training'"
    assert {run.info.run_id for run in runs(store, query)} == {
        first.info.run_id,
        second.info.run_id,
    }
    assert second.data.tags["data"] == run_inputs.md5(DATA.accepted)


@pytest.mark.parametrize("switch", ["", "false"])
def test_a_training_shows_what_it_does_to_its_machine(
    store: MlflowClient, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    """CPU, memory and disk over time, unless MLflow's own variable says no."""
    monkeypatch.setenv(SYSTEM_METRICS, switch)
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.05")
    write_data(1, 2, 3, 4, 5, 5)
    with training_run("student", {}, Path("curve.csv"), data=DATA) as run:
        deadline = time.monotonic() + 10
        while not switch and not cpu(store, run.id) and time.monotonic() < deadline:
            time.sleep(0.05)

    assert bool(cpu(store, run.id)) is (switch != "false")


def cpu(client: MlflowClient, run_id: str) -> list[float]:
    """What was recorded of the CPU."""
    history = client.get_metric_history(run_id, "system/cpu_utilization_percentage")
    return [point.value for point in history]
