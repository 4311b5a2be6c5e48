"""What a data set has of a delivery."""

from pathlib import Path

import pytest

from vq.data.labels_csv import Label
from vq.ingest.conflicts import NewVideo, Triage, sort
from vq.video.probe import sha256

LABELS = {"a": Label("a", values={"mos": 3.0, "content": "cat"}), "b": Label("b", values={})}


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Three videos, of which `c` has no label."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text(f"video {name}")
    return folder


def arrive(video: str, content: str, tmp_path: Path, **values: object) -> NewVideo:
    """A delivered video of some content, with a label if it has values."""
    file = tmp_path / "delivered"
    file.write_text(content)
    label = Label(video, values=values) if values else None
    return NewVideo(0, video, sha256(file), file.stat().st_size, label)


@pytest.mark.parametrize(
    ("video", "content", "mos", "becomes"),
    [
        pytest.param("d", "video d", 2.0, "new", id="new"),
        pytest.param("a", "video a", 3.0, "duplicates", id="same-again"),
        pytest.param("z", "video a", 3.0, "duplicates", id="same-under-another-name"),
        pytest.param("c", "video c", 2.0, "late", id="label-comes-late"),
        pytest.param("a", "video x", 3.0, "refused", id="name-of-another"),
        pytest.param("a/d", "video d", 3.0, "refused", id="a-file-is-in-the-way"),
        pytest.param("a", "video a", 4.0, "refused", id="another-label"),
    ],
)
def test_a_video_is_its_bytes(
    videos: Path, tmp_path: Path, video: str, content: str, mos: float, becomes: str
) -> None:
    """Nothing is written over, and nothing that is there is taken twice."""
    found = sort([arrive(video, content, tmp_path, mos=mos)], videos, LABELS)
    counts = {name: len(getattr(found, name)) for name in ("new", "late", "duplicates", "refused")}
    assert counts == {"new": 0, "late": 0, "duplicates": 0, "refused": 0} | {becomes: 1}


def test_a_refused_row_says_what_differs(videos: Path, tmp_path: Path) -> None:
    """Whoever reads the quarantine need not look it up."""
    ((_, finding),) = sort([arrive("z", "video a", tmp_path, mos=4.0)], videos, LABELS).refused
    assert finding["value"] == "is a in the data set, where mos is 3.0, not 4.0"


def test_an_empty_data_set_knows_nothing(tmp_path: Path) -> None:
    """Its folder of videos need not be there."""
    arrival = arrive("a", "video a", tmp_path, mos=1.0)
    assert sort([arrival], tmp_path / "none", {}) == Triage(new=[arrival])
