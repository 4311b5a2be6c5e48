"""Deliveries into a workspace with git and dvc."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import write_video
from tests.ingest.conftest import PICTURE, Deliver
from tests.workspace import change, commit, run
from vq import cli
from vq.errors import BusyError, DataError
from vq.ingest import flow_summary
from vq.ingest import ingest as ingest_module
from vq.ingest.ingest import ingest
from vq.pipeline import run_stages
from vq.pipeline.workspace_lock import hold

IMPORT = """\
stages:
  import:
    cmd: vq import data/mine/videos data/mine/labels.csv data/mine/card.yaml data/mine/columns.yaml
      manifest.parquet manifest.csv f.parquet
    deps: [data/mine/videos, data/mine/labels.csv, data/mine/card.yaml, data/mine/columns.yaml]
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
    first = ingest(videos, labels, root=root, commit=True, partial=True, jobs=1)

    assert list(first.taken) == ["a.mkv"]
    assert list(first.refused["check"]) == ["on_scale", "long_enough"]
    assert first.quarantine.read_text().startswith("video,check,value,remedy\nb.mkv,on_scale,9.0,")
    assert contents(root) == (["a.mkv"], ["video,mos", "a.mkv,3.5"])
    assert run(root, "git", "status", "--porcelain").stdout == ""
    assert run(root, "git", "log", "-1", "--format=%H %s").stdout.strip() == (
        f"{first.commit} data/mine: 1 video more"
    )
    assert run(root, "git", "show", "--name-only", "--format=").stdout.split() == [
        "data/mine/.gitignore",
        "data/mine/labels.csv.dvc",
        "data/mine/videos.dvc",
    ]
    assert "## " in flow_summary.markdown(first)

    videos, labels = deliver(
        ["a.mkv,3.5,x", "d.mkv,4,x"], header="video,mos,content", a=10, d=12, e=13
    )
    labels.write_text(labels.read_text().replace("a.mkv,3.5,x", "a.mkv,3.5,"))
    second, again = (ingest(videos, labels, root=root, commit=True, jobs=1) for _ in range(2))

    assert (list(second.taken), second.duplicates) == (["d.mkv", "e.mkv"], 1)
    assert (list(again.taken), again.duplicates, again.commit) == ([], 3, "")
    assert contents(root) == (
        ["a.mkv", "d.mkv", "e.mkv"],
        ["video,mos,content", "a.mkv,3.5,", "d.mkv,4,x"],
    )
    assert run(root, "dvc", "status").stdout.strip().endswith("up to date.")


def test_a_delivery_is_held_against_what_the_data_set_expects(root: Path, deliver: Deliver) -> None:
    """Its rows are; what is expected of the whole table is not its business."""
    (root / "data/mine/expectations.yaml").write_text(
        "- {type: expect_column_values_to_be_between, kwargs: {column: mos, min_value: 2},\n"
        "   meta: {name: fair, remedy: ask more raters}}\n"
        "- {type: expect_table_row_count_to_be_between, kwargs: {min_value: 99}}\n"
    )
    videos, labels = deliver(["a.mkv,3.5", "b.mkv,1.5"], a=10, b=11)

    intake = ingest(videos, labels, root=root, partial=True, jobs=1)

    assert list(intake.taken) == ["a.mkv"]
    assert intake.refused.to_numpy().tolist() == [["b.mkv", "fair", "1.5", "ask more raters"]]


def test_what_was_done_by_hand_is_held_against_the_limits(root: Path, deliver: Deliver) -> None:
    """It would go into the version as well: half of the labels gone, say. An import accepts it."""
    (root / "dvc.yaml").write_text(IMPORT)
    videos, labels = deliver(["a.mkv,3.5", "b.mkv,2"], a=10, b=11)
    ingest(videos, labels, root=root, jobs=1)
    run_stages.update(root, "import")
    (root / "data/mine/labels.csv").write_text("video,mos\na.mkv,3.5\n")
    videos, labels = deliver(["c.mkv,4"], c=12)

    with pytest.raises(DataError, match=r"b\.mkv is relabelled \(2 -> nothing\): look why"):
        ingest(videos, labels, root=root, jobs=1)
    assert contents(root)[0] == ["a.mkv", "b.mkv"]
    run_stages.update(root, "import")

    assert list(ingest(videos, labels, root=root, jobs=1).taken) == ["c.mkv"]


