"""A released student can be found, fetched and traced to what made it; the champion is the best."""

import json
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.score.toy import MOMENTS, SIDE_PX, write_bundle, write_video
from vq import params
from vq.data import manifest
from vq.release import notes, registry
from vq.release.champion import Videos
from vq.release.gates import Gate, Verdict
from vq.release.registry import Candidate, Release
from vq.score.locate import locate
from vq.score.rows import Row
from vq.zoo.cache import Cache

pytestmark = pytest.mark.slow
SETTINGS = params.Release(model="vq-student", max_drop=0.01)
CONTENTS = 8
"""Each with one video, rated by how bright it is; the second half are test contents."""
REDNESS = np.linspace(10, 240, CONTENTS).astype(np.uint8)
GOOD = np.array([1, 0, 0, 0], np.float32).reshape(1, 4, 1, 1), np.array([[0, 1]], np.float32)
"""A network that ranks by how red a video is: SRCC 1."""
BAD = GOOD[0], -GOOD[1]
"""Its opposite: SRCC -1."""
OPEN = Gate("srcc", 0.9, 0.8, 1.0, 0.75, True, "SRCC on test is 0.900.")
SHUT = Gate("size_mb", 12.0, None, None, 10.0, False, "The bundle has 12.00 MB.")

Make = Callable[..., Candidate]


@pytest.fixture
def candidate(tmp_path: Path) -> Make:
    """Write a student, and today's data beside it."""
    videos = _videos(tmp_path)

    def make(network: tuple[np.ndarray, np.ndarray], *gates: Gate, name: str = "a") -> Candidate:
        folder = tmp_path / name
        write_bundle(folder / "student", *network)
        (folder / "student" / "student.safetensors").write_bytes(name.encode())
        _write(folder / "verdict.json", Verdict(gates or (OPEN,)).to_json())
        _write(folder / "test.json", {"models": {"student": {"srcc": {"value": 0.9, "low": None}}}})
        (folder / "params.yaml").write_text("seed: 7\nsplit: {salt: vq-1}\n")
        (folder / "dvc.lock").write_text("schema: '2.0'\n")
        return Candidate(
            student=folder / "student",
            verdict=folder / "verdict.json",
            test=folder / "test.json",
            videos=videos,
            params=folder / "params.yaml",
            lock=folder / "dvc.lock",
            commit="0123abc",
            dirty=False,
        )

    return make


def test_the_first_student_whose_gates_open_is_champion(candidate: Make, tmp_path: Path) -> None:
    """There is nobody to compare it with."""
    released = release(candidate(GOOD), tmp_path)

    assert (released.model, released.version, released.alias) == ("vq-student", "1", "champion")
    assert released.new
    assert "there was no champion" in released.reason


def test_a_shut_gate_makes_a_challenger(candidate: Make, tmp_path: Path) -> None:
    """It is kept for people to look at; the reason is the gate's sentence."""
    released = release(candidate(GOOD, OPEN, SHUT), tmp_path)

    assert released.alias == "challenger"
    assert released.reason == SHUT.sentence
    assert client().get_registered_model("vq-student").aliases == {"challenger": 1}


def test_a_worse_student_leaves_the_champion_alone(candidate: Make, tmp_path: Path) -> None:
    """Both are scored on the same test videos, whatever their reports say."""
    release(candidate(GOOD), tmp_path)
    released = release(candidate(BAD, name="b"), tmp_path)

    assert released.alias == "challenger"
    assert "SRCC -1.000, champion 1.000 on the same 4 test videos" in released.reason
    assert client().get_registered_model("vq-student").aliases == {
        "champion": 1,
        "challenger": 2,
    }


def test_an_equal_student_takes_over(candidate: Make, tmp_path: Path) -> None:
    """It learnt from newer data, so that a small loss is allowed."""
    release(candidate(GOOD), tmp_path)
    released = release(candidate(GOOD, name="b"), tmp_path)

    assert released.alias == "champion"
    assert client().get_registered_model("vq-student").aliases == {"champion": 2}


