"""Deliveries into a workspace with git and dvc."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.intake.conftest import Deliver
from tests.workspace import run
from vq import workspace
from vq.errors import BusyError, DataError
from vq.intake import notes, take
from vq.intake.take import ingest
from vq.lock import hold

IMPORT = """\
stages:
  import:
    cmd: vq import data/mine/videos data/mine/labels.csv data/mine/card.yaml manifest.parquet
      manifest.csv f.parquet
    deps: [data/mine/videos, data/mine/labels.csv, data/mine/card.yaml]
    params: [seed, import]
    outs: [manifest.parquet, manifest.csv, f.parquet]
"""
"""The first stage of the pipeline, in a data set of its own."""


def contents(root: Path) -> tuple[list[str], list[str]]:
    """Videos and lines of the label file of the data set."""
    data = root / "data/mine"
    videos = sorted(path.name for path in (data / "videos").glob("*"))
    labels = data / "labels.csv"
    return videos, labels.read_text().splitlines() if labels.exists() else []


@pytest.mark.slow
def test_a_delivery_becomes_the_next_version(root: Path, deliver: Deliver) -> None:
    """What passes is in the data set, in dvc and in git; what does not is told, and stays out."""
    videos, labels = deliver(["a.mkv,3.5", "b.mkv,9", "c.mkv,2"], a=10, b=11, c=2)
    first = ingest(videos, labels, root=root, commit=True, jobs=1)

    assert list(first.taken) == ["a.mkv"]
    assert list(first.refused["check"]) == ["on_scale", "long_enough"]
    assert first.quarantine.read_text().startswith("video,check,value,remedy\nb.mkv,on_scale,9.0,")
    assert contents(root) == (["a.mkv"], ["video,mos", "a.mkv,3.5"])
    assert run(root, "git", "status", "--porcelain").stdout == ""
    assert run(root, "git", "log", "-1", "--format=%H %s").stdout.strip() == (
        f"{first.commit} data/mine: 1 videos more"
    )
    assert run(root, "git", "show", "--name-only", "--format=").stdout.split() == [
        "data/mine/.gitignore",
        "data/mine/labels.csv.dvc",
        "data/mine/videos.dvc",
    ]
    assert "## " in notes.markdown(first)

    videos, labels = deliver(
        ["a.mkv,3.5,x", "d.mkv,4,x"], header="video,mos,content", a=10, d=12, e=13
    )
    labels.write_text(labels.read_text().replace("a.mkv,3.5,x", "a.mkv,3.5,"))
    second, again = (ingest(videos, labels, root=root, commit=True, jobs=1) for _ in range(2))

    assert (list(second.taken), second.known) == (["d.mkv", "e.mkv"], 1)
    assert (list(again.taken), again.known, again.commit) == ([], 3, "")
    assert contents(root) == (
        ["a.mkv", "d.mkv", "e.mkv"],
        ["video,mos,content", "a.mkv,3.5,", "d.mkv,4,x"],
    )
    assert run(root, "dvc", "status").stdout.strip().endswith("up to date.")


def test_what_was_done_by_hand_is_held_against_the_limits(root: Path, deliver: Deliver) -> None:
    """It would go into the version as well: half of the labels gone, say. An import accepts it."""
    (root / "dvc.yaml").write_text(IMPORT)
    videos, labels = deliver(["a.mkv,3.5", "b.mkv,2"], a=10, b=11)
    ingest(videos, labels, root=root, jobs=1)
    workspace.update(root, "import")
    (root / "data/mine/labels.csv").write_text("video,mos\na.mkv,3.5\n")
    videos, labels = deliver(["c.mkv,4"], c=12)

    with pytest.raises(DataError, match=r"b\.mkv is relabelled \(2 -> nothing\): look why"):
        ingest(videos, labels, root=root, jobs=1)
    assert contents(root)[0] == ["a.mkv", "b.mkv"]
    workspace.update(root, "import")

    assert list(ingest(videos, labels, root=root, jobs=1).taken) == ["c.mkv"]


def kill(*_: object) -> None:
    """End this process as a machine that goes down would."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "name", "left"),
    [
        pytest.param(take, "_copy", ([], []), id="while-copying"),
        pytest.param(take.table, "write", (["a.mkv"], []), id="before-labels"),
        pytest.param(workspace, "add", (["a.mkv"], ["video,mos", "a.mkv,3"]), id="before-dvc"),
    ],
)
def test_a_killed_run_is_completed_by_the_next(
    root: Path,
    deliver: Deliver,
    module: object,
    name: str,
    left: tuple[list[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The data set is never in between, save that a video may not have its label yet."""
    videos, labels = deliver(["a.mkv,3"], a=10)
    child = os.fork()
    if not child:
        monkeypatch.setattr(module, name, kill)
        ingest(videos, labels, root=root, jobs=1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert contents(root) == left

    ingest(videos, labels, root=root, commit=True, jobs=1)

    assert contents(root) == (["a.mkv"], ["video,mos", "a.mkv,3"])
    assert run(root, "git", "status", "--porcelain").stdout == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda root: (root / "data/mine/card.yaml").unlink(), "card.yaml", id="card"),
        pytest.param(
            lambda root: (root / "dvc.yaml").write_text(
                "stages: {make: {cmd: x, outs: [data/mine/videos]}}"
            ),
            "the stage make makes these videos",
            id="made-by-a-stage",
        ),
    ],
)
def test_a_data_set_that_takes_nothing_says_why(
    root: Path, deliver: Deliver, change: Callable[[Path], object], said: str
) -> None:
    """Before any video is opened."""
    videos, labels = deliver(["a.mkv,3"], a=10)
    change(root)
    with pytest.raises(DataError, match=said):
        ingest(videos, labels, root=root)
    assert contents(root) == ([], [])


def test_one_process_at_a_time(root: Path, deliver: Deliver) -> None:
    """A training that reads the data set meanwhile would see half of it."""
    videos, labels = deliver(["a.mkv,3"], a=10)
    with hold(root), pytest.raises(BusyError, match=str(os.getpid())):
        ingest(videos, labels, root=root)