def test_another_data_set_is_no_earlier_version(root: Path, deliver: Deliver) -> None:
    """After the demo a team turns to its own videos: none of the demo's was dropped from those."""
    (root / "dvc.yaml").write_text(IMPORT)
    ingest(*deliver(["a.mkv,3.5"], a=10), root=root, jobs=1)
    run_stages.update(root, "import")
    (root / "data/ours").mkdir()
    for file in ("card.yaml", "columns.yaml", "expectations.yaml"):
        shutil.copy(root / "data/mine" / file, root / "data/ours")
    change(root / "params.yaml", {"data": {"dir": "data/ours"}})
    (root / "dvc.yaml").write_text(IMPORT.replace("data/mine", "data/ours"))

    assert list(ingest(*deliver(["b.mkv,4"], b=11), root=root, jobs=1).taken) == ["b.mkv"]


def test_a_delivery_on_another_scale_is_not_taken_at_all(root: Path, deliver: Deliver) -> None:
    """Nineteen labels of 0 to 100 are refused, and the twentieth is no better for being below 5."""
    labels = [f"v{n}.mkv,{3 + 5 * n}" for n in range(20)]
    delivery = deliver(labels, **{f"v{n}": 10 + n for n in range(20)})

    declined = ingest(*delivery, root=root, commit=True, jobs=1)

    assert (list(declined.taken), len(declined.refused), declined.commit) == ([], 19, "")
    assert "nothing is taken, 19 of 20 videos (95.0%) did not pass" in declined.declined
    assert "validate.max_rejected of params.yaml allows (5.0%)" in declined.declined
    assert len(declined.quarantine.read_text().splitlines()) == 20
    assert contents(root) == ([], [])
    assert run(root, "git", "status", "--porcelain").stdout == ""
    assert declined.declined in flow_summary.markdown(declined)

    assert list(ingest(*delivery, root=root, partial=True, jobs=1).taken) == ["v0.mkv"]


def test_a_share_that_params_allow_is_left_out(root: Path, deliver: Deliver) -> None:
    """On the limit is within it; what the data set has already counts as well."""
    change(root / "params.yaml", {"validate": {"max_rejected": 0.5}})
    delivery = deliver(["a.mkv,3", "b.mkv,9"], a=10, b=11)

    first, again = (ingest(*delivery, root=root, jobs=1) for _ in range(2))

    assert (list(first.taken), first.declined) == (["a.mkv"], "")
    assert (again.duplicates, again.declined) == (1, "")
    change(root / "params.yaml", {"validate": {"max_rejected": 0.49}})
    assert ingest(*delivery, root=root, jobs=1).declined


