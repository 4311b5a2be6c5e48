"""The benchmark of what ships makes versions once, and counts order as it says."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import edits, shipped
from vq.errors import VqError
from vq.synthetic import ffmpeg
from vq.synthetic.demo import dataset, encode, scenes


def test_order_counts_pairs_of_a_source_that_are_apart() -> None:
    """Of a: 90 above 70 (right), 70 above 50 (a tie: no order), 90 above 50 (right); b has none.

    95 and 90 are too near, and versions of different sources are not compared.
    """
    rows = [
        ("a", 90.0, 3.0),
        ("a", 70.0, 2.0),
        ("a", 50.0, 2.0),
        ("b", 95.0, 1.0),
        ("b", 90.0, 5.0),
    ]
    table = pd.DataFrame(rows, columns=["source", "vmaf", "score"])
    table["content"] = table["source"]

    right, contents = shipped.order(table, "vmaf")

    assert sorted(right.tolist()) == [False, True, True]
    assert set(contents) == {"a"}


def test_points_of_the_fused_label_are_of_a_hundred() -> None:
    """Ten points are .4 of the scale of 1 to 5."""
    table = pd.DataFrame(
        {"source": "a", "content": "a", "fused": [5.0, 4.61, 4.2], "score": [3.0, 2.0, 1.0]}
    )

    right, _ = shipped.order(table, "fused")

    assert len(right) == 2


@pytest.mark.parametrize("name", edits.EDITS)
def test_an_edit_keeps_the_shape_and_changes_the_picture(name: str) -> None:
    """Each is seen, and is no other clip."""
    clip = scenes.render("photo:china", frames=3, width=160, height=120, fps=25)

    edited = edits.EDITS[name](clip)

    assert edited.shape == clip.shape
    assert 2 < np.abs(edited.astype(float) - clip).mean() < 30


@pytest.mark.slow
def test_from_clips_to_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Versions, labels, scores, tables; what is made is used again; what is no clip is left out."""
    try:
        ffmpeg.binary()
    except ffmpeg.FfmpegError as error:
        pytest.skip(str(error))
    clips, out = tmp_path / "clips", tmp_path / "out"
    clips.mkdir()
    for name in ("photo:china", "photo:rocket"):
        film = scenes.render(name, frames=8, width=480, height=270, fps=25)
        path = clips / f"{name.removeprefix('photo:')}.mp4"
        encode.write(film, path, codec="h264", crf=14, fps=25)
    (clips / "notes.txt").write_text("no clip")
    arguments = ["--videos", str(clips), "--out", str(out)]

    shipped.main(arguments)
    first = json.loads((out / "results.json").read_text())
    monkeypatch.setattr(dataset, "shoot", lambda *_, **__: pytest.fail("made again"))
    shipped.main(arguments)

    assert json.loads((out / "results.json").read_text()) == first
    assert list(first["left_out"]) == ["notes.txt"]
    assert first["versions"] == 16
    assert set(first["edits"]) == {"halos", "grain"}
    assert first["edits"]["halos"]["median_change_fused"] < -0.3
    assert 0 <= first["sets"]["all"]["fused"]["coverage"]["value"] <= 1
    table = pd.read_csv(out / "scores.csv")
    assert len(table) == 20
    assert table["fused"].between(1, 5).all()


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    """Empty, or not there."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(VqError, match="fewer than two clips"):
            shipped.labelled(
                folder,
                tmp_path / "work",
                demo=dataset.load(Path("data/demo/params.yaml")),
                together=[],
            )
