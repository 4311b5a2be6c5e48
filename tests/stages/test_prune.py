"""The prune stage, on experts whose truth is known."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient

from vq import params
from vq.cli import main
from vq.data import manifest, split
from vq.errors import DataError, ParamsError
from vq.features.cache import Cache
from vq.files import write_csv
from vq.params import Prune
from vq.stages.prune import prune
from vq.zoo.expert import Tags

ROOT = Path(__file__).parents[2]
PARAMS = Prune(
    fidelity="probe",
    candidate="knows",
    effect="teacher",
    top=1,
    max_experts=3,
    max_gmacs=None,
    max_similarity=0.9,
    repeats=2,
    candidate_confidence=0.5,
    join_confidence=0.8,
    student="left",
)
EXTRACT = params.load(ROOT / "params.yaml").extract
GMACS = {"left": 1.0, "right": 2.5, "twin": 0.5, "noise": 0.1}


class Workspace(NamedTuple):
    """Files of the stage, in order."""

    accepted: Path
    card: Path
    splits: Path
    features: Path
    trials: Path
    zoo: Path
    table: Path
    similarity: Path


def make(tmp_path: Path) -> Workspace:
    """60 contents of two videos; `left` and `right` see half of the truth each."""
    names = Workspace._fields
    files = Workspace(*(tmp_path / ("out" if n > 3 else "in") / f for n, f in enumerate(names)))
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(120, 2)).astype("f")
    mos = np.clip(3 + 0.7 * seen.sum(1), 1, 5)
    rows = [
        {
            "video": f"{n}.mkv", "sha256": f"{n:064x}", "mos": float(mos[n]), "mos_std": 0.5,
            "content": f"c{n // 2}", "dataset": "toy", "problem": "",
        }
        for n in range(120)
    ]  # fmt: skip
    table = manifest.build(rows)
    manifest.write(table, files.accepted)
    how = {"salt": "any", "validation": 0.2, "test": 0.2, "repeats": 2}
    write_csv(files.splits, split.assign(table["content"], **how))
    scale = {"min": 1, "max": 5}
    files.card.write_text(
        yaml.safe_dump({"name": "toy", "opinion": "human", "scale": scale, "licence": "own"})
    )
    said = {
        "left": seen[:, [0]] + 0.1 * rng.normal(size=(120, 3)),
        "right": seen[:, [1]] + 0.1 * rng.normal(size=(120, 3)),
        "noise": rng.normal(size=(120, 3)),
    }
    said["twin"] = -2 * said["left"] + 0.01 * rng.normal(size=(120, 3))
    cache, experts = Cache(tmp_path / "in" / "cache"), {}
    for name, value in said.items():
        given = value.astype("f")[:, None]
        cache.write(f"{name}-1", dict(zip(table["sha256"], given, strict=True)))
        experts[name] = {
            "key": f"{name}-1", "kind": "image", "dim": 3, "fusion": "mean", "gmacs": GMACS[name],
            "parameters": 10, "tags": asdict(Tags("toy", "none", "none", "own")),
        }  # fmt: skip
    index = {"cache": "cache", "experts": experts, "failed": {}, "videos": 120}
    files.features.write_text(json.dumps(index))
    return files


@pytest.mark.slow
def test_a_reviewer_reads_why(tmp_path: Path, store: MlflowClient) -> None:
    """A row and a sentence for each expert; costs add up; the pairs and trials are all there."""
    files = make(tmp_path)

    prune(**files._asdict(), params=PARAMS, extract=EXTRACT, seed=0, jobs=1)

    table = pd.read_csv(files.table, index_col="expert", keep_default_na=False)
    zoo = json.loads(files.zoo.read_text())
    kept = {"right", "left"} if table.loc["left", "twin"] == "" else {"right", "twin"}
    assert set(zoo["experts"]) == kept == set(table.index[table["kept"]])
    (gone,) = {"left", "twin"} - kept
    assert table.loc[gone, "reason"].startswith("says what ")
    assert float(table.loc["right", "adds"]) > 0.05
    assert table["gmacs"].to_dict() == GMACS
    assert zoo["steps"][1]["gmacs"] == sum(GMACS[name] for name in kept)
    assert table["reason"].str.len().min() > 20
    alike = pd.read_csv(files.similarity, index_col="expert")
    assert list(alike.index) == list(alike.columns)
    assert alike.loc["left", "twin"] > 0.98
    experiments = [one.experiment_id for one in store.search_experiments()]
    runs = store.search_runs(experiments, "tags.kind = 'trial'")
    assert {run.data.tags["trial"] for run in runs} == {
        path.stem for path in files.trials.iterdir()
    }
    (left,) = [run for run in runs if run.info.run_name == "trial left"]
    assert left.data.metrics["teacher.srcc"] == pytest.approx(
        table.loc["left", "own_head"], abs=1e-4
    )


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the next trials and the time, by a trial that it has run for this alone."""
    files = make(tmp_path)
    known = yaml.safe_load((ROOT / "params.yaml").read_text())
    known["prune"] |= PARAMS.model_dump(mode="json")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(known))
    before = sorted(tmp_path.rglob("*"))

    code = main(["prune", *map(str, files), "--params", str(tmp_path / "params.yaml"), "--dry-run"])

    said = capsys.readouterr().out
    assert code == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert "5 trials: 0 from earlier runs, 5 to do\n  the undistilled student\n" in said
    assert "then at most " in said
    assert "s a trial, as the last of them took just now)" in said


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    """Key or file, and the remedy; before any trial."""
    files = make(tmp_path)

    with pytest.raises(ParamsError, match=r"prune\.student: 'gone' is not among extract\.experts"):
        prune(
            **files._asdict(),
            params=PARAMS.model_copy(update={"student": "gone"}),
            extract=EXTRACT,
            seed=0,
        )
    with pytest.raises(DataError, match=r"prune\.repeats is 9, split\.repeats gives 2"):
        prune(
            **files._asdict(),
            params=PARAMS.model_copy(update={"repeats": 9}),
            extract=EXTRACT,
            seed=0,
        )
    assert not files.trials.exists()
