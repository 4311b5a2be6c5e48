"""The whole pipeline, run by dvc on a tiny data set."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.workspace import bring_up_to_date, change, commit, copy_workspace, run, run_stages
from vq.files import read_json
from vq.pipeline import durations
from vq.pipeline.run_stages import opened, stages, stale

pytestmark = pytest.mark.slow

SUFFIXES = {".csv", ".html", ".json", ".jsonl", ".md", ".onnx", ".parquet", ".safetensors"}
"""What may lie on disk: no pickle, which would run code when it is loaded."""


def _predictions(root: Path) -> list[dict[str, str]]:
    with (root / "reports/predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_output_is_there(tiny_workspace: Path) -> None:
    """Whatever dvc.yaml promises."""
    stages = yaml.safe_load((tiny_workspace / "dvc.yaml").read_text())["stages"]
    promised = [
        next(iter(out)) if isinstance(out, dict) else out
        for stage in stages.values()
        for kind in ("outs", "metrics", "plots")
        for out in stage.get(kind, [])
    ]

    assert len(promised) > len(stages)
    assert [out for out in promised if not (tiny_workspace / out).exists()] == []


def test_a_second_run_does_nothing(tiny_workspace: Path, tmp_path: Path) -> None:
    """Nor does a run in a copy at another place: no output depends on where it was made."""
    root = copy_workspace(tiny_workspace, tmp_path / "copy")

    done = run(root, "dvc", "repro")

    assert "Running stage" not in done.stdout
    assert "Data and pipelines are up to date." in done.stdout
    assert run(root, "dvc", "status").stdout.strip() == "Data and pipelines are up to date."
    # Weights and columns are deps: only the stages that read them run again.
    (root / "weights/mine.onnx").write_text("a network")
    (root / "data/demo/columns.yaml").write_text("slices: [distortion, film]\n")
    reasons = {stage: stale(root, stage) for stage in stages(root)}
    columns = ["changed deps: data/demo/columns.yaml (modified)"]
    assert {stage: why for stage, why in reasons.items() if why} == {
        "import": columns,
        "extract": ["changed deps: weights (modified)"],
        "evaluate": columns,
        "report": columns,
    }


def test_an_experiment_has_few_metrics_and_its_plots(tiny_workspace: Path) -> None:
    """`dvc exp show` has a column for each number, `dvc plots show` a picture for each plot."""
    with opened(tiny_workspace) as repo:
        metrics = repo.metrics.show()[""]["data"]
        plots = repo.plots.show()

    numbers = {path: one["data"] for path, one in metrics.items() if one["data"]}
    assert set(numbers) == {"reports/metrics.json", "reports/verdict.json"}
    assert len(numbers["reports/metrics.json"]) == 8
    assert list(numbers["reports/verdict.json"]) == ["accepted"]
    drawn = {
        name: one
        for definition in plots["workspace"]["definitions"]["data"].values()
        for name, one in definition["data"].items()
    }
    assert set(drawn) == {"loss", "training loss", "scores", "experts"}
    assert all("data" in one for one in plots["workspace"]["sources"]["data"].values())


@pytest.mark.slow
def test_a_stage_trains_in_as_many_processes_as_params_ask_for(
    tiny_workspace: Path, tmp_path: Path
) -> None:
    """Each drops units of its own, so that the teacher is another one."""
    root = copy_workspace(tiny_workspace, tmp_path / "copy")
    change(root / "params.yaml", {"run": {"processes": 2}, "teach": {"epochs": 2}})
    before = (root / "artifacts/teacher/teacher.safetensors").read_bytes()

    run(root, "dvc", "repro", "--single-item", "teach")

    assert (root / "artifacts/teacher/teacher.safetensors").read_bytes() != before
    assert len(durations.parse((root / durations.FILE).read_bytes())["teach"]) == 2
    assert len((root / "reports/curves/teacher.csv").read_text().splitlines()) == 3


def test_a_colleague_pulls_and_has_nothing_to_do(tiny_workspace: Path, tmp_path: Path) -> None:
    """Git and the remote have all that the pipeline needs: no stage runs again in a fresh clone."""
    remote = str(tmp_path / "shared")
    run(tiny_workspace, "git", "clone", "--quiet", ".", str(tmp_path / "mine"))
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    shutil.copytree(tiny_workspace / ".dvc/cache", mine / ".dvc/cache")
    run(mine, "dvc", "remote", "add", "--default", "team", remote)
    commit(mine, "A remote")
    run(mine, "dvc", "push")
    run(mine, "git", "clone", "--quiet", ".", str(theirs))

    run(theirs, "dvc", "pull")

    assert run(theirs, "dvc", "status", "--json").stdout.strip() == "{}"
    assert "Running stage" not in run(theirs, "dvc", "repro").stdout


def test_nothing_on_disk_can_run_code(tiny_workspace: Path) -> None:
    """Weights are safetensors and ONNX, the rest is tables and reports; locks are empty."""
    files = [
        path
        for folder in ("artifacts", "reports")
        for path in (tiny_workspace / folder).rglob("*")
        if path.is_file() and path.stat().st_size and "data_docs" not in path.parts
        if path.name != ".gitignore"
    ]

    assert {path.suffix for path in files} >= SUFFIXES
    assert [path for path in files if path.suffix not in SUFFIXES] == []


def test_no_output_names_this_machine(tiny_workspace: Path) -> None:
    """An absolute path would make each checkout's outputs differ."""
    told = [
        path
        for folder in ("artifacts", "reports")
        for path in (tiny_workspace / folder).rglob("*")
        if path.is_file() and str(tiny_workspace).encode() in path.read_bytes()
    ]

    assert told == []


