"""Stages that run in this process leave what `dvc repro` would leave, and the other way round."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vq.errors import DataError, ParamsError, VqError
from vq.pipeline import durations, run_stages
from vq.pipeline.workspace_lock import hold, workspace_of

PIPELINE = """\
stages:
  last:
    cmd: sh -c 'date +%s%N >> kept/log && sort -r sorted > last && echo {} > last.json'
    deps: [sorted]
    params: [seed]
    outs:
      - last
      - kept: {persist: true}
    metrics:
      - last.json: {cache: false}
  sort:
    cmd: sh -c 'mkdir -p kept && echo ran >> log && sort ${data.dir}/numbers > sorted'
    deps: ['${data.dir}/numbers']
    outs: [sorted]
"""
OF_THE_DATA = """\
stages:
  make:
    cmd: seq 3 > numbers
    outs: [numbers]
"""
REPOSITORY = Path(__file__).parents[2]
ROLES = ("AUTHOR", "COMMITTER")
ALL = ["data/mine/dvc.yaml:make", "sort", "last"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace under git and dvc, in which nothing has run, with a cache that links."""
    (tmp_path / "data" / "mine").mkdir(parents=True)
    (tmp_path / "data" / "mine" / "dvc.yaml").write_text(OF_THE_DATA)
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "params.yaml").write_text("seed: 7\ndata: {dir: data/mine}\n")
    shell(tmp_path, "git", "init", "-q")
    # What `dvc init` writes, without its seconds.
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (tmp_path / ".dvc" / "config").write_text("[cache]\n    type = symlink\n")
    return tmp_path


def test_stages_come_in_the_order_of_their_needs(root: Path) -> None:
    """Whatever their order in dvc.yaml; those that a data set brings are first."""
    assert run_stages.stages(root) == ALL


def test_a_fresh_workspace_is_stale_in_all_its_stages(root: Path) -> None:
    """The reason names the file."""
    (reason,) = run_stages.stale(root, "data/mine/dvc.yaml:make")

    assert reason == "changed outs: data/mine/numbers (deleted)"


@pytest.mark.slow
def test_after_a_run_here_dvc_has_nothing_to_do(root: Path) -> None:
    """`dvc status` is clean and `dvc repro` skips every stage."""
    assert update_all(root) == ALL

    assert dvc(root, "status", "--json").strip() == "{}"
    assert "Running stage" not in dvc(root, "repro")
    assert (root / "last").read_text() == "3\n2\n1\n"


@pytest.mark.slow
def test_after_dvc_repro_there_is_nothing_to_do_here(root: Path) -> None:
    """People and flows may take turns."""
    dvc(root, "repro")

    assert update_all(root) == []


def test_only_what_changed_runs(root: Path) -> None:
    """Stages before the change are skipped; the stale one says why."""
    update_all(root)
    (root / "params.yaml").write_text("seed: 8\ndata: {dir: data/mine}\n")

    assert run_stages.stale(root, "last") == ["changed deps: params.yaml: seed (modified)"]
    assert update_all(root) == ["last"]


def test_old_outs_are_gone_before_a_stage_runs(root: Path) -> None:
    """A link into the cache would let the stage overwrite the old version; persistent outs stay."""
    update_all(root)
    old = (root / "sorted").resolve()
    log = (root / "kept" / "log").read_text()
    (root / "data" / "mine" / "dvc.yaml").write_text(OF_THE_DATA.replace("seq 3", "seq 4"))

    update_all(root)

    assert old.read_text() == "1\n2\n3\n"
    assert (root / "sorted").read_text() == "1\n2\n3\n4\n"
    assert (root / "kept" / "log").read_text().startswith(log)
    assert stale(root) == []


def test_what_a_stage_reads_and_is_not_there_is_named(root: Path) -> None:
    """A data set whose videos nobody has delivered yet, say; another try would not help."""
    with pytest.raises(DataError, match="sorted: is missing, and the stage last reads it; put it"):
        run_stages.update(root, "last")


def test_a_known_result_comes_from_the_cache(root: Path) -> None:
    """A stage that has run on these inputs before is not run again: going back is quick."""
    for numbers in (3, 4, 3):
        made = OF_THE_DATA.replace("seq 3", f"seq {numbers}")
        (root / "data" / "mine" / "dvc.yaml").write_text(made)
        update_all(root)

    assert (root / "log").read_text() == "ran\nran\n"
    assert (root / "sorted").read_text() == "1\n2\n3\n"
    assert stale(root) == []


