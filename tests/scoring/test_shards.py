"""Shards of a list, whoever scores them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.scoring.toy import BRIGHTNESS, write_bundle
from vq.errors import VqError
from vq.inference.modes import EXACT, ModeRequest
from vq.inference.row import Row
from vq.scoring import shards as module
from vq.scoring.formats import line
from vq.scoring.shards import Shard, Shards
from vq.workers.limits import Limits

Make = Callable[..., Shards]
VIDEOS = [f"{name}.mkv" for name in "abcdefghi"]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes shards, in a folder with nine files."""
    write_bundle(tmp_path / "student", *BRIGHTNESS)
    monkeypatch.chdir(tmp_path)
    for name in VIDEOS:
        Path(name).write_text(name)

    def made(*, output: str = "rows.csv", closely: ModeRequest = EXACT) -> Shards:
        return Shards.of(
            Path("student"), Path("kept"), output=output, closely=closely, limits=Limits()
        )

    return made


class Machines:
    """Others, who say of each video that it is not one; they may die after some shards."""

    def __init__(self, *, dies_after: int | None = None) -> None:
        self.dies_after, self.asked = dies_after, list[str]()

    def __call__(self, shards: Shards, todo: Sequence[Shard]) -> None:
        """Write the rows of shards."""
        self.asked += [video for shard in todo for video in shard.videos]
        for shard in todo[: self.dies_after]:
            rows = [Row(video, "unreadable", "is text") for video in shard.videos]
            shard.rows.write_bytes(b"".join(map(line, rows)))
        if self.dies_after is not None:
            raise VqError("gone")


def test_every_video_has_a_row_in_order(make: Make) -> None:
    """Nine videos are three shards of three."""
    rows = list(make().gather(VIDEOS, Machines()))

    assert [row.video for row in rows] == VIDEOS


def test_what_a_killed_run_has_left_is_not_asked_for_again(make: Make) -> None:
    """Not even if the list is another one meanwhile, and so would be cut otherwise."""
    with pytest.raises(VqError, match="gone"):
        list(make().gather(VIDEOS, Machines(dies_after=2)))
    others = Machines()

    rows = list(make().gather(["new.mkv", *VIDEOS], others))

    assert others.asked == ["new.mkv", *VIDEOS[6:]]
    assert sorted(row.video for row in rows) == [*VIDEOS, "new.mkv"]


def test_rows_are_those_of_files_as_they_are(make: Make) -> None:
    """The shard of a file that is another one now is asked for again."""
    with pytest.raises(VqError, match="gone"):
        list(make().gather(VIDEOS, Machines(dies_after=2)))
    Path("b.mkv").write_text("longer than before")
    others = Machines()

    rows = list(make().gather(VIDEOS, others))

    assert others.asked == [*VIDEOS[:3], *VIDEOS[6:]]
    assert len(rows) == len(VIDEOS)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"closely": ModeRequest("fast")}, id="mode"),
        pytest.param({"output": "more.csv"}, id="output"),
    ],
)
def test_rows_of_another_run_are_not_taken(make: Make, other: dict[str, object]) -> None:
    """Scores of two modes have two meanings, and two outputs may be written at a time."""
    with pytest.raises(VqError, match="gone"):
        list(make().gather(VIDEOS, Machines(dies_after=2)))
    others = Machines()

    list(make(**other).gather(VIDEOS, others))

    assert others.asked == VIDEOS


def test_rows_of_another_student_are_not_taken(make: Make) -> None:
    """A model is its bytes."""
    before = make().folder
    write_bundle(Path("student"), *BRIGHTNESS, seed=8)

    assert make().folder != before


def test_a_folder_that_is_not_shared_is_an_error(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No video may vanish."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)

    with pytest.raises(VqError, match=r"\.jsonl: was written elsewhere, and is not here"):
        list(make().gather(VIDEOS, lambda *_: None))
