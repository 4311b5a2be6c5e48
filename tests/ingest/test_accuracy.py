"""Deliveries that the champion scores before anything learns from them."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import moving, write_video
from tests.workspace import run
from vq import params
from vq.accuracy import record as records
from vq.accuracy.delivery import RatedVideo, measure_delivery
from vq.data import card as cards
from vq.errors import DataError
from vq.ingest.ingest import ingest
from vq.video.probe import sha256

BRIGHTNESS = np.linspace(0.2, 1.0, 21)
"""Of each video, as a share of the texture's."""


def shaded(share: float, number: int, width: int, height: int) -> np.ndarray:
    """A moving texture, darker."""
    return (moving(number, width, height) * share).astype(np.uint8)


def test_the_champion_scores_a_delivery_before_it_is_training_data(
    root: Path, champion: str, tmp_path: Path
) -> None:
    """What it has learnt from, what has no rating and what it cannot score do not count."""
    assert champion == "champion"
    inbox = tmp_path / "inbox"
    rows = ["video,mos,content"]
    for number, share in enumerate(BRIGHTNESS):
        video = write_video(
            inbox / f"{number}.mkv", width=96, height=64, picture=partial(shaded, float(share))
        )
        rows.append(f"{video.name},{1 + 4 * share:.2f},{'c3' if number == 20 else ''}")
    write_video(inbox / "unrated.mkv", 11, width=96, height=64, picture=moving)
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join([*rows, ""]))

    ingest(inbox, labels, root=root, commit=True, jobs=1)

    (record,) = records.read(root / "data/mine" / records.FILE)
    assert (record.videos, record.contents, record.failed, record.learnt) == (20, 20, 0, 1)
    assert record.version == "1"
    assert record.measures["srcc"].value == 1.0
    assert record.measures["srcc"].has_bounds
    assert record.promised is None
    assert "coverage" not in record.measures
    shown = run(root, "git", "show", "--name-only", "--format=").stdout.split()
    assert "data/mine/accuracy.jsonl" in shown
    assert run(root, "git", "status", "--porcelain").stdout == ""

    video = root / "data/mine/videos/0.mkv"
    measured = measure_delivery(
        [
            RatedVideo(video, sha256(video), "a", 2.0),
            RatedVideo(root / "none.mkv", "e" * 64, "b", 3.0),
        ],
        card=cards.load(root / "data/mine/card.yaml"),
        config=params.load(root / "params.yaml"),
        root=root,
        jobs=1,
    )
    assert measured.record is not None
    assert (measured.record.videos, measured.record.failed) == (1, 1)
    assert [row.status for row in measured.failed] == ["missing"]


def test_nobody_measures_without_a_champion(
    root: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No registry is made by looking, and an empty one stops nobody."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    videos = [RatedVideo(root / "a.mkv", "0" * 64, "a", 3.0)]
    card = cards.load(root / "data/mine/card.yaml")
    config = params.load(root / "params.yaml")

    none = measure_delivery(videos, card=card, config=config, root=root)
    assert none.reason == "there is no registry here, so no champion"
    assert not (root / "mlflow.db").exists()
    shutil.copy(empty_store, root)
    empty = measure_delivery(videos, card=card, config=config, root=root)
    assert empty.reason == "vq-student has no champion"


def test_a_registry_that_does_not_answer_stops_the_delivery(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it brings can be measured once."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    card = cards.load(root / "data/mine/card.yaml")
    config = params.load(root / "params.yaml")

    with pytest.raises(DataError, match=r"http://127\.0\.0\.1:9: does not answer .*run again when"):
        measure_delivery(
            [RatedVideo(root / "a.mkv", "0" * 64, "a", 3.0)], card=card, config=config, root=root
        )
