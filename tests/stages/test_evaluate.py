"""The evaluate stage, on a small data set whose models are made on the spot."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from tests.metrics.exhibit import combination
from tests.scoring import toy
from vq.data import manifest
from vq.errors import DataError
from vq.features.cache import Cache
from vq.files import read_json
from vq.models import teacher_files
from vq.models.teacher import Shape, Teacher
from vq.params import Evaluate
from vq.stages.evaluate import evaluate
from vq.zoo.expert import Tags

PARAMS = Evaluate(
    bootstrap=40,
    confidence=0.95,
    slices=("height",),
    modes=3,
    gaming_videos=1,
    gaming_tries=2,
)
COLUMNS = """\
slices: [distortion]
order: {film: content, ladder: distortion, strength: strength, apart: 0.2}
"""
SIDES = {"train": 4, "validation": 3, "test": 3}
VERSIONS = 4
HALF_WIDTH = 0.15


class Workspace(NamedTuple):
    """Files of the stage, in order."""

    accepted: Path
    card: Path
    columns: Path
    videos: Path
    splits: Path
    features: Path
    zoo: Path
    teacher: Path
    student: Path
    plain: Path
    validation: Path
    metrics: Path
    test: Path
    predictions: Path
    misordered: Path
    scatter: Path


@pytest.fixture
def files(tmp_path: Path) -> Workspace:
    """Inputs that a test may change."""
    return make(tmp_path)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Outs of one run of the stage; read them and leave them as they are."""
    files = make(tmp_path_factory.mktemp("evaluated"))
    evaluate(**files._asdict(), params=PARAMS, seed=7)
    return files


def make(tmp_path: Path) -> Workspace:
    """Ten contents, four versions each, rated by how bright they are; all inputs are written."""
    names = Workspace._fields
    files = Workspace(*(tmp_path / ("out" if n > 9 else "in") / f for n, f in enumerate(names)))
    (tmp_path / "in").mkdir()
    rng = np.random.default_rng(0)
    contents = [f"{side}-{n}" for side, count in SIDES.items() for n in range(count)]
    rows = [
        {
            "video": f"{content}-{version}.mkv", "sha256": f"{len(contents) * version + n:064x}",
            "mos": 1 + 4 * brightness, "mos_std": 0.5, "content": content, "dataset": "toy",
            "height": 24, "codec": "ffv1", "problem": "",
            "distortion": ["dark", "pale"][version % 2],
            "strength": round(1 - brightness, 3) if version else 0,
        }
        for n, content in enumerate(contents)
        for version, brightness in enumerate(rng.uniform(0.05, 0.95, VERSIONS))
    ]  # fmt: skip
    table = manifest.build(rows, keep=("distortion", "strength"))
    manifest.write(table, files.accepted)
    for video, mos in zip(table["video"], table["mos"], strict=True):
        grey = round(255 * (mos - 1) / 4)
        toy.write_video(files.videos / video, frames=3, level=lambda _, grey=grey: grey)
    pd.DataFrame({"content": contents, "split": [c.split("-")[0] for c in contents]}).to_csv(
        files.splits, index=False
    )
    files.card.write_text(
        yaml.safe_dump(
            {"name": "toy", "opinion": "synthetic", "scale": {"min": 1, "max": 5}, "licence": "own"}
        )
    )
    files.columns.write_text(COLUMNS)
    kept = {"experts": ["bright", "statistics"], "single": "bright"}
    files.zoo.write_text(json.dumps(combination() | kept))
    _write_features(files, table, rng)
    _write_teacher(files.teacher)
    interval = {"coverage": 0.9, "half_width": HALF_WIDTH}
    line = {"slope": 1, "intercept": 0, "interval": None, "exact_srcc": 1, "srcc": 1}
    modes = {"fast": line, "thorough": line}
    toy.write_bundle(files.student, *toy.BRIGHTNESS, interval=interval, modes=modes)
    toy.write_bundle(files.plain, *toy.random_network(0), name="plain")
    return files


