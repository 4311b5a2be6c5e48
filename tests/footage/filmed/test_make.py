"""Whole films on disk, and the data set that they make."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.footage.conftest import FILM, Footages, row, sha256
from vq.data import card, labels_csv
from vq.errors import DataError
from vq.footage import config, fetched
from vq.footage.fetched import Source
from vq.footage.filmed import dataset, make
from vq.pipeline.command_line import dispatch
from vq.synthetic import ffmpeg

PARAMS = config.Film(**FILM)


@pytest.fixture
def photos(photo: Image.Image, footage: Footages, tmp_path: Path) -> Sequence[Source]:
    """Two photographs that were fetched."""
    stock = tmp_path / "stock"
    stock.mkdir()
    rows = []
    for name, picture in (("one", photo), ("two", photo.rotate(180))):
        picture.save(stock / f"{name}.png")
        content = (stock / f"{name}.png").read_bytes()
        rows.append(
            row(
                content,
                file=f"{name}.png",
                content=name,
                width="640",
                height="480",
                url="http://127.0.0.1:9/x",
            )
        )
        assert sha256(content) == rows[-1]["sha256"]
    footage.write(rows)
    footage.fetch(stock, offline=True)
    return fetched.load(footage.root, kind="photo")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films of a size at which all measures exist."""
    monkeypatch.setattr(make, "SIZES", ((256, 192),))


def film(photos: Sequence[Source], folder: Path, number: int = 0) -> list[make.Version]:
    """One take."""
    for name in ("videos", "references"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return make.film(
        photos,
        photos[number],
        0,
        videos=folder / "videos",
        references=folder / "references",
        params=PARAMS,
    )


def test_a_film_has_a_pristine_version_and_its_ladders(
    photos: Sequence[Source], tmp_path: Path
) -> None:
    """One row for each file, the same files again from the same seed."""
    first, again = film(photos, tmp_path / "a"), film(photos, tmp_path / "b")

    assert first == again
    assert [version.ladder for version in first] == [-1, 0, 0, 1, 1]
    for version in first:
        one, other = (tmp_path / name / "videos" / version.video for name in "ab")
        assert one.read_bytes() == other.read_bytes()
    assert {version.content for version in first} == {"one"}


def test_a_film_that_was_cut_short_is_made_again_and_a_complete_one_is_not(
    photos: Sequence[Source], tmp_path: Path
) -> None:
    """The table is written last; what has one is whole."""
    rows = film(photos, tmp_path, 1)
    victim = tmp_path / "videos" / rows[1].video
    victim.write_bytes(b"half")

    assert film(photos, tmp_path, 1) == rows
    assert victim.read_bytes() == b"half"
    (tmp_path / "references/two_00.json").unlink()
    assert film(photos, tmp_path, 1) == rows
    assert len(victim.read_bytes()) > 4


def test_other_params_make_another_film(photos: Sequence[Source], tmp_path: Path) -> None:
    """A table of a run before is not taken for theirs."""
    film(photos, tmp_path)
    other = PARAMS.model_copy(update={"rungs": 3})

    versions = make.film(
        photos,
        photos[0],
        0,
        videos=tmp_path / "videos",
        references=tmp_path / "references",
        params=other,
    )

    assert [version.ladder for version in versions] == [-1, 0, 0, 0, 1, 1, 1]


def has_libvmaf() -> bool:
    """The wheel imageio-ffmpeg has it on Linux x86-64; elsewhere an FFmpeg in PATH may."""
    try:
        ffmpeg.binary()
    except ffmpeg.FfmpegError:
        return False
    return True


@pytest.mark.skipif(not has_libvmaf(), reason="no FFmpeg with libvmaf here")
def test_footage_becomes_a_data_set(
    photos: Sequence[Source], footage: Footages, capsys: pytest.CaptureFixture[str]
) -> None:
    """Videos, and labels that `vq import` reads: content, ladder and strength beside each."""
    stray = footage.root / "videos"
    stray.mkdir()
    (stray / "of-other-params.mkv").write_bytes(b"")

    assert dispatch(["footage", "film", str(footage.root), "--jobs", "1"]) == 0

    assert "2 films of 2, 10 videos" in capsys.readouterr().out
    with (footage.root / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {path.name for path in stray.iterdir()} == {row["video"] for row in rows}
    labels = labels_csv.read(footage.root / "labels.csv", keep=["distortion", "strength"])
    assert [label.problem for label in labels] == [""] * 10
    assert {label.values["content"] for label in labels} == {"one", "two"}
    mos = {row["video"]: float(row["mos"]) for row in rows}
    assert all(1 <= value <= 5 for value in mos.values())
    pristine = [mos[row["video"]] for row in rows if row["ladder"] == "-1"]
    assert min(pristine) > np.mean(list(mos.values()))


def test_a_photograph_that_is_gone_is_named(photos: Sequence[Source], footage: Footages) -> None:
    """Before any work."""
    photos[0].path.unlink()

    with pytest.raises(DataError, match=r"one\.png: is gone or was changed; run `vq footage fetch"):
        dataset.make(footage.root, params=PARAMS, jobs=1)


def test_the_card_of_footage_covers_its_labels() -> None:
    """Synthetic, from 1 to 5, higher is better."""
    shipped = card.load(Path("data/footage/card.yaml"))

    assert (shipped.opinion, shipped.better) == ("synthetic", "higher")
    assert (shipped.scale.min, shipped.scale.max) == (1, 5)


@pytest.mark.parametrize("gone", ["videos", "references"])
def test_a_film_of_which_a_file_is_gone_is_made_again(
    photos: Sequence[Source], tmp_path: Path, gone: str
) -> None:
    """Dvc deletes outputs that it does not know, and leaves the table that says what was made."""
    first = film(photos, tmp_path)[1]
    path = tmp_path / gone / (first.video if gone == "videos" else first.reference)
    content = path.read_bytes()
    path.unlink()

    film(photos, tmp_path)

    assert path.read_bytes() == content