def test_what_a_run_leaves_for_git_can_be_committed(root: Path) -> None:
    """All of it, that of a data set too; what git ignores is not added by force."""
    (root / ".gitignore").write_text("/last\n")
    save(root)
    update_all(root)
    written = run_stages.written_for_git(root)
    shell(root, "git", "add", "--", *map(str, written))

    assert {Path("data/mine/dvc.lock"), Path("data/mine/.gitignore")} <= set(written)
    status = shell(root, "git", "status", "--porcelain").splitlines()
    assert [line for line in status if line[1] != " "] == ["?? log"]  # the stage `sort` is sloppy


def test_a_failed_stage_stays_stale(root: Path) -> None:
    """Dvc.lock keeps what was true before; the error quotes the command."""
    (root / "dvc.yaml").write_text(PIPELINE.replace("sort ${data.dir}", "exit 3; sort ${data.dir}"))
    run_stages.run(root, ALL[0])

    with pytest.raises(VqError, match=r"exit 3; .* ended with exit code 3"):
        run_stages.run(root, "sort")

    assert run_stages.stale(root, "sort") != []
    assert not (root / "dvc.lock").exists()


@pytest.mark.parametrize("ours", ["vq", "python -m vq"])
def test_a_stage_of_ours_runs_in_this_process(root: Path, ours: str) -> None:
    """Its errors arrive as they are, not as an exit code."""
    (root / "dvc.yaml").write_text(
        f"stages:\n  split:\n    cmd: {ours} split no.parquet no.parquet splits.csv pairs.csv\n"
        "    outs: [splits.csv]\n"
    )

    with pytest.raises(ParamsError, match=r"params\.yaml: import: Field required"):
        run_stages.run(root, "split")


def test_wrong_arguments_are_an_error_like_any_other(root: Path) -> None:
    """A flow must not end with argparse's SystemExit, which no handler of errors sees."""
    (root / "dvc.yaml").write_text("stages:\n  split:\n    cmd: vq split\n    outs: [a]\n")

    with pytest.raises(DataError, match="vq split: wrong arguments"):
        run_stages.run(root, "split")


def test_a_folder_without_dvc_is_refused(tmp_path: Path) -> None:
    """The message names the folder."""
    with pytest.raises(DataError, match=tmp_path.name):
        run_stages.stages(tmp_path)


def test_files_of_a_stage_are_found_by_name(root: Path) -> None:
    """Nobody but dvc.yaml knows where they are; the code it depends on is not among them."""
    (root / "sorted.d").mkdir()
    (root / "dvc.yaml").write_text(PIPELINE.replace("numbers']", "numbers', sorted.d]"))

    found = run_stages.files_of(root, "sort")

    assert found == {"numbers": root / "data" / "mine" / "numbers", "sorted": root / "sorted"}


def test_a_commit_is_dirty_if_anything_but_results_changed(root: Path) -> None:
    """A run writes outs and dvc.lock; that is no change of the code."""
    save(root)
    update_all(root)
    save(root)
    (root / "params.yaml").write_text("seed: 8\ndata: {dir: data/mine}\n")
    shell(root, "git", "commit", "-qam", "Another seed")
    update_all(root)
    durations.record(root / "sorted", "sort", 1.0)
    clean = run_stages.source_of(root)

    (root / "log").write_text("which git has, so that a change of it is one\n")

    assert clean.commit == shell(root, "git", "rev-parse", "HEAD").strip()
    assert not clean.dirty
    assert run_stages.source_of(root).changed == ("log",)


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        pytest.param("vq/training/new.py", True, id="code"),
        pytest.param("flows/new.py", True, id="flow"),
        pytest.param("data/new/params.yaml", True, id="params"),
        pytest.param("data/new/dvc.yaml", True, id="pipeline"),
        pytest.param("data/mine/videos.dvc", True, id="version-of-the-data"),
        pytest.param("data/mine/[1]/make.py", True, id="program-in-a-folder-that-a-stage-reads"),
        pytest.param("data/mine/list.txt", True, id="file-that-a-stage-reads"),
        pytest.param("data/mine/[1]/film.mp4", False, id="video-in-such-a-folder"),
        pytest.param("uploads/user.mp4", False, id="upload"),
        pytest.param("incoming/2026/user.mp4", False, id="upload-elsewhere"),
        pytest.param("inbox/labels.csv", False, id="delivery"),
        pytest.param("reports/scores.parquet", False, id="rows"),
        pytest.param("notebooks/try.py", False, id="scratch"),
    ],
)
def test_a_new_file_counts_if_it_makes_the_student(root: Path, name: str, counts: bool) -> None:
    """Users' videos shut no gate and go into no registry; code that git has not does both."""
    read = "['${data.dir}/numbers', data/mine/list.txt, 'data/mine/[1]']"
    (root / "dvc.yaml").write_text(PIPELINE.replace("['${data.dir}/numbers']", read))
    (root / "data/mine/[1]").mkdir()
    save(root)

    (root / name).parent.mkdir(parents=True, exist_ok=True)
    if name.endswith("dvc.yaml"):
        (root / name).write_text("stages: {}\n")
    elif name.endswith(".dvc"):
        (root / name).write_text("outs: [{path: videos, md5: 0123456789abcdef0123456789abcdef}]\n")
    else:
        (root / name).write_bytes(b"{}\n")
    before = shell(root, "git", "status", "--porcelain"), shell(root, "git", "count-objects")
    found = run_stages.source_of(root)

    assert found.changed == ((name,) if counts else ())
    assert (name.encode() in found.diff) is counts
    assert before == (
        shell(root, "git", "status", "--porcelain"),
        shell(root, "git", "count-objects"),
    )