def _write_features(files: Workspace, table: pd.DataFrame, rng: np.random.Generator) -> None:
    cache, shas = Cache(files.features.parent / "cache"), table["sha256"].tolist()
    bright = ((table["mos"].to_numpy(float) - 1) / 4).astype(np.float32)
    shape = (toy.MOMENTS, 4, toy.SIDE_PX, toy.SIDE_PX)
    cache.write(
        "views-1",
        {s: np.full(shape, int(255 * b), np.uint8) for s, b in zip(shas, bright, strict=True)},
    )
    experts = {}
    for name, family in {"bright": "mobilenetv3", "statistics": "handcrafted"}.items():
        noise = rng.normal(0, 0.1, (len(shas), 2, 3)).astype(np.float32)
        cache.write(f"{name}-1", {s: b + n for s, b, n in zip(shas, bright, noise, strict=True)})
        tags = asdict(Tags(family, "none", "none", "own"))
        experts[name] = {
            "key": f"{name}-1",
            "kind": "image",
            "dim": 3,
            "fusion": "mean",
            "tags": tags,
        }
    views = {"key": "views-1", "moments": toy.MOMENTS, "grid": toy.GRID, "patch_px": toy.PATCH_PX}
    index = {
        "cache": "cache",
        "experts": experts,
        "views": views,
        "failed": {},
        "videos": len(shas),
    }
    files.features.write_text(json.dumps(index))


def _write_teacher(folder: Path) -> None:
    torch.manual_seed(0)
    shape = Shape(
        {"bright": 3, "statistics": 3},
        attention=(),
        hidden=5,
        dim=8,
        gate_dim=4,
        importance="softmax",
        levels=2,
        dropout=0.0,
    )
    card = teacher_files.TeacherCard(shape, (1.0, 5.0), 0.2, {"srcc": 0.5, "plcc": 0.5})
    teacher = Teacher(shape)
    teacher.fit_scales({name: torch.randn(9, 3) for name in shape.experts})
    teacher_files.save(teacher, card, folder)


def test_every_model_is_measured_on_both_splits(evaluated: Workspace) -> None:
    """The toy student sees brightness, and brightness is the rating: it ranks perfectly."""
    for path, opinion in ((evaluated.validation, "synthetic"), (evaluated.test, "synthetic")):
        found = read_json(path)
        assert (found["rows"], found["contents"], found["opinion"]) == (12, 3, opinion)
        assert set(found["models"]) == {
            "student", "plain", "teacher", "single", "handcrafted", "constant",
        }  # fmt: skip
        assert found["models"]["student"]["srcc"]["value"] > 0.99
        assert found["models"]["handcrafted"]["srcc"]["value"] > 0.8
        assert found["models"]["constant"]["srcc"]["value"] == 0
        assert set(found["differences"]) == {f"student-{name}" for name in found["models"]} - {
            "student-student"
        }
        assert found["slices"]["height"]["24"]["n"] == 12
    assert read_json(evaluated.test)["maps"]["student"]["kind"] in (
        "linear",
        "logistic",
    )


def test_every_mode_is_measured_on_test_files(evaluated: Workspace) -> None:
    """Videos of three frames: each look decodes all of them, and fast has nothing cheaper."""
    told = read_json(evaluated.test)["modes"]

    moments = {mode: one["moments"] for mode, one in told.items()}
    assert moments == {"fast": 3, "exact": 3, "thorough": 24}
    assert {one["decoded"] for one in told.values()} == {1}


def test_cheap_edits_are_tried_on_the_best_rated_test_video(evaluated: Workspace) -> None:
    """What they add is written beside the edits that did it."""
    gaming = read_json(evaluated.test)["gaming"]
    rows = pd.read_csv(evaluated.predictions)
    tested = rows[rows["split"] == "test"].set_index("video")["mos"]

    assert (gaming["videos"], gaming["tries"]) == (1, 2)
    assert tested[gaming["worst"]["video"]] == tested.max()
    assert gaming["most"] == gaming["worst"]["gain"] >= 0