def test_scoring_and_evaluation_agree(tiny_workspace: Path) -> None:
    """A file gets from `vq score` what the report says the student gave it."""
    videos = yaml.safe_load((tiny_workspace / "params.yaml").read_text())["data"]["dir"] + "/videos"
    test = [row for row in _predictions(tiny_workspace) if row["split"] == "test"]
    files = [f"{videos}/{row['video']}" for row in test]

    rows = json.loads(run(tiny_workspace, "vq", "score", *files, "--format", "json").stdout)

    assert [row["video"] for row in rows] == files
    expected = [float(row["student"]) for row in test]
    card = json.loads((tiny_workspace / "artifacts/student/card.json").read_text())
    assert [row["score"] for row in rows] == pytest.approx(expected, abs=1e-4)
    if card["interval"]:
        assert all(row["low"] <= row["score"] <= row["high"] for row in rows)


def test_a_demo_score_is_never_taken_for_peoples_opinion(tiny_workspace: Path) -> None:
    """The demo's labels are synthetic, and the student says so; the folder's videos all score."""
    done = run(tiny_workspace, "vq", "score", "data/demo/videos")

    assert "synthetic MOS" in done.stderr


def test_a_student_carries_the_licences_of_what_it_learnt_from(tiny_workspace: Path) -> None:
    """Data, start of the backbone, experts of the teacher; the undistilled one had no teacher."""
    artifacts = tiny_workspace / "artifacts"
    taught, plain = (
        json.loads((artifacts / name / "card.json").read_text())["licences"]
        for name in ("student", "plain")
    )
    experts = json.loads((artifacts / "zoo.json").read_text())["experts"]

    assert [line.split(" (")[0] for line in plain] == ["data demo", "start distortion: Apache-2.0"]
    assert [line.split(":")[0] for line in taught[2:]] == [f"expert {name}" for name in experts]
    assert taught[:2] == plain


@pytest.mark.parametrize("floor", [0.0, 1.0], ids=["opens", "stays-shut"])
def test_strict_judging_follows_the_verdict(
    tiny_workspace: Path, tmp_path: Path, floor: float
) -> None:
    """Exit code 1 exactly when a gate stays shut; without --strict the pipeline goes on."""
    root = copy_workspace(tiny_workspace, tmp_path / "copy")
    gates = {"min_srcc": floor, "min_plcc": floor, "beat": {}, "min_slice_srcc": {}}
    free = dict.fromkeys(
        ("max_undercoverage", "max_interval", "max_calibration_error", "min_order", "max_gaming"),
        None,
    )
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["judge"] |= gates | free | {"max_rejected": 1.0}
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    # Judged on figures of our own: how good the tiny student is, is luck.
    measured = read_json(root / "reports/test.json")
    for name in ("srcc", "plcc"):
        measured["models"]["student"][name] |= {"value": 0.5, "low": 0.4, "high": 0.6}
    (root / "reports/test.json").write_text(json.dumps(measured))
    command = (yaml.safe_load((root / "dvc.yaml").read_text())["stages"]["judge"]["cmd"]).split()

    assert run(root, *command, check=False).returncode == 0
    strict = run(root, *command, "--strict", check=False)

    assert strict.returncode == (0 if floor == 0 else 1)


