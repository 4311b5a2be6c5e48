"""The report stage, on what the evaluate stage has measured on a small data set."""

import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import yaml

from tests.metrics.exhibit import alike, pruning
from tests.stages import test_evaluate
from tests.stages.test_evaluate import PARAMS as EVALUATE
from vq.data import manifest, split
from vq.duplicates import pairs_table
from vq.files import read_json
from vq.params import Report
from vq.stages.evaluate import evaluate
from vq.stages.report import importance, report

PARAMS = Report(worst=2)


class Workspace(NamedTuple):
    """Files of the stage, in order."""

    accepted: Path
    card: Path
    columns: Path
    videos: Path
    splits: Path
    zoo: Path
    pruning: Path
    similarity: Path
    near_duplicates: Path
    suspicious: Path
    student: Path
    validation: Path
    test: Path
    predictions: Path
    misordered: Path
    page: Path
    model_card: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A report and what it was made from; read them and leave them as they are."""
    folder = tmp_path_factory.mktemp("reported")
    files = make(folder, test_evaluate.make(folder))
    report(**files._asdict(), params=PARAMS, evaluate=EVALUATE, seed=7)
    return files


def make(folder: Path, measured: test_evaluate.Workspace) -> Workspace:
    """Measure the models, and write the tables of the other stages."""
    evaluate(**measured._asdict(), params=EVALUATE, seed=7)
    own = {name: folder / name for name in Workspace._fields if name not in measured._fields}
    files = Workspace(
        **{name: getattr(measured, name, own.get(name)) for name in Workspace._fields}
    )
    pruning().to_csv(files.pruning, index=False)
    alike().to_csv(files.similarity)
    pairs_table.judge(
        pairs_table.NONE, pd.DataFrame({"content": [], "split": []}), joined=True
    ).to_csv(files.near_duplicates, index=False)
    doubt = {"place": 1, "content": "train-0", "dataset": "toy", "split": "train", "mos": 1.25}
    pd.DataFrame([{"video": "train-0-1.mkv", **doubt, "expected": 4.5, "z": -7.0}]).to_csv(
        files.suspicious, index=False
    )
    return files


def section(page: str, name: str) -> str:
    """The part of a page that is about one thing."""
    (part,) = re.findall(rf'<section id="{name}">.*?</section>', page, re.DOTALL)
    return part


def test_the_report_shows_the_worst_validation_videos(files: Workspace) -> None:
    """As pictures; test videos stay unseen."""
    page = files.page.read_text()
    pictures = [
        part for part in section(page, "worst").split("<img ")[1:] if "data:image/jpeg" in part
    ]

    assert len(pictures) == PARAMS.worst
    assert all("Middle frame of validation-" in picture for picture in pictures)
    assert "Synthetic MOS" in page
    assert "Agreement against cost" in page


def test_the_report_shows_the_worst_case_of_cheap_edits(files: Workspace) -> None:
    """Before and after, with the edit in words."""
    shown = section(files.page.read_text(), "gaming")
    worst = read_json(files.test)["gaming"]["worst"]

    assert shown.count("<img src=") == 2
    assert worst["video"] in shown
    assert (worst["words"] in shown) or not worst["chain"]


def test_the_report_shows_the_labels_that_look_wrong(files: Workspace) -> None:
    """With a picture of the video, what it is labelled and what was expected."""
    doubts = section(files.page.read_text(), "doubts")

    assert "1 label that looks wrong" in doubts
    assert "data:image/jpeg" in doubts
    assert re.search(r"labelled 1\.25.*expected 4\.50, in train.*train-0-1\.mkv", doubts, re.DOTALL)


def test_the_report_shows_the_pairs_most_in_the_wrong_order(files: Workspace) -> None:
    """So many as `report.worst` says, of validation."""
    order = section(files.page.read_text(), "order")

    _, wrong = order.split("Most in the wrong order")
    assert wrong.count("validation-") == 2 * PARAMS.worst
    assert "test-" not in wrong


def test_the_report_says_what_was_measured_and_how(files: Workspace) -> None:
    """Settings of both stages, and the hashes that `evaluate` has written down."""
    made_of = section(files.page.read_text(), "made-of")

    assert "<dt>bootstrap</dt><dd>40</dd>" in made_of
    assert "<dt>worst</dt><dd>2</dd>" in made_of
    assert "<dt>order</dt><dd>film content, ladder distortion" in made_of
    for name in ("accepted videos", "splits", "features", "teacher", "student", "plain student"):
        assert re.search(rf"<dt>{name}</dt><dd><code>[0-9a-f]{{64}}</code>", made_of)


def test_the_same_files_give_the_same_bytes(files: Workspace, tmp_path: Path) -> None:
    """`dvc repro` on another day changes nothing."""
    again = files._replace(page=tmp_path / "report.html", model_card=tmp_path / "model_card.md")
    report(**again._asdict(), params=PARAMS, evaluate=EVALUATE, seed=7)

    assert again.page.read_bytes() == files.page.read_bytes()
    assert again.model_card.read_bytes() == files.model_card.read_bytes()


def test_the_model_card_counts_videos_by_side(files: Workspace) -> None:
    """Every accepted video of the data set, and the contents of each side."""
    table = manifest.read(files.accepted)
    sides = split.of_videos(table, split.read(files.splits))
    counts = " | ".join(
        f"{len(rows)} ({rows['content'].nunique()})"
        for rows in (table[sides == side] for side in split.SIDES)
    )

    text = files.model_card.read_text()
    assert f"| {counts} |" in text
    assert "### By mode" in text


def test_another_data_set_is_reported_apart_and_an_order_only_where_it_is_measured(
    tmp_path: Path,
) -> None:
    """Half of the videos of each content are of another set; nobody asks for an order."""
    measured = test_evaluate.make(tmp_path)
    table = manifest.read(measured.accepted)
    table.loc[table["video"].str.contains("-[23].mkv"), "dataset"] = "lab"
    manifest.write(table, measured.accepted)
    card = yaml.safe_load(measured.card.read_text())
    other = {"opinion": "human", "scale": {"min": 1, "max": 5}, "licence": "own"}
    measured.card.write_text(yaml.safe_dump(card | {"datasets": {"lab": other}}))
    files = make(tmp_path, measured)
    measured.columns.write_text("slices: [distortion]\n")
    evaluate(**measured._asdict(), params=EVALUATE, seed=7)

    report(**files._asdict(), params=PARAMS, evaluate=EVALUATE, seed=7)

    page = files.page.read_text()
    assert "By data set" in page
    assert 'id="order"' not in page


def test_the_most_important_expert_comes_first() -> None:
    """Means by kind, in hand: `b` has .6 and .8 of two kinds."""
    rows = pd.DataFrame(
        {
            "kind": ["x", "x", "y"],
            "importance_a": [0.5, 0.3, 0.2],
            "importance_b": [0.5, 0.7, 0.8],
        }
    )

    means = importance(rows)

    assert list(means.columns) == ["b", "a"]
    assert means.loc["x"].tolist() == pytest.approx([0.6, 0.4])
    assert means.loc["y"].tolist() == pytest.approx([0.8, 0.2])
