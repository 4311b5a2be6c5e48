"""The code that made a student, kept and laid out again."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from vq.errors import DataError
from vq.registry import source
from vq.registry.source import Source

IGNORED = ["**/dvc.lock", "reports/test.json"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one commit."""
    root = tmp_path / "workspace"
    (root / "reports").mkdir(parents=True)
    (root / "code.py").write_text("one\ntwo\n")
    (root / "old.py").write_text("old\n")
    (root / "dvc.lock").write_text("{}\n")
    (root / "reports" / "test.json").write_text("1\n")
    (root / ".gitignore").write_text("/artifacts\n")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "First")
    return root


def git(root: Path, *arguments: str) -> str:
    """What git says."""
    person = ["-c", "user.name=vq", "-c", "user.email=vq@localhost", "-c", "commit.gpgsign=false"]
    call = ["git", "-C", str(root), *person, *arguments]
    return subprocess.run(call, check=True, capture_output=True, text=True).stdout


def dirty(root: Path) -> None:
    """Change, add (text, bytes, in a folder), stage and delete; then what does not count."""
    (root / "code.py").write_text("one\n2\n")
    (root / "new").mkdir()
    (root / "new" / "é.bin").write_bytes(bytes(range(256)))
    (root / "staged.py").write_text("staged\n")
    git(root, "add", "staged.py")
    (root / "old.py").unlink()
    (root / "dvc.lock").write_text("{a: 1}\n")
    (root / "reports" / "test.json").write_text("2\n")
    (root / "artifacts").mkdir()
    (root / "artifacts" / "student").write_text("large\n")


def test_a_clean_tree_is_its_commit(root: Path) -> None:
    """What dvc writes does not count."""
    (root / "dvc.lock").write_text("{a: 1}\n")
    found = source.read(root, ignored=IGNORED)

    assert found == Source(git(root, "rev-parse", "HEAD").strip())
    assert not found.dirty


def test_changes_are_kept_and_the_repository_is_as_it_was(root: Path) -> None:
    """New files too, which `git diff` alone would leave out; the index stays the person's."""
    dirty(root)
    before = git(root, "status", "--porcelain"), git(root, "count-objects")
    found = source.read(root, ignored=IGNORED)

    assert found.dirty
    assert set(found.changed) == {"code.py", "new/é.bin", "old.py", "staged.py"}
    assert (git(root, "status", "--porcelain"), git(root, "count-objects")) == before


def test_what_was_kept_is_laid_out_again(root: Path, tmp_path: Path) -> None:
    """Byte for byte, in a folder of its own, however the workspace has changed since."""
    git(root, "config", "diff.noprefix", "true")
    dirty(root)
    kept = source.read(root, ignored=IGNORED)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Second")

    there = source.checkout(root, kept, tmp_path / "again")

    for name in ("code.py", "new/é.bin", "staged.py", ".gitignore"):
        assert (there / name).read_bytes() == (root / name).read_bytes()
    assert not (there / "old.py").exists()
    assert (there / "dvc.lock").read_text() == "{}\n"


def test_a_workspace_may_be_a_part_of_a_repository(root: Path, tmp_path: Path) -> None:
    """What lies outside of it does not count."""
    (root / "part").mkdir()
    (root / "part" / "a.py").write_text("a\n")
    (root / "elsewhere.py").touch()
    found = source.read(root / "part", ignored=IGNORED)

    assert found.changed == ("part/a.py",)
    assert (source.checkout(root / "part", found, tmp_path / "x") / "a.py").read_text() == "a\n"


def test_outside_of_git_nothing_is_known(tmp_path: Path) -> None:
    """And nothing can be laid out."""
    found = source.read(tmp_path)

    assert found == Source("")
    assert found.dirty
    with pytest.raises(DataError, match="outside of git"):
        source.checkout(tmp_path, found, tmp_path / "new")


def test_what_cannot_be_laid_out_says_why(root: Path, tmp_path: Path) -> None:
    """An unknown commit may be one that was not fetched."""
    with pytest.raises(DataError, match=r"commit 111111111111 cannot be laid out.*git fetch"):
        source.checkout(root, Source("1" * 40), tmp_path / "new")
    with pytest.raises(DataError, match="exists already"):
        source.checkout(root, Source("1" * 40), root)


def test_data_among_the_changes_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry is no place for videos."""
    monkeypatch.setattr(source, "MOST_MB", 0.001)
    (root / "video.mp4").write_bytes(np.random.default_rng(0).bytes(5000))

    with pytest.raises(DataError, match=r"uncommitted changes of .* \.gitignore"):
        source.read(root)
