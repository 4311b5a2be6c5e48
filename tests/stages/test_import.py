"""Videos and labels become a manifest; no row is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import moving, write_video
from vq import params as schema
from vq.data import manifest as manifests
from vq.errors import DataError
from vq.stages.import_ import import_
from vq.video.probe import sha256

CARD = "name: clips\nopinion: human\nscale: {min: 1, max: 5}\nlicence: none\n"
H264: dict[str, Any] = {
    "width": 96, "height": 64, "codec": "libx264", "pix_fmt": "yuv420p", "picture": moving
}  # fmt: skip
LABELS = """video,mos,mos_std,ratings,content,tag
a.mp4,3.5,0.5,20,park,blur
deep/b.mp4,2,,,,noise
missing.mp4,3,,,,
a.mp4,3.4,,,park,blur
a.mp4,good,,,,
../c.mp4,3,,,,
,3,,,,
"""

Dataset = Callable[[str], Path]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with the usual accidents, imported."""
    folder = tmp_path_factory.mktemp("dataset")
    for name in ("a.mp4", "deep/b.mp4", "unlabelled.mp4"):
        write_video(folder / "videos" / name, 6, **H264)
    (folder / "videos" / "README.txt").write_text("no video")
    (folder / "videos" / ".hidden.mp4").write_text("no video")
    (folder / "labels.csv").write_text(LABELS)
    (folder / "card.yaml").write_text(CARD)
    (folder / "columns.yaml").write_text("keep: [tag]\n")
    run(folder)
    return folder


@pytest.fixture(scope="module")
def table(folder: Path) -> pd.DataFrame:
    """The manifest of that data set."""
    return manifests.read(folder / "manifest.parquet")


def run(folder: Path, *, out: str = "manifest") -> None:
    """The stage, on a folder laid out as in dvc.yaml."""
    import_(
        videos=folder / "videos",
        labels=folder / "labels.csv",
        card=folder / "card.yaml",
        columns=folder / "columns.yaml",
        manifest=folder / f"{out}.parquet",
        twin=folder / f"{out}.csv",
        fingerprints=folder / f"{out}-fingerprints.parquet",
        params=schema.Import(),
        jobs=2,
    )


def test_every_row_of_the_labels_is_there_then_the_unlabelled(table: pd.DataFrame) -> None:
    """In the order of the label file; repeated rows too: to reject them is up to `validate`."""
    assert table["video"].tolist() == [
        "a.mp4", "deep/b.mp4", "missing.mp4", "a.mp4", "a.mp4", "../c.mp4", "", "unlabelled.mp4"
    ]  # fmt: skip


def test_a_good_row_has_label_and_probe(table: pd.DataFrame, folder: Path) -> None:
    """What people said, what the file is, and the kept column."""
    row = table.iloc[0]

    assert (row["mos"], row["mos_std"], row["ratings"], row["tag"]) == (3.5, 0.5, 20, "blur")
    assert (row["width"], row["height"], row["frames"], row["codec"]) == (96, 64, 6, "h264")
    assert row["sha256"] == sha256(folder / "videos" / "a.mp4")
    assert (row["dataset"], row["problem"]) == ("clips", "")


def test_a_video_without_content_is_its_own(table: pd.DataFrame) -> None:
    """All versions of a source stand together in the splits; a loner stands alone."""
    assert table["content"].tolist()[:2] == ["park", "deep/b.mp4"]


def test_a_video_without_label_joins(table: pd.DataFrame) -> None:
    """It carries the feature loss; files that are no videos by name stay out."""
    row = table.iloc[-1]

    assert pd.isna(row["mos"])
    assert (row["frames"], row["problem"]) == (6, "")


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        pytest.param(2, "no such file; correct the path", id="missing"),
        pytest.param(4, "mos 'good' is not a number; correct", id="no-number"),
        pytest.param(5, "lies outside the folder of videos; move it", id="outside"),
        pytest.param(6, "its row names no video; fill in", id="nameless"),
    ],
)
def test_a_bad_row_says_what_is_wrong(table: pd.DataFrame, number: int, problem: str) -> None:
    """Reason and remedy, and no path of this machine."""
    row = table.iloc[number]

    assert row["problem"].startswith(problem)
    assert "/tmp" not in row["problem"]
    assert number == 4 or row[["sha256", "frames", "codec"]].isna().all()


def test_a_row_may_be_of_another_data_set(tmp_path: Path) -> None:
    """One that the card describes; a name it does not know is a bad row like others."""
    write_video(tmp_path / "videos/a.mp4", 6, **H264)
    (tmp_path / "labels.csv").write_text(
        "video,mos,dataset\na.mp4,80,lab\na.mp4,3,\na.mp4,3,clips\na.mp4,3,lib\n"
    )
    other = "lab: {opinion: human, scale: {min: 0, max: 100}, better: lower, licence: own}"
    (tmp_path / "card.yaml").write_text(f"{CARD}datasets:\n  {other}\n")
    (tmp_path / "columns.yaml").touch()
    run(tmp_path)

    table = manifests.read(tmp_path / "manifest.parquet")

    assert table["dataset"].tolist() == ["lab", "clips", "clips", "lib"]
    assert table["problem"].tolist()[:3] == [""] * 3
    assert table["problem"][3] == (
        "is of a data set 'lib', card.yaml knows clips, lab; correct the name, or describe it "
        "there under `datasets`"
    )


def test_the_twin_says_the_same(table: pd.DataFrame, folder: Path) -> None:
    """For eyes and diffs."""
    twin = pd.read_csv(folder / "manifest.csv", keep_default_na=False, dtype=str)

    assert list(twin.columns) == list(table.columns)
    assert twin["video"].tolist() == table["video"].tolist()


def test_the_same_data_set_is_the_same_bytes(folder: Path) -> None:
    """Otherwise dvc would run everything after it again."""
    run(folder, out="again")

    for rest in (".parquet", ".csv", "-fingerprints.parquet"):
        found = [(folder / f"{name}{rest}").read_bytes() for name in ("manifest", "again")]
        assert found[0] == found[1]


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        pytest.param("videos", "videos: no such folder; put the videos there", id="videos"),
        pytest.param("labels.csv", r"labels\.csv: cannot be read", id="labels"),
        pytest.param("card.yaml", r"card\.yaml: no such file", id="card"),
        pytest.param("columns.yaml", r"columns\.yaml: no such file; .*may be empty", id="columns"),
    ],
)
def test_without_its_files_it_says_so(tmp_path: Path, lost: str, message: str) -> None:
    """One sentence, before anything is probed or written."""
    (tmp_path / "videos").mkdir()
    (tmp_path / "labels.csv").write_text("video\n")
    (tmp_path / "card.yaml").write_text(CARD)
    (tmp_path / "columns.yaml").touch()
    (tmp_path / lost).rename(tmp_path / "elsewhere")

    with pytest.raises(DataError, match=message):
        run(tmp_path)

    assert not list(tmp_path.glob("manifest*"))