def test_experiments_are_compared_by_numbers_of_validation(evaluated: Workspace) -> None:
    """Eight of them; test is for the verdict."""
    numbers, validation = read_json(evaluated.metrics), read_json(evaluated.validation)
    student = validation["models"]["student"]

    assert len(numbers) == 8
    assert [numbers[name] for name in ("srcc", "plcc", "rmse")] == [
        student[name]["value"] for name in ("srcc", "plcc", "rmse")
    ]
    assert (numbers["srcc_low"], numbers["srcc_high"]) == (
        student["srcc"]["low"],
        student["srcc"]["high"],
    )
    assert numbers["teacher_srcc"] == validation["models"]["teacher"]["srcc"]["value"]
    assert numbers["order"] == validation["order"]["value"]


def test_coverage_is_measured_on_test(evaluated: Workspace) -> None:
    """Share of the test ratings that the student's intervals hold, as counted here."""
    told = read_json(evaluated.test)["coverage"]
    rows = pd.read_csv(evaluated.predictions)
    rows = rows[rows["split"] == "test"]
    low, high = ((rows["student"] + side).clip(1, 5) for side in (-HALF_WIDTH, HALF_WIDTH))
    share = ((rows["student"] - rows["mos"]).abs() <= HALF_WIDTH).mean()

    assert told["nominal"] == 0.9
    assert told["half_width"] == pytest.approx(((high - low) / 2).mean(), abs=1e-5)
    assert told["value"] == pytest.approx(share, abs=1e-6)
    assert told["low"] <= told["value"] <= told["high"]


def test_order_is_measured_on_both_splits(evaluated: Workspace) -> None:
    """The darker, the stronger; the toy student sees brightness: every ladder is in order.

    The first version passes for one without damage, however dark it is: it is out of order with
    the brighter ones, which can be counted here.
    """
    rows = pd.read_csv(evaluated.predictions).merge(
        manifest.read(evaluated.accepted)[["video", "strength", "distortion"]], on="video"
    )
    for path, side in ((evaluated.validation, "validation"), (evaluated.test, "test")):
        right = []
        for _, film in rows[rows["split"] == side].groupby("content"):
            for _, mild in film.iterrows():
                for _, strong in film.iterrows():
                    ladder = mild["distortion"] == strong["distortion"]
                    if (ladder or mild["strength"] == 0) and (
                        strong["strength"] - mild["strength"] >= 0.2
                    ):
                        right.append(mild["student"] > strong["student"])
        found = read_json(path)["order"]
        assert found["value"] == pytest.approx(np.mean(right), abs=1e-6)
        assert found["pairs"] == len(right)
        assert 0 < found["value"] < 1
    kinds = found["kinds"]
    assert list(kinds) == ["dark", "pale"]
    assert sum(one["pairs"] for one in kinds.values()) == found["pairs"]


def test_every_pair_in_the_wrong_order_is_listed(evaluated: Workspace) -> None:
    """Of validation, the worst first; test videos stay unseen."""
    pairs = pd.read_csv(evaluated.misordered)
    order = read_json(evaluated.validation)["order"]

    assert len(pairs) == round((1 - order["value"]) * order["pairs"])
    assert pairs["margin"].is_monotonic_increasing
    assert pairs["video_mild"].str.startswith("validation-").all()
    assert pairs["video_strong"].str.startswith("validation-").all()


def test_an_order_needs_no_rating(files: Workspace, evaluated: Workspace) -> None:
    """A version that could not be labelled has its place on the ladder all the same."""
    table = manifest.read(files.accepted)
    table.loc[table["video"].str.match(r"test-\d-3"), "mos"] = np.nan
    manifest.write(table, files.accepted)

    evaluate(**files._asdict(), params=PARAMS, seed=7)

    one, all_ = (read_json(each.test) for each in (files, evaluated))
    assert (one["rows"], all_["rows"]) == (9, 12)
    assert one["order"] == all_["order"]
    assert len(pd.read_csv(files.predictions)) == 21


def test_where_nobody_asks_no_order_is_measured(files: Workspace) -> None:
    """The judge reads null."""
    files.columns.write_text("slices: [distortion]\n")
    evaluate(**files._asdict(), params=PARAMS, seed=7)

    assert read_json(files.test)["order"] is None
    assert "order" not in read_json(files.validation)
    assert len(pd.read_csv(files.misordered)) == 0


