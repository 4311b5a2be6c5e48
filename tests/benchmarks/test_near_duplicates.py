"""The benchmark of near-duplicates counts what is right, wrong and missed."""

import shutil
from pathlib import Path

import pytest

from benchmarks import near_duplicates
from tests.conftest import write_video
from tests.duplicates.scenes import looks, scene
from vq.video.fingerprint import take
from vq.video.probe import probe


def test_what_is_found_is_counted_by_manipulation() -> None:
    """Two clips of one scene called two contents are a wrong pair; what is missed is named."""
    files = [
        near_duplicates.File(Path(f"{name}.mp4"), content, clip, how)
        for name, content, clip, how in (
            ("a", "a", "a", ""), ("a-0", "a", "a", "mirrored"), ("a-1", "a", "a", "bars"),
            ("b", "b", "b", ""),
        )
    ]  # fmt: skip
    seen = (scene(1), scene(1, mirrored=True), scene(2), scene(1, crop=0.04))
    prints = [take(looks(picture), 2.0) for picture in seen]

    found = near_duplicates.agreement(files, prints, bits=8, share=0.7)

    assert (found["found within"], found["found between"]) == (1, 2)
    assert found["recall"]["mirrored"]["value"] == 1
    assert found["recall"]["bars"]["value"] == 0
    assert found["missed"] == ["a: bars"]
    assert found["contents joined wrongly"] == ["a ~ b"]
    assert found["precision"]["value"] == pytest.approx(1 / 3, abs=1e-4)


def test_planted_pairs_of_random_fingerprints_are_found() -> None:
    """All of them, and no others."""
    found = near_duplicates.matching(200, bits=8)

    assert (found["planted"], found["planted found"], found["others found"]) == (4, 4, 0)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_the_same_seed_plants_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long and as large; clips whose names begin alike are of one content."""
    for name in ("a_1", "a_2", "b"):
        write_video(tmp_path / f"clips/{name}.mkv", 8, width=64, height=48)
    few = {how: near_duplicates.MANIPULATIONS[how] for how in ("mirrored", "both ends cut off")}
    monkeypatch.setattr(near_duplicates, "MANIPULATIONS", few)
    clips = near_duplicates.contents(tmp_path / "clips", ["a_"])

    files = near_duplicates.plant(clips, tmp_path / "one", seed=1)
    near_duplicates.plant(clips, tmp_path / "two", seed=1)

    assert [file.content for file in files] == ["a_"] * 6 + ["b"] * 3
    # Not bytes: x264 does not promise the same ones.
    for path in [file.path for file in files if file.how]:
        one, two = probe(path), probe(tmp_path / "two" / path.name)
        assert (one.frames, one.width, one.height) == (two.frames, two.width, two.height)
    assert [probe(file.path).frames for file in files[:3]] == [8, 8, pytest.approx(5, abs=1)]
