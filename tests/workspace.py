"""A tiny workspace that has gone through the whole pipeline once, for every test that needs one."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

ROOT = Path(__file__).parents[1]

PARTS = [
    ".dvc/.gitignore",
    ".dvc/config",
    ".dvcignore",
    ".gitattributes",
    ".gitignore",
    "data/demo",
    "dvc.yaml",
    "flows",
    "params.yaml",
    "prefect.yaml",
    "vq",
    "weights",
]
"""What of the project a workspace needs."""

DEMO: dict[str, Any] = {"demo": {"contents": 6, "versions": 4, "seconds": 1.0, "raters": 4}}
"""What is smaller than in the demo's own params.yaml."""

PARAMS: dict[str, Any] = {
    # With this salt each side of the split gets two contents or more.
    "split": {"salt": "tiny-12", "repeats": 2, "validation": 0.3, "test": 0.3},
    "extract": {
        "moments": 2,
        "clip_frames": 2,
        "shard_videos": 8,
        "experts": {"picture_statistics": None, "motion": None, "quality": None},
        "views": {"moments": 2, "grid": 3, "patch_px": 16},
    },
    # Few videos say little: nearly every expert may stay.
    "prune": {"top": 2, "max_experts": 2, "repeats": 2, "candidate_confidence": 0.0},
    "training": {"dim": 16},
    "teach": {"epochs": 5, "batch": 8},
    "student": {"epochs": 2, "moments": 2, "batch": 8, "dither": 1.0, "sharpen": 0.75},
    "distill": {
        "robust": {"epochs": 1, "videos": 8, "chains": 1, "batch": 4, "learning_rate": 1e-4}
    },
    "evaluate": {"bootstrap": 50, "gaming_videos": 1, "gaming_tries": 2},
    "report": {"worst": 2},
}
"""What is smaller than in the project's own params.yaml."""


@pytest.fixture(scope="session")
def tiny_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder. Read it and leave it as it is: `copy_workspace` gives one to change.

    Its stages ran in one process, as the flow `train` runs them; that dvc finds nothing left to do
    is a test of its own (`test_a_second_run_does_nothing`).
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # one workspace for all workers
    root, outcome = base / "tiny_workspace", base / "tiny_workspace.txt"
    with FileLock(f"{root}.lock"):
        if not outcome.exists():
            # Should this test run end here, the next worker would else start all over.
            outcome.write_text("was interrupted")
            make_workspace(root)
            problem = ""
            try:
                bring_up_to_date(root)
            except AssertionError as error:
                problem = str(error)
            commit(root, "A first run")
            outcome.write_text(problem)
    if problem := outcome.read_text():
        pytest.fail(f"the pipeline failed in the tiny workspace:\n{problem}", pytrace=False)
    return root


def make_workspace(root: Path) -> None:
    """Copy the project as it lies here into a git repository of its own; nothing has run yet."""
    listed = _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z", *PARTS)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    change(root / "data/demo/params.yaml", DEMO)
    change(root / "params.yaml", PARAMS)
    _git(root, "init", "--quiet", "--initial-branch", "main")
    commit(root, "A workspace")
    # Else each process does it anew where PYTHONDONTWRITEBYTECODE is set, as in many containers.
    run(root, sys.executable, "-m", "compileall", "-q", "vq", "flows")


def copy_workspace(source: Path, target: Path) -> Path:
    """A workspace in the same state that a test may change; dvc finds it up to date."""
    shutil.copytree(source, target, symlinks=True)
    return target


def change(path: Path, changes: Mapping[str, Any]) -> None:
    """Set keys of a YAML file, at any depth; None takes one out, the others stay."""
    path.write_text(yaml.safe_dump(_merge(yaml.safe_load(path.read_text()), changes)))


def commit(root: Path, message: str) -> None:
    """Put everything that git does not ignore into a commit."""
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--allow-empty", "--message", message)


def run(
    root: Path, *command: str, check: bool = True, timeout: float = 1200
) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment in a workspace, on the workspace's own copy of `vq`.

    Raises:
        AssertionError: it failed, and `check`; the message has its last words.
        TimeoutExpired: it took too long; it and all that it started are gone.
    """
    process = subprocess.Popen(
        command,
        cwd=root,
        env=environment(root),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, error = process.communicate(timeout=timeout)
    finally:
        if process.poll() is None:
            # The stages are dvc's children: they would go on writing into the workspace.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if check and process.returncode:
        raise AssertionError(
            f"{' '.join(command)} exited with {process.returncode}:\n{error[-4000:]}"
        )
    return subprocess.CompletedProcess(command, process.returncode, out, error)


def bring_up_to_date(root: Path) -> None:
    """Run the stale stages in one process, as the flow `train` does: `dvc repro` starts ten."""
    run(
        root,
        sys.executable,
        "-c",
        "from pathlib import Path\n"
        "from vq.pipeline.run_stages import stages, update\n"
        "here = Path().resolve()\n"
        "for stage in stages(here):\n"
        "    update(here, stage)\n",
    )


def run_stages(root: Path, *stages: str) -> None:
    """Run stages in one process, stale or not."""
    run(
        root,
        sys.executable,
        "-c",
        "import sys\n"
        "from pathlib import Path\n"
        "from vq.pipeline.run_stages import run\n"
        "for stage in sys.argv[1:]:\n"
        "    run(Path().resolve(), stage)\n",
        *stages,
    )


def environment(root: Path) -> dict[str, str]:
    """Variables for a process that works in a workspace: its code first, telemetry off."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(root),
        # What dvc keeps for all workspaces of a machine is none of a test's business.
        "DVC_SITE_CACHE_DIR": str(root / ".dvc/tmp/site"),
        "DO_NOT_TRACK": "true",
        "OMP_WAIT_POLICY": "passive",
        "DVC_NO_ANALYTICS": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # Flows commit, and a machine of tests need not know who works on it.
        **{
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "vq"), ("EMAIL", "vq@localhost"))
        },
    }


def _merge(old: Any, new: Any) -> Any:  # noqa: ANN401 - whatever YAML may hold
    if not (isinstance(old, dict) and isinstance(new, Mapping)):
        return new
    merged = {**old, **{key: _merge(old.get(key), value) for key, value in new.items()}}
    return {key: value for key, value in merged.items() if key not in new or value is not None}


def _git(root: Path, *arguments: str) -> str:
    # The person's own settings (signing, hooks, name) must not matter.
    settings = ["user.name=vq", "user.email=vq@localhost", "commit.gpgsign=false"]
    options = [part for setting in settings for part in ("-c", setting)]
    done = subprocess.run(
        ["git", "-C", str(root), *options, "-c", "core.hooksPath=/dev/null", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