def test_a_misspelt_expert_is_named(tiny_workspace: Path, tmp_path: Path) -> None:
    """With the nearest one of the zoo; what an earlier run left stays as it was."""
    root = copy_workspace(tiny_workspace, tmp_path / "copy")
    change(root / "params.yaml", {"extract": {"experts": {"spacial_statistics": {}}}})
    before = (root / "artifacts/features.json").read_bytes()
    command = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]["extract"]["cmd"]

    done = run(root, *command.replace("${data.dir}", "data/demo").split(), check=False)

    assert done.returncode == 1
    (error,) = [line for line in done.stderr.splitlines() if "error" in line]
    assert "extract.experts.spacial_statistics" in error
    assert "did you mean spatial_statistics" in error
    assert (root / "artifacts/features.json").read_bytes() == before


def test_the_same_seed_gives_the_same_bits(tiny_workspace: Path, tmp_path: Path) -> None:
    """Fitted anew, in any order of files on disk, every number is the same to the last digit."""
    root = copy_workspace(tiny_workspace, tmp_path / "copy")
    before = {
        path: (root / path).read_bytes()
        for path in (
            "reports/test.json",
            "reports/validation.json",
            "reports/predictions.csv",
            "reports/report.html",
        )
    }
    # Checkpoints of the first run would make the second one a continuation.
    shutil.rmtree(root / "artifacts/checkpoints")
    # Else dvc would fetch what it remembers.
    shutil.rmtree(root / ".dvc/cache/runs")
    (root / "dvc.lock").unlink()

    run_stages(root, "teach", "distill", "evaluate", "report")

    assert {path: (root / path).read_bytes() for path in before} == before
    assert (root / "artifacts/checkpoints").exists()  # what was fitted, not fetched, leaves some


def test_two_data_sets_go_through_the_whole_pipeline(tiny_workspace: Path, tmp_path: Path) -> None:
    """Every other video with a DMOS of 0 to 100: trained with, reported apart, licence carried."""
    root = copy_workspace(tiny_workspace, tmp_path / "copy")
    demo, both = root / "data/demo", root / "data/both"
    shutil.copytree(demo / "videos", both / "videos")
    with (demo / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[::2]:
        row |= {"dataset": "lab", "mos": f"{25 * (5 - float(row['mos'])):.3f}", "mos_std": ""}
    with (both / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[1], "dataset"], restval="")
        writer.writeheader()
        writer.writerows(rows)
    lab = {"opinion": "synthetic", "scale": {"min": 0, "max": 100}, "better": "lower"}
    shutil.copy(demo / "card.yaml", both)
    shutil.copy(demo / "columns.yaml", both)
    shutil.copy(demo / "expectations.yaml", both)
    change(both / "card.yaml", {"datasets": {"lab": lab | {"licence": "lab rules"}}})
    change(root / "params.yaml", {"data": {"dir": "data/both"}})

    bring_up_to_date(root)

    test, rejected = (read_json(root / f"reports/{name}.json") for name in ("test", "validate"))
    assert rejected["rejected"] == 0
    assert test["rows"] + test["datasets"]["lab"]["rows"] == len(
        [row for row in _predictions(tiny_workspace) if row["split"] == "test"]
    )
    assert set(test["datasets"]["lab"]["models"]) == {"student", "plain", "teacher"}
    card = json.loads((root / "artifacts/student/card.json").read_text())
    assert (card["dataset"], card["scale"]) == ("demo", {"min": 1, "max": 5})
    assert any("lab rules" in licence for licence in card["licences"])
    assert "By data set" in (root / "reports/report.html").read_text()