def test_the_command_says_that_nothing_was_taken(
    root: Path,
    deliver: Deliver,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With exit code 1, the rows, and the way to take the others."""
    monkeypatch.chdir(root)
    files = [str(path) for path in deliver(["a.mkv,3", "b.mkv,9"], a=10, b=11)]

    assert cli.main(["ingest", *files, "--jobs", "1"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("data/mine: 0 videos more, 0 there already, 1 refused\n  b.mkv: on_")
    assert "vq ingest: error: " in said.err
    assert "--partial" in said.err
    assert contents(root) == ([], [])

    assert cli.main(["ingest", *files, "--jobs", "1", "--partial", "--branch", "inbox"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("data/mine: 1 video more, 0 there already, 1 refused")
    assert "dvc has no default remote, so nobody who gets 'inbox' could get its videos" in said.err
    assert run(root, "git", "status", "--porcelain").stdout == ""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another project of dvc, which has `videos` and `labels.csv`."""
    root = tmp_path_factory.mktemp("theirs")
    write_video(root / "videos/old.mkv", 20, **PICTURE)
    (root / "labels.csv").write_text("video,mos\nold.mkv,2\n")
    run(root, "git", "init", "--quiet")
    run(root, "dvc", "init", "--quiet")
    run(root, "dvc", "add", "--quiet", "videos", "labels.csv")
    commit(root, "Videos")
    return root


IMPORTED = ("dvc", "import", "--quiet", "-o", "data/mine/videos", "{theirs}", "videos")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "words", "mended"),
    [
        pytest.param(
            [IMPORTED],
            r"data/mine/videos: was imported \(data/mine/videos\.dvc\), and `dvc update` would",
            [("dvc", "remove", "data/mine/videos.dvc"), ("dvc", "add", "data/mine/videos")],
            id="dvc-import",
        ),
        pytest.param(
            [("dvc", "import-url", "{theirs}/labels.csv", "data/mine/labels.csv")],
            r"data/mine/labels\.csv: was imported",
            [("dvc", "remove", "data/mine/labels.csv.dvc"), ("dvc", "add", "data/mine/labels.csv")],
            id="dvc-import-url",
        ),
        pytest.param(
            [
                ("cp", "-r", "{theirs}/videos", "data/mine/videos"),
                ("dvc", "add", "data/mine/videos"),
                ("dvc", "freeze", "data/mine/videos.dvc"),
            ],
            r"data/mine/videos: is frozen; `dvc unfreeze data/mine/videos\.dvc`",
            [("dvc", "unfreeze", "data/mine/videos.dvc")],
            id="frozen",
        ),
        pytest.param(
            [
                ("cp", "-r", "{theirs}/videos", "data/mine/videos"),
                ("git", "rm", "--cached", "-r", "data/mine"),
                ("dvc", "add", "data/mine"),
            ],
            r"data/mine/videos: cannot be put under dvc by itself, since data/mine\.dvc",
            [("dvc", "remove", "data/mine.dvc"), ("dvc", "add", "data/mine/videos")],
            id="in-a-folder-that-dvc-has",
        ),
        pytest.param(
            [
                ("cp", "-r", "{theirs}/videos", "data/mine/videos"),
                ("dvc", "add", "data/mine/videos/old.mkv"),
            ],
            r"data/mine/videos: cannot be put under dvc by itself, since data/mine/videos/old\.mkv",
            [
                ("dvc", "remove", "data/mine/videos/old.mkv.dvc"),
                ("dvc", "add", "data/mine/videos"),
            ],
            id="of-which-dvc-has-a-file",
        ),
    ],
)
def test_what_dvc_would_not_keep_is_refused(
    root: Path,
    deliver: Deliver,
    theirs: Path,
    made: list[tuple[str, ...]],
    words: str,
    mended: list[tuple[str, ...]],
) -> None:
    """Before anything is copied, with the commands that mend it; these do."""
    for command in made:
        run(root, *(part.format(theirs=theirs) for part in command))
    before = contents(root)
    delivery = deliver(["a.mkv,3"], a=10)

    with pytest.raises(DataError, match=words):
        ingest(*delivery, root=root, jobs=1)
    assert contents(root) == before

    for command in mended:
        run(root, *command)
    assert list(ingest(*delivery, root=root, jobs=1).taken) == ["a.mkv"]
    assert run(root, "dvc", "status").stdout.strip().endswith("up to date.")


def kill(*_: object) -> None:
    """End this process as a machine that goes down would."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "name", "left"),
    [
        pytest.param(ingest_module, "_copy", ([], []), id="while-copying"),
        pytest.param(ingest_module.table, "write", (["a.mkv"], []), id="before-labels"),
        pytest.param(run_stages, "add", (["a.mkv"], ["video,mos", "a.mkv,3"]), id="before-dvc"),
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
    ("spoil", "said"),
    [
        pytest.param(lambda root: (root / "data/mine/card.yaml").unlink(), "card.yaml", id="card"),
        pytest.param(
            lambda root: (root / "data/mine/columns.yaml").unlink(),
            r"columns\.yaml: no such file; .*may be empty",
            id="columns",
        ),
        pytest.param(
            lambda root: (root / "data/mine/expectations.yaml").unlink(),
            r"expectations\.yaml: no such file; it may be empty",
            id="expectations",
        ),
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
    root: Path, deliver: Deliver, spoil: Callable[[Path], object], said: str
) -> None:
    """Before any video is opened."""
    videos, labels = deliver(["a.mkv,3"], a=10)
    spoil(root)
    with pytest.raises(DataError, match=said):
        ingest(videos, labels, root=root)
    assert contents(root) == ([], [])


def test_one_process_at_a_time(root: Path, deliver: Deliver) -> None:
    """A training that reads the data set meanwhile would see half of it."""
    videos, labels = deliver(["a.mkv,3"], a=10)
    with hold(root), pytest.raises(BusyError, match=str(os.getpid())):
        ingest(videos, labels, root=root)
