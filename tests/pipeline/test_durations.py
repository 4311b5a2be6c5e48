"""What stages cost is known from their last runs."""

from pathlib import Path

import pytest

from tests.workspace import ROOT, commit, run
from vq.pipeline import durations


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty workspace."""
    (tmp_path / ".dvc").mkdir()
    return tmp_path


def runs(root: Path) -> dict[str, tuple[float, ...]]:
    """What the file of a workspace says."""
    return durations.parse((root / durations.FILE).read_bytes())


def test_the_last_runs_are_read_and_older_ones_are_not(root: Path) -> None:
    """Of each stage; the latest is last."""
    durations.record(root / "artifacts/splits.csv", "split", 1.04)
    for seconds in range(durations.RUNS + 2):
        durations.record(root / "artifacts/teacher", "teach", float(seconds))

    assert runs(root) == {"split": (1.0,), "teach": (2, 3, 4, 5, 6)}


def test_outside_a_workspace_nothing_is_written(tmp_path: Path) -> None:
    """`vq STAGE` works on any files."""
    durations.record(tmp_path / "splits.csv", "split", 1.0)

    assert list(tmp_path.iterdir()) == []


def test_branches_that_both_ran_stages_merge(root: Path) -> None:
    """Git keeps the runs of both, with the attributes that the project comes with."""
    (root / ".gitattributes").write_text((ROOT / ".gitattributes").read_text())
    run(root, "git", "init", "--quiet", "--initial-branch", "main")
    durations.record(root / "student", "distill", 1.0)
    commit(root, "A run")
    for branch, seconds in (("mine", 2.0), ("theirs", 3.0)):
        run(root, "git", "switch", "--quiet", "--create", branch, "main")
        durations.record(root / "student", "distill", seconds)
        durations.record(root / branch, branch, seconds)
        commit(root, f"Runs of {branch}")

    run(root, "git", "switch", "--quiet", "mine")
    who = ("-c", "user.name=vq", "-c", "user.email=vq@localhost")
    run(root, "git", *who, "merge", "--quiet", "--no-edit", "theirs")

    assert runs(root) == {"distill": (1.0, 2.0, 3.0), "mine": (2.0,), "theirs": (3.0,)}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("<<<<<<< HEAD", id="a-merge-without-the-attributes"),
        pytest.param('{"stage": "split"}', id="no-seconds"),
        pytest.param('{"stage": "split", "seconds": "long"}', id="no-number"),
        pytest.param("[1]", id="no-object"),
    ],
)
def test_a_broken_line_costs_no_run_and_is_named(root: Path, line: str) -> None:
    """The stage has worked for hours: its seconds are added all the same."""
    durations.record(root / "artifacts/splits.csv", "split", 1.0)
    with (root / durations.FILE).open("a") as file:
        file.write(f"{line}\n")

    durations.record(root / "artifacts/splits.csv", "split", 2.0)

    with pytest.raises(ValueError, match="line 2 is no run"):
        runs(root)
    (root / durations.FILE).write_text((root / durations.FILE).read_text().replace(f"{line}\n", ""))
    assert runs(root) == {"split": (1.0, 2.0)}