def test_a_champion_that_looks_elsewhere_decodes_the_videos(
    candidate: Make, tmp_path: Path
) -> None:
    """The cache has no views for it; it sees the files as it would at work."""
    old = candidate(GOOD)
    write_bundle(old.student, *GOOD, moments=2, views={"moments": 2, "grid": 2, "patch_px": 8})
    release(old, tmp_path)
    released = release(candidate(BAD, name="b"), tmp_path)

    assert "SRCC -1.000, champion 1.000" in released.reason


def test_a_champion_that_has_seen_the_test_is_not_beaten(candidate: Make, tmp_path: Path) -> None:
    """It knows the answers: no comparison is better than an unfair one."""
    release(candidate(GOOD), tmp_path)
    new = candidate(GOOD, name="b")
    splits = tmp_path / "other.csv"
    _write_splits(splits, test=range(CONTENTS // 2))

    released = release(replace(new, videos=replace(new.videos, splits=splits)), tmp_path)

    assert released.alias == "challenger"
    assert "4 of today's test contents (the first is c0) were in the champion's" in released.reason


def test_the_same_student_is_registered_once(candidate: Make, tmp_path: Path) -> None:
    """Same weights, data and params: nothing new, and the first answer stands."""
    first = release(candidate(GOOD), tmp_path)
    again = release(candidate(GOOD), tmp_path)

    assert again == replace(first, new=False)
    assert len(client().search_model_versions("name='vq-student'")) == 1


def test_a_champion_that_was_beaten_is_no_champion_when_it_comes_back(
    candidate: Make, tmp_path: Path
) -> None:
    """The alias is where the registry says, not where it was when the version was made."""
    release(candidate(GOOD), tmp_path)
    release(candidate(GOOD, name="b"), tmp_path)

    again = release(candidate(GOOD), tmp_path)

    assert (again.version, again.alias, again.new) == ("1", "challenger", False)
    assert "It was champion once; version 2 is now." in again.reason
    assert client().get_registered_model("vq-student").aliases == {"champion": 2}


def test_other_params_make_another_version(candidate: Make, tmp_path: Path) -> None:
    """Even if they lead to the same weights."""
    release(candidate(GOOD), tmp_path)
    other = candidate(GOOD)
    other.params.write_text("seed: 8\n")

    assert release(other, tmp_path).version == "2"


def test_an_interrupted_release_goes_on(
    candidate: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between version and alias, the next call gives the alias, to the same version."""
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "set_registered_model_alias", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            release(candidate(GOOD), tmp_path)

    released = release(candidate(GOOD), tmp_path)

    assert (released.version, released.alias, released.new) == ("1", "champion", True)


def test_a_version_says_what_made_it(candidate: Make, tmp_path: Path) -> None:
    """Commit, data, params and dvc.lock, each by its hash; metrics and files are in its run."""
    release(candidate(GOOD), tmp_path)
    version = client().get_model_version("vq-student", "1")
    run = client().get_run(version.run_id)

    assert {"identity", "student", "data", "params", "dvc_lock"} <= set(version.tags)
    assert version.tags["git_commit"] == "0123abc"
    assert version.tags["git_dirty"] == "false"
    assert version.tags["opinion"] == "human"
    assert run.data.metrics == {"student.srcc": 0.9}
    assert run.data.params == {"seed": "7", "split.salt": "vq-1"}
    assert {file.path for file in client().list_artifacts(version.run_id)} == {
        "dvc.lock",
        "params.yaml",
        "splits.csv",
        "test.json",
        "verdict.json",
    }


def test_a_released_student_can_be_fetched_and_scores(
    candidate: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By `vq score --model models:/...`, and by whoever knows MLflow only."""
    release(candidate(GOOD), tmp_path)
    monkeypatch.chdir(tmp_path)
    video = write_video(tmp_path / "white.mkv", level=partial(_same, 255))
    scorer = mlflow.pyfunc.load_model("models:/vq-student@champion")

    rows = scorer.predict(pd.DataFrame({"video": [str(video), "nowhere.mp4"]}))

    assert (locate("models:/vq-student@champion") / "student.onnx").exists()
    assert list(rows["status"]) == ["ok", "missing"]
    assert list(rows) == [field.name for field in fields(Row)]
    # Two levels, worth 1 and 5; softmax of (0, 1) gives the second one 0.731.
    assert rows["score"][0] == pytest.approx(1 + 4 * 0.7310586, abs=1e-3)


def test_nothing_is_pickled(candidate: Make, tmp_path: Path) -> None:
    """What is fetched cannot run code."""
    release(candidate(GOOD), tmp_path)
    files = [file for file in (tmp_path / "mlartifacts").rglob("*") if file.is_file()]

    assert {file.suffix for file in files} <= {
        *("", ".json", ".yaml", ".txt", ".onnx", ".safetensors", ".csv", ".lock")
    }
    assert [file for file in files if file.read_bytes()[:1] == b"\x80"] == []


def test_notes_have_a_row_for_each_gate(candidate: Make, tmp_path: Path) -> None:
    """What Prefect shows: who is champion, and why."""
    new = candidate(GOOD, OPEN, SHUT)
    text = notes.markdown(release(new, tmp_path), new.verdict)

    assert text.startswith("## vq-student 1: challenger\n\nThe bundle has 12.00 MB.\n")
    assert "| srcc | 0.900 | 0.75 | open | SRCC on test is 0.900. |" in text
    assert "| size_mb | 12.000 | 10 | **shut** | The bundle has 12.00 MB. |" in text


@pytest.fixture(scope="module")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, which take it seconds to make."""
    root = tmp_path_factory.mktemp("registry")
    mlflow.set_tracking_uri(registry.tracking_uri(root))
    MlflowClient().search_experiments()
    return root / "mlflow.db"


@pytest.fixture(autouse=True)
def _registry_of_the_workspace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_registry: Path
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(empty_registry, tmp_path)
    mlflow.set_tracking_uri(registry.tracking_uri(tmp_path))


def release(candidate: Candidate, root: Path) -> Release:
    """Release into the workspace of the test."""
    return registry.release(candidate, root=root, settings=SETTINGS)


def client() -> MlflowClient:
    """The registry, as anybody sees it."""
    return MlflowClient()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _videos(root: Path) -> Videos:
    shas = [f"{number:064d}" for number in range(CONTENTS)]
    rows: list[dict[str, object]] = []
    for number, (sha, red) in enumerate(zip(shas, map(int, REDNESS), strict=True)):
        video = write_video(root / "videos" / f"{number}.mkv", level=partial(_same, red))
        rows.append(
            {
                "video": video.name,
                "sha256": sha,
                "mos": float(red),
                "content": f"c{number}",
                "dataset": "toy",
            }
        )
    # A rated test video of another data set, which is none of the contest's business: no file.
    rows.append({**rows[-1], "video": "other.mkv", "sha256": "f" * 64, "dataset": "other"})
    manifest.write(manifest.build(rows), root / "accepted.parquet")
    _write_splits(root / "splits.csv", test=range(CONTENTS // 2, CONTENTS))
    shape = (MOMENTS, 4, SIDE_PX, SIDE_PX)
    views = {sha: np.full(shape, red, np.uint8) for sha, red in zip(shas, REDNESS, strict=True)}
    Cache(root / "cache").write("views-0", views)
    spec = {"key": "views-0", "moments": MOMENTS, "grid": 2, "patch_px": 8}
    index = {"cache": "cache", "experts": {}, "views": spec, "videos": CONTENTS, "failed": {}}
    _write(root / "features.json", index)
    return Videos(
        accepted=root / "accepted.parquet",
        splits=root / "splits.csv",
        index=root / "features.json",
        folder=root / "videos",
    )


def _same(level: int, _: int) -> int:
    return level


def _write_splits(path: Path, *, test: range) -> None:
    lines = [f"c{n},{'test' if n in test else 'train'}," for n in range(CONTENTS)]
    path.write_text("\n".join(["content,split,repeat_0", *lines, ""]))


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
