"""Every dialect, in the official layout and, where there are any, on the real files."""

import csv
import os
from pathlib import Path

import pytest

from tests.importers.layouts import LAYOUTS, Layout
from vq import cli
from vq.data import card as cards
from vq.data import labels_csv
from vq.importers.convert import Labels, write_card
from vq.importers.forms import FORMS

ASSETS = Path(os.environ.get("VQ_ASSETS", "../shared/assets")) / "labels"
REAL = {
    "konvid-1k": ("KoNViD.txt", 1192, 1.22, 4.444029851),
    "lsvq": ("LSVQ_test.txt", 7184, 8.46666666666667, 91.0333333333333),
    "divide-3k": ("DIVIDE3k_val.txt", 909, 1.028571429, 4.685714286),
    "maxwell": ("MaxWell_val.csv", 909, 1.028571429, 4.685714286),
    "kvq": ("KVQ_metadata.csv", 4200, 1.305555556, 4.5),
    "live-yt-gaming": ("LIVE_YT_GAMING_metadata.csv", 600, 4.52965333671591, 95.9543135037814),
    "etri-live": ("ETRI-LIVE_MOS.csv", 437, 17.66977607, 76.86753058),
}
"""File, videos, lowest and highest mos, counted by pandas and by eye."""
OWN = ["--scale", "1", "5", "--better", "higher", "--opinion", "human", "--licence", "none"]


def convert(layout: Layout, folder: Path, *more: str) -> list[dict[str, str]]:
    """Run `vq labels` on a file of this layout; what `labels.csv` has then."""
    file = folder / layout.file
    layout.write(file)
    arguments = [layout.form, str(file), "--out", str(folder / "out"), "--force", *more]
    if layout.names:
        (folder / "names.txt").write_text(layout.names)
        arguments += ["--names", str(folder / "names.txt")]
    if layout.form == "etri-live":
        videos = folder / "out" / "videos"
        videos.mkdir(parents=True)
        (videos / "Beauty_1080p_120hz_q_27.mp4").touch()
    assert cli.main(["labels", *arguments, *(OWN if layout.form == "own" else [])]) == 0
    with (folder / "out" / "labels.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_file_in_the_official_layout_becomes_labels(name: str, tmp_path: Path) -> None:
    """Names, scores to the bit, contents and further columns; and the project reads them."""
    layout = LAYOUTS[name]

    rows = convert(layout, tmp_path)

    video, mos, content = layout.first
    video = video if layout.form != "etri-live" else f"{video}.mp4"
    assert len(rows) == layout.count
    assert (rows[0]["video"], float(rows[0]["mos"]), rows[0]["content"]) == (video, mos, content)
    assert tuple(rows[0])[5:] == layout.more
    read = labels_csv.read(tmp_path / "out" / "labels.csv", keep=layout.more)
    assert [row.problem for row in read] == [""] * layout.count
    assert read[0].values["mos"] == mos


def test_a_score_that_nobody_knows_is_empty(tmp_path: Path) -> None:
    """-1 in the field's list."""
    rows = convert(LAYOUTS["list"], tmp_path)

    assert [row["mos"] for row in rows] == ["67.75", ""]


def test_spread_and_raters_come_along(tmp_path: Path) -> None:
    """YouTube-UGC's workbook has both."""
    rows = convert(LAYOUTS["youtube-ugc"], tmp_path)

    assert [(row["mos_std"], row["ratings"]) for row in rows] == [("0.5", "125"), ("", "99")]


@pytest.mark.parametrize("name", [name for name in FORMS if name != "own"])
def test_a_card_says_what_is_known(name: str, tmp_path: Path) -> None:
    """Scale, direction, contents, where from, how the layout is known; else `not known`."""
    form = FORMS[name]
    labels = Labels((), ("Read from here.",))

    write_card(form, labels, tmp_path / "card.yaml", name="x", overrides={})

    card = cards.load(tmp_path / "card.yaml")
    assert (card.scale.min, card.scale.max) == form.scale
    assert (card.better, card.opinion, card.videos) == ("higher", "human", form.videos)
    assert card.source.startswith("http")
    assert all((card.licence, card.contents, card.defects))
    assert ("Layout from description, not from a file." in card.note) is not form.seen
    assert "Read from here." in card.note


def test_every_dialect_has_a_layout_here() -> None:
    """Adding one means showing how its file looks."""
    assert {layout.form for layout in LAYOUTS.values()} == set(FORMS)


def test_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each, with scale and count."""
    assert cli.main(["labels", "--list"]) == 0

    said = capsys.readouterr().out
    assert all(name in said for name in FORMS)
    assert "-10 to 100" in said


@pytest.mark.skipif(not ASSETS.is_dir(), reason="needs the label files of VQ_ASSETS")
@pytest.mark.parametrize("name", REAL)
def test_the_real_file_has_what_was_published(name: str, tmp_path: Path) -> None:
    """Count and range; the files hold parts of some sets."""
    file, count, low, high = REAL[name]
    form = FORMS[name]
    more = ["--names", str(ASSETS / "DIVIDE3k_val.txt")] if name == "maxwell" else []
    if form.videos not in (None, count):
        more.append("--force")
    if name == "etri-live":
        for line in (ASSETS / file).read_text(encoding="utf-8-sig").splitlines()[1:]:
            (tmp_path / "videos").mkdir(exist_ok=True)
            (tmp_path / "videos" / f"{line.split(',')[0]}.mp4").touch()
        more += ["--videos", str(tmp_path / "videos")]

    out = tmp_path / "out"
    assert cli.main(["labels", name, str(ASSETS / file), "--out", str(out), *more]) == 0

    with (out / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    scores = [float(row["mos"]) for row in rows]
    assert (len(rows), min(scores), max(scores)) == (count, low, high)
    contents = {row["content"] for row in rows} - {""}
    assert len(contents) == {"kvq": 600, "live-yt-gaming": 59, "etri-live": 15}.get(name, 0)
