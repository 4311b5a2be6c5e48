"""A workspace runs its own code, whichever `vq` is installed: what dvc hashes is what has run."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.conftest import moving, write_video
from tests.workspace import ROOT, change, commit, environment, make_workspace
from vq import code_version
from vq.errors import VqError

CARD = {"name": "mine", "opinion": "human", "scale": {"min": 1, "max": 5}, "licence": "ours"}
PATIENCE_SECONDS = 300
EDIT = '    log.warning("this is the edited stage")\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the project under git, with the first stage alone, and one video of its own."""
    root = tmp_path / "workspace"
    make_workspace(root)
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"import": stages["import"]}}))
    change(root / "params.yaml", {"data": {"dir": "data/mine"}})
    shutil.rmtree(root / "data/demo")
    data = root / "data/mine"
    write_video(data / "videos/a.mkv", 10, width=96, height=64, picture=moving)
    (data / "labels.csv").write_text("video,mos\na.mkv,3\n")
    (data / "card.yaml").write_text(yaml.safe_dump(CARD))
    (data / "columns.yaml").touch()
    commit(root, "A data set")
    return root


def say(root: Path, *command: str, code: int = 0) -> str:
    """What a command says in a workspace that is on no PYTHONPATH: `vq` is the project's."""
    variables = {k: v for k, v in environment(root).items() if k != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=root, env=variables, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def edit(root: Path) -> None:
    """Change what the stage `import` says."""
    file = root / "vq/stages/import_.py"
    start = "    log.info("
    text = file.read_text()
    assert start in text
    file.write_text(text.replace(start, EDIT + start, 1))


@pytest.mark.slow
def test_a_queued_experiment_runs_the_code_of_its_day(root: Path) -> None:
    """An edit after it was queued is not in its log, nor in what it records."""
    say(root, "dvc", "exp", "run", "--queue", "--name", "early", "--set-param", "seed=8")
    edit(root)

    say(root, "dvc", "queue", "start")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "Success" not in (status := say(root, "dvc", "queue", "status")):
        assert "Failed" not in status, say(root, "dvc", "queue", "logs", "early")
        assert time.monotonic() < deadline, status
        time.sleep(1)

    log = say(root, "dvc", "queue", "logs", "early")
    assert "python -m vq import" in log
    assert "1 row, 0 with a problem" in log
    assert "edited" not in log


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    [
        pytest.param(("git", "worktree", "add", "--quiet", "--detach"), id="worktree"),
        pytest.param(("git", "clone", "--quiet", "."), id="clone"),
    ],
)
def test_another_checkout_runs_its_own_code(
    root: Path, tmp_path: Path, how: tuple[str, ...]
) -> None:
    """In the environment of this one; and `vq`, which is this one's, refuses to stand in for it."""
    other = tmp_path / "other"
    say(root, *how, str(other))
    edit(other)

    said = say(other, "dvc", "repro")
    assert "edited" in said
    assert say(other, "dvc", "status").strip().endswith("up to date.")

    command = said[said.index("python -m vq") :].splitlines()[0]
    refused = say(other, *command.removeprefix("python -m ").split(), code=1)
    assert f"{other}/vq: is not the code that runs here, which is that of {ROOT}/vq" in refused
    assert len(refused.splitlines()) == 1
    assert "edited" in say(other, "env", f"PYTHONPATH={other}", *command.split()[2:])


@pytest.mark.slow
def test_a_stage_is_stale_for_the_code_that_it_imports_and_for_no_other(root: Path) -> None:
    """Dvc itself says so, after a run that left nothing stale."""

    def status() -> str:
        return say(root, "dvc", "status").strip()

    def append(file: str) -> str:
        with (root / file).open("a") as source:
            source.write("# edited\n")
        return file

    say(root, "dvc", "repro")
    assert status().endswith("up to date.")

    append("vq/training/losses.py")
    append("vq/commands/watch.py")
    assert status().endswith("up to date.")

    assert append("vq/video/orientation.py") in status()


def test_the_same_code_elsewhere_is_the_same_code(tmp_path: Path) -> None:
    """An image with `vq` in it works on a mounted workspace of the same commit; or one of data."""
    code_version.check(tmp_path)
    noise = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "vq", tmp_path / "vq", ignore=noise)
    (tmp_path / "vq/.cli.py.swp").write_text("what an editor leaves")
    code_version.check(tmp_path)

    (tmp_path / "vq/scoring/shipped").mkdir(exist_ok=True)
    (tmp_path / "vq/scoring/shipped/more.safetensors").write_text("other weights")
    with pytest.raises(VqError, match=r"is not the code that runs here.*PYTHONPATH="):
        code_version.check(tmp_path)


def test_an_edit_after_the_start_is_not_passed_off_as_what_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flow runs for hours, on the code that it loaded."""
    (tmp_path / "vq").mkdir()
    (tmp_path / "vq/__init__.py").write_text("")
    monkeypatch.setattr(code_version, "__file__", str(tmp_path / "vq/code_version.py"))

    with pytest.raises(VqError, match=r"was edited after this process had started.*run again"):
        code_version.check(tmp_path)
