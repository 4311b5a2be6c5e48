"""`vq ask`, with real files."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import write_video
from tests.duplicates.scenes import scene
from tests.scoring.toy import random_network, write_bundle
from tests.workspace import ROOT
from vq import cli

Run = Callable[..., int]


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five scenes and a mirrored one, scored with features; params beside them."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    write_bundle(tmp_path / "student", *random_network(1))
    for number in range(5):
        _video(tmp_path / f"uploads/{number}.mkv", number)
    _video(tmp_path / "uploads/mirrored.mkv", 3, mirrored=True)
    score = ["score", "uploads", "--model", "student", "--feature", "--jobs", "1"]
    assert cli.main([*score, "--output", "rows.csv"]) == 0
    return tmp_path


def _video(path: Path, seed: int, **changes: bool) -> None:
    picture = scene(seed, **changes)  # type: ignore[arg-type]
    write_video(path, 30, width=64, height=48, pix_fmt="bgr0", picture=picture)


def test_from_scores_to_a_table_of_what_to_rate(
    uploads: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What shows the same is asked once; paths are seen from the table; a second run is refused."""
    rows = str(uploads / "rows.csv")

    assert cli.main(["ask", rows, "--budget", "6", "--out", "rating/ask.csv"]) == 1

    said = capsys.readouterr()
    assert "5 videos to rate of 6 with a score; 1 drawn at random\n" in said.out
    assert "1 video fewer than the budget" in said.out
    assert "shows the same as uploads/" in said.err
    with Path("rating/ask.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == ["video", "reason", "random", "score"]
    assert [row["random"] for row in table] == ["yes", "no", "no", "no", "no"]
    assert len({(uploads / "rating" / row["video"]).resolve(strict=True) for row in table}) == 5
    assert all(row["reason"] for row in table)

    assert cli.main(["ask", rows, "--budget", "2", "--out", "rating/ask.csv"]) == 1
    assert "rating/ask.csv: is there already" in capsys.readouterr().err
    assert cli.main(["ask", rows, "--budget", "2", "--out", "rows.csv", "--replace"]) == 1
    assert "rows.csv: is one of the inputs" in capsys.readouterr().err
