"""The ingest flow, with a Prefect server."""

from pathlib import Path

import pytest

from flows.ingest import ingest
from tests.flows.server import Prefect
from tests.ingest.conftest import Deliver
from tests.workspace import commit, run
from vq.accuracy.record import read
from vq.errors import DataError

REMOTE = "[core]\n    remote = team\n['remote \"team\"']\n    url = ../../shared\n"


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_delivery_is_taken_in_and_told(
    prefect: Prefect, root: Path, champion: str, deliver: Deliver, tmp_path: Path
) -> None:
    """What was refused, and how the champion scored the others; a colleague can have these."""
    origin, then = tmp_path / "origin.git", tmp_path / "then"
    run(root, "git", "init", "--quiet", "--bare", str(origin))
    run(root, "git", "remote", "add", "origin", str(origin))
    videos, labels = deliver(["a.mkv,3", "b.mkv,9"], a=10, b=11)
    with prefect.here():
        with pytest.raises(DataError, match="nothing is taken, 1 of 2 videos"):
            ingest(videos, labels, branch="inbox", workspace=root)
        assert "nothing is taken, 1 of 2 videos" in prefect.artifact("intake")
        with pytest.raises(DataError, match="no default remote, so nobody who gets 'inbox' could"):
            ingest(videos, labels, branch="inbox", partial=True, workspace=root)
        told = prefect.artifact("intake")
        (root / ".dvc/config").write_text(REMOTE)
        commit(root, "A remote")
        said = ingest(videos, labels, branch="inbox", partial=True, workspace=root)
        again = prefect.artifact("intake")

    assert told.startswith("## data/mine: 1 video more\n\nThere already: 0. Refused: 1. Com")
    assert "| `b.mkv` | `on_scale` | `9.0` | `correct it, or the scale in card.yaml" in told
    assert "no new video of this data set has a rating" in again
    assert "learning from it\n\nchampion 1 on 1 new rated video: RMSE 0.44" in told
    assert said == "data/mine: 0 videos more, 1 there already, 1 refused"
    assert run(root, "git", "status", "--porcelain").stdout == ""
    run(root, "git", "clone", "--quiet", "--branch", "inbox", str(origin), str(then))
    run(then, "dvc", "pull")
    assert (then / "data/mine/videos/a.mkv").read_bytes() == (videos / "a.mkv").read_bytes()
    assert (then / "data/mine/labels.csv").read_text() == "video,mos\na.mkv,3\n"
    (record,) = read(then / "data/mine/accuracy.jsonl")
    assert (record.version, record.videos) == ("1", 1)
