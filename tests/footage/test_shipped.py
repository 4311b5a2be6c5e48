"""The table in git: complete, licensed, and without anything that models are measured on."""

import csv
import os
import shutil
from pathlib import Path

import pytest

from vq.data import card
from vq.footage import config, pictures
from vq.footage.fetch import fetch
from vq.footage.fetched import load
from vq.footage.licences import LICENCES
from vq.footage.sources_table import read

SHIPPED = Path("data/footage")
ASSETS = Path(os.environ.get("VQ_ASSETS", "../shared/assets"))
needs_assets = pytest.mark.skipif(
    not (ASSETS / "footage").is_dir(), reason=f"{ASSETS}/footage is not here; set VQ_ASSETS"
)


def test_params_and_card_are_valid() -> None:
    """What we check in, loads; nobody takes the set for people's opinion."""
    config.load(SHIPPED / "params.yaml")
    assert card.load(SHIPPED / "card.yaml").opinion == "synthetic"


def test_copyleft_and_unclear_licences_are_out_by_default() -> None:
    """Weights that ship must not carry them."""
    allow = config.load(SHIPPED / "params.yaml").allow

    assert set(allow) == {
        name for name, licence in LICENCES.items() if not licence.copyleft and name != "unclear"
    }


def test_most_of_the_table_is_allowed() -> None:
    """200 photographs at least, and clips; what asks for credit has its author."""
    allow = config.load(SHIPPED / "params.yaml").allow
    entries = [entry for entry in read(SHIPPED / "sources.csv") if entry.licence in allow]

    assert sum(entry.kind == "photo" for entry in entries) >= 200
    assert sum(entry.kind == "clip" for entry in entries) >= 10
    assert len({entry.content for entry in entries}) >= 200
    assert [e.file for e in entries if e.licence in ("cc-by", "bsd") and not e.author] == []


@pytest.mark.parametrize(
    ("words", "licence"),
    [("sa-", "cc-by-sa"), ("gpl", "gpl"), ("not stated", "unclear"), ("gfdl", "gfdl")],
)
def test_a_licence_is_what_its_words_say(words: str, licence: str) -> None:
    """No row calls copyleft or an unknown licence by the name of a free one."""
    allow = config.load(SHIPPED / "params.yaml").allow
    entries = read(SHIPPED / "sources.csv")
    told = [entry for entry in entries if words in entry.licence_text.lower()]

    assert any(entry.licence == licence for entry in told)
    assert [entry.file for entry in told if entry.licence in allow] == []


@needs_assets
def test_nothing_that_models_are_measured_on_is_in_the_table() -> None:
    """By the hash of the file; scenes were compared by eye and by perceptual hash."""
    with (ASSETS / "MANIFEST.csv").open(newline="") as file:
        measured = {row["sha256"] for row in csv.DictReader(file) if row["file"][:6] == "videos"}
    entries = read(SHIPPED / "sources.csv")

    assert len(measured) > 30
    assert not measured & {h for e in entries for h in (e.sha256, e.copy_sha256)}


@needs_assets
def test_a_folder_of_scaled_copies_gives_a_data_set(tmp_path: Path) -> None:
    """Without any network: 196 photographs and 5 clips, each with the sides that the table has."""
    for name in ("sources.csv", "params.yaml"):
        shutil.copy(SHIPPED / name, tmp_path)

    fetch(
        tmp_path,
        params=config.load(tmp_path / "params.yaml"),
        folders=[ASSETS / "footage"],
        offline=True,
    )

    photos, clips = load(tmp_path, kind="photo"), load(tmp_path, kind="clip")
    assert (len(photos), len(clips)) == (196, 5)
    assert {photo.scaled for photo in photos} == {True}
    for photo in photos[::40]:
        assert pictures.read(photo).ndim == 3