def test_a_held_workspace_is_busy(root: Path) -> None:
    """Another process gets an error at once, with the number of the process that holds it."""
    with hold(root / "somewhere" / "in" / "it"):
        output = try_to_hold(root)

    assert f"BusyError: {root}: process {os.getpid()} is running a stage here" in output


def test_a_stage_on_the_command_line_holds_the_workspace(root: Path) -> None:
    """`vq STAGE` waits for nobody: it says who is at work, and leaves everything as it is."""
    (root / "params.yaml").write_bytes((REPOSITORY / "params.yaml").read_bytes())
    files = ("accepted.parquet", "prints.parquet", "splits.csv", "pairs.csv")

    with hold(root):
        refused = vq(root, "split", *files)
    free = vq(root, "split", *files)

    assert f"vq split: error: {root}: process {os.getpid()} is running a stage here" in refused
    assert "accepted.parquet: no such file" in free


def test_a_workspace_is_free_again(root: Path) -> None:
    """After the stage, and after an error in it."""
    with pytest.raises(VqError, match="a stage failed"), hold(root):
        raise VqError("a stage failed")

    assert "BusyError" not in try_to_hold(root)


def test_an_out_that_is_a_link_belongs_to_its_workspace(root: Path, tmp_path: Path) -> None:
    """A cache elsewhere, to which outs are linked, is nobody's workspace."""
    elsewhere = tmp_path.parent / "elsewhere"
    elsewhere.touch()
    (root / "out").symlink_to(elsewhere)

    assert workspace_of(root / "out") == root


def test_outside_a_workspace_nothing_is_held(tmp_path: Path) -> None:
    """`vq STAGE` works on any files."""
    with hold(tmp_path / "out.csv"):
        assert "BusyError" not in try_to_hold(tmp_path)


def update_all(root: Path) -> list[str]:
    """What a flow does; the answer is what ran."""
    with hold(root):
        return [stage for stage in run_stages.stages(root) if run_stages.update(root, stage)]


def stale(root: Path) -> list[str]:
    """Why any stage would run again."""
    return [why for stage in run_stages.stages(root) for why in run_stages.stale(root, stage)]


def save(root: Path) -> None:
    """Commit all there is."""
    shell(root, "git", "add", "--all")
    shell(root, "git", "commit", "-qm", "Everything")


def try_to_hold(root: Path) -> str:
    """What another process says when it wants the workspace."""
    code = (
        "import pathlib, sys; from vq.pipeline.workspace_lock import hold\n"
        "with hold(pathlib.Path(sys.argv[1])): pass"
    )
    return shell(root, sys.executable, "-c", code, str(root))


def vq(root: Path, *arguments: str) -> str:
    """What the command says."""
    return shell(root, sys.executable, "-c", "from vq.cli import main; main()", *arguments)


def dvc(root: Path, *arguments: str) -> str:
    """What the command says."""
    return shell(root, sys.executable, "-m", "dvc", *arguments)


def shell(root: Path, *command: str) -> str:
    """Everything that a command says; whether it succeeds is for the test to see."""
    who = {f"GIT_{role}_{what}": "test@example.org" for role in ROLES for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, **who, "DVC_NO_ANALYTICS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout
