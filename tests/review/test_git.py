"""A change starts where it left the branch that it is made for."""

from pathlib import Path

import pytest

from tests.workspace import commit, run
from vq.errors import DataError
from vq.pipeline import git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone whose `main` is a commit ahead of origin's; the change is one ahead of both."""
    theirs, root = tmp_path / "theirs", tmp_path / "mine"
    theirs.mkdir()
    run(theirs, "git", "init", "--quiet", "--initial-branch", "trunk")
    save(theirs, "theirs")
    run(tmp_path, "git", "clone", "--quiet", "theirs", "mine")
    run(root, "git", "switch", "--quiet", "--create", "main")
    save(root, "mine")
    run(root, "git", "switch", "--quiet", "--create", "change")
    save(root, "changed")
    return root


def save(root: Path, name: str) -> None:
    """A commit with a file of that name."""
    (root / name).touch()
    commit(root, f"Add {name}")


def test_the_main_branch_of_origin_comes_first(root: Path) -> None:
    """Whatever it is called: a pull request is compared with it."""
    found, branch = git.start(root, "HEAD")

    assert (git.describe(root, found)[1], branch) == ("Add theirs", "origin/trunk")


def test_without_origin_it_is_main(root: Path) -> None:
    """Or else `master`; with neither, what nobody has committed is all there is to see."""
    run(root, "git", "remote", "remove", "origin")
    found, branch = git.start(root, "HEAD")
    assert (git.describe(root, found)[1], branch) == ("Add mine", "main")

    run(root, "git", "branch", "--quiet", "-D", "main")
    assert git.start(root, "HEAD") == (git.resolve(root, "HEAD"), "")


def test_a_history_that_ends_too_early_is_told(root: Path) -> None:
    """A shallow clone has no common commit: nobody takes that for no change."""
    run(root, "git", "switch", "--quiet", "--orphan", "other")
    save(root, "alone")

    with pytest.raises(DataError, match="no commit that HEAD and origin/HEAD have in common"):
        git.start(root, "HEAD")


def test_files_of_the_working_tree_are_seen(root: Path) -> None:
    """Changed, new and removed ones, inside the folder that is asked for; no ignored ones."""
    (root / "folder").mkdir()
    save(root, "folder/old")
    save(root, "folder/gone")
    (root / "folder/old").write_text("other")
    (root / "folder/gone").unlink()
    (root / "folder/with space").touch()
    (root / ".gitignore").write_text("ignored\n")
    (root / "folder/ignored").touch()

    assert git.changed(root / "folder", "HEAD", None) == ["gone", "old", "with space"]
    assert git.changed(root, "HEAD~1", "HEAD") == ["folder/gone"]