def test_predictions_have_a_row_for_every_rated_video(evaluated: Workspace) -> None:
    """Of validation and test; the scatter plot, which people tune by, shows validation alone."""
    found, scatter = pd.read_csv(evaluated.predictions), pd.read_csv(evaluated.scatter)
    assert list(found) == [
        "video", "content", "split", "mos",
        "student", "plain", "teacher", "single", "handcrafted", "constant",
        "importance_bright", "importance_statistics",
    ]  # fmt: skip
    assert found.filter(like="importance_").sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-5)
    assert found.groupby("split").size().to_dict() == {"test": 12, "validation": 12}
    assert found.notna().all(axis=None)
    assert list(scatter) == ["video", "mos", "score"]
    assert scatter["video"].str.startswith("validation").all()


def test_the_same_seed_gives_the_same_bytes(evaluated: Workspace, tmp_path: Path) -> None:
    """Every out, so that `dvc repro` on another day changes nothing."""
    again = Workspace(*evaluated[:10], *(tmp_path / path.name for path in evaluated[10:]))
    evaluate(**again._asdict(), params=PARAMS, seed=7)

    assert [path.read_bytes() for path in again[10:]] == [p.read_bytes() for p in evaluated[10:]]


def test_another_data_set_is_reported_apart_and_changes_nothing_else(
    files: Workspace, evaluated: Workspace
) -> None:
    """Half of the videos of each content become a DMOS: the brighter, the lower.

    The same student is right about both; predictions are of the primary alone.
    """
    table = manifest.read(files.accepted)
    lab = table["video"].str.contains("-[23].mkv")
    table.loc[lab, "dataset"] = "lab"
    table.loc[lab, "mos"] = 25 * (5 - table.loc[lab, "mos"])
    manifest.write(table, files.accepted)
    card = yaml.safe_load(files.card.read_text())
    other = {"opinion": "human", "scale": {"min": 0, "max": 100}, "better": "lower"}
    files.card.write_text(yaml.safe_dump(card | {"datasets": {"lab": other | {"licence": "own"}}}))

    evaluate(**files._asdict(), params=PARAMS, seed=7)

    for path in (files.validation, files.test):
        found = read_json(path)
        assert (found["rows"], list(found["datasets"])) == (6, ["lab"])
        told = found["datasets"]["lab"]
        assert (told["rows"], told["contents"], told["opinion"]) == (6, 3, "human")
        assert set(told["models"]) == {"student", "plain", "teacher"}
        assert set(told["models"]["student"]) == {"srcc", "plcc"}
        assert told["models"]["student"]["srcc"]["value"] > 0.99
        assert told["models"]["student"]["plcc"]["value"] > 0.99
        assert "datasets" not in read_json(evaluated.test)
    assert set(pd.read_csv(files.predictions)["video"]) == set(
        table.loc[~lab & ~table["content"].str.startswith("train"), "video"]
    )


def test_without_handcrafted_experts_there_is_no_such_baseline(files: Workspace) -> None:
    """It is left out, and the gate that asks for it stays shut: nobody invents a number."""
    index = json.loads(files.features.read_text())
    index["experts"]["statistics"]["tags"]["family"] = "resnet"
    files.features.write_text(json.dumps(index))

    evaluate(**files._asdict(), params=PARAMS, seed=7)

    assert "handcrafted" not in read_json(files.test)["models"]


def test_a_slice_that_is_no_column_is_named(files: Workspace) -> None:
    """With the columns there are."""
    wrong = PARAMS.model_copy(update={"slices": ("distorsion",)})

    with pytest.raises(DataError, match=r"no column 'distorsion'.*columns.*distortion"):
        evaluate(**files._asdict(), params=wrong, seed=7)


def test_a_split_without_ratings_is_named(files: Workspace) -> None:
    """Unlabelled videos may be anywhere; a test split of nothing else measures nothing."""
    table = manifest.read(files.accepted)
    table.loc[table["content"].str.startswith("test"), "mos"] = np.nan
    manifest.write(table, files.accepted)

    with pytest.raises(DataError, match="the test split has 0 rated videos"):
        evaluate(**files._asdict(), params=PARAMS, seed=7)
