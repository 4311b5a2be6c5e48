"""The demo makes itself, to the bit, and never passes for people's opinion."""

import csv
from pathlib import Path

import numpy as np
import pytest

from vq.data import card
from vq.errors import DataError, ParamsError
from vq.synthetic.demo import dataset as demo

SHIPPED = Path("data/demo")
TINY = demo.Demo(seed=3, contents=2, versions=3, seconds=0.4, raters=8, bias=0.3, noise=0.5)


def _rows(labels: Path) -> list[dict[str, str]]:
    with labels.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two contents (three films), three versions each."""
    folder = tmp_path_factory.mktemp("demo")
    demo.make(TINY, folder / "videos", folder / "labels.csv", jobs=1)
    return folder


@pytest.mark.slow
def test_processes_change_no_bit(tiny: Path, tmp_path: Path) -> None:
    """The same seed gives the same files and labels, whatever the number of processes."""
    demo.make(TINY, tmp_path / "videos", tmp_path / "labels.csv", jobs=2)
    names = sorted(path.name for path in (tiny / "videos").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "videos").iterdir())
    for name in names:
        assert (tiny / "videos" / name).read_bytes() == (tmp_path / "videos" / name).read_bytes()
    assert (tiny / "labels.csv").read_bytes() == (tmp_path / "labels.csv").read_bytes()


def test_another_seed_is_another_demo() -> None:
    """The seed reaches the plan."""
    assert demo.plan(TINY) != demo.plan(TINY.model_copy(update={"seed": 4}))


def test_each_video_has_a_label_within_the_scale(tiny: Path) -> None:
    """One row for each file, mos on 1 to 5, all raters counted."""
    rows = _rows(tiny / "labels.csv")
    assert list(rows[0]) == list(demo.COLUMNS)
    assert {row["video"] for row in rows} == {path.name for path in (tiny / "videos").iterdir()}
    assert all(1 <= float(row["mos"]) <= 5 for row in rows)
    assert {row["ratings"] for row in rows} == {"8"}


def test_two_takes_of_a_photograph_are_one_content(tiny: Path) -> None:
    """Crops of one photograph may not fall on both sides of a split."""
    rows = [row for row in _rows(tiny / "labels.csv") if "astronaut" in row["video"]]
    assert {row["video"].split("-")[2] for row in rows} == {"0", "1"}
    assert {row["content"] for row in rows} == {"photo:astronaut"}
    assert {row["film"] for row in rows} == {"photo-astronaut-0", "photo-astronaut-1"}


def test_pristine_is_the_best_version_of_its_film(tiny: Path) -> None:
    """No version says more than the one it was made from."""
    best: dict[str, float] = {}
    for row in _rows(tiny / "labels.csv"):
        film = row["video"].rsplit("-", 2)[0]
        best[film] = max(best.get(film, 0.0), float(row["mos"]))
        if row["distortion"] == "pristine":
            assert float(row["mos"]) > 4
    assert len(best) == 3


def test_a_folder_with_files_is_left_alone(tiny: Path) -> None:
    """Making the demo anew never deletes what somebody else put there."""
    with pytest.raises(DataError, match=r"videos: already holds files"):
        demo.make(TINY, tiny / "videos", tiny / "labels.csv", jobs=1)


def test_the_shipped_demo_is_as_large_as_promised() -> None:
    """At least 36 contents, 8 versions of each film, every kind often and from mild to strong."""
    films = demo.plan(demo.load(SHIPPED / "params.yaml"))
    assert len({film.content for film in films}) >= 36
    assert all(len(film.versions) >= 8 for film in films)
    assert all(film.versions[0].kind == "pristine" for film in films)
    assert {film.height for film in films} >= {240, 270, 360}
    for kind in demo.encode.CODECS.keys() | demo.DISTORTIONS.keys():
        strengths = [v.strength for film in films for v in film.versions if v.kind == kind]
        assert len(strengths) >= 25
        assert min(strengths) < 0.15
        assert max(strengths) > 0.85
        assert np.median(strengths) == pytest.approx(0.54, abs=0.1)


def test_the_card_says_synthetic() -> None:
    """Nobody may mistake the labels for people's opinion."""
    shipped = card.load(SHIPPED / "card.yaml")
    assert shipped.opinion == "synthetic"
    assert "synthetic MOS" in shipped.title
    assert "synthetic MOS" in (SHIPPED / "README.md").read_text(encoding="utf-8")


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    """A misspelt knob is an error, not a default."""
    file = tmp_path / "params.yaml"
    file.write_text((SHIPPED / "params.yaml").read_text(encoding="utf-8") + "  contens: 3\n")
    with pytest.raises(ParamsError, match=r"demo\.contens: unknown key"):
        demo.load(file)
