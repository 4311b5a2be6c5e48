"""A page that shows what a score looks like."""

from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle, write_video
from vq import cli
from vq.inference.row import Row
from vq.scoring.examples import SHOWN, Examples

SCALE = (1.0, 5.0)


def rows(*scores: float) -> list[Row]:
    """A row for each score, of videos called by their number."""
    return [
        Row(f"{number}.mp4", "ok", score=score, mode="exact") for number, score in enumerate(scores)
    ]


def test_each_step_shows_some_and_counts_all() -> None:
    """Nothing is shown twice, and what lies below a step is a threshold's share."""
    examples = Examples(SCALE)
    for row in [*rows(*[1.2] * 20, 2.2, 2.4), Row("gone.mp4", "missing", "no such file")]:
        examples.add(row)

    steps = list(examples.steps(lambda videos: ["" for _ in videos]))

    assert [(one.low, one.videos, one.below) for one in steps] == [
        (1, 20, 0),
        (1.5, 0, 20),
        (2, 2, 20),
    ]
    assert [len(one.examples) for one in steps] == [SHOWN, 0, 2]


def test_the_choice_does_not_depend_on_the_order() -> None:
    """Nor on how many processes scored."""
    both = []
    for order in (1, -1):
        examples = Examples(SCALE)
        for row in rows(*[1.2] * 30)[::order]:
            examples.add(row)
        both.append(list(examples.steps(lambda videos: ["" for _ in videos])))

    assert both[0] == both[1]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student and two videos, one with a name that a page has to escape; we stand in it."""
    write_bundle(tmp_path / "artifacts/student", *BRIGHTNESS)
    write_video(tmp_path / "videos/black <b>.mkv", level=lambda _: 0)
    write_video(tmp_path / "videos/white.mkv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_stands_alone(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures are in it, and what a file is called is text; a resumed run shows the same."""
    again = ["--output", "rows.csv", "--examples"]
    assert cli.main(["score", "videos", *again, "page.html"]) == 0
    page = Path("page.html").read_text()

    assert page.count("data:image/jpeg;base64,") == 2
    assert "black &lt;b&gt;.mkv" in page
    assert "<b>.mkv" not in page
    assert "<script" not in page
    assert "http" not in page
    assert "1 video of 2 (50%) below" in page
    assert cli.main(["score", "videos", *again, "resumed.html", "--resume"]) == 0
    assert Path("resumed.html").read_text() == page


def test_a_page_writes_over_nothing_of_others(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is a page; both are said before the work."""
    monkeypatch.setattr("vq.scoring.scoring_pool.ScoringPool.score", None)
    Path("mine.html").write_text("<p>mine")

    assert cli.main(["score", "videos", "--examples", "mine.html"]) == 2
    assert "mine.html: is there, and vq did not write it" in capsys.readouterr().err
    assert cli.main(["score", "videos", "--examples", "page.png"]) == 2
    assert (
        "page.png: examples are one page; name a file that ends in .html" in capsys.readouterr().err
    )
