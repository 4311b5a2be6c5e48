"""The student that is part of the package."""

import subprocess
import sys
from pathlib import Path

import av
import pytest

import vq
from tests.conftest import moving, write_video
from vq import cli
from vq.inference import card as cards
from vq.inference.modes import MODES
from vq.scoring.locate import locate

LEAVES = Path(__file__).parents[1] / "video" / "leaves.mp4"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no workspace, with a video in it."""
    monkeypatch.chdir(tmp_path)
    write_video(
        tmp_path / "clip.mp4",
        60,
        codec="libx264",
        width=320,
        height=240,
        pix_fmt="yuv420p",
        picture=moving,
    )
    return tmp_path


def test_it_is_small_synthetic_and_knows_every_mode() -> None:
    """What it is, it says itself."""
    folder = locate("shipped")
    card, network = cards.load(folder)

    assert len(network) < 16e6
    assert (card.opinion, card.scale) == ("synthetic", cards.Scale(1.0, 5.0))
    assert {*card.modes, "exact"} == set(MODES)
    assert card.interval is not None
    assert card.reference is not None
    assert card.sure is not None
    assert card.sure.least_error == 0.002
    assert card.licences


@pytest.mark.usefixtures("elsewhere")
def test_a_score_comes_right_after_installation(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Outside of a workspace, too; whose student it is, and what it learnt from, is said."""
    assert cli.main(["score", "clip.mp4", "--format", "csv"]) == 0

    rows, notes = capfdbinary.readouterr()
    assert b"clip.mp4,ok," in rows
    assert b"there is no artifacts/student here; this is the student that is part of vq" in notes
    assert b"synthetic MOS" in notes


def test_damage_shows_in_the_score(tmp_path: Path) -> None:
    """The same camera footage, compressed more and more."""
    model = vq.load("shipped")
    scores = []
    for crf in (18, 30, 42):
        path = tmp_path / f"{crf}.mp4"
        with av.open(str(LEAVES)) as source, av.open(str(path), "w") as target:
            (old,) = source.streams.video
            new = target.add_stream("libx264", rate=old.average_rate, options={"crf": str(crf)})
            new.width, new.height, new.pix_fmt = old.width, old.height, "yuv420p"
            for frame in source.decode(old):
                frame.pts = None
                target.mux(new.encode(frame))
            target.mux(new.encode(None))
        scores.append(model.score(path).score)

    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1] + 0.15


@pytest.mark.usefixtures("elsewhere")
def test_python_finds_it_too() -> None:
    """Without a word of torch."""
    code = "import sys, vq; print(vq.load().score('clip.mp4').status, 'torch' in sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert said.stdout == "ok False\n"
