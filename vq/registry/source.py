"""The code and params that made a student: a commit of git, and what differs from it."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vq.errors import DataError
from vq.git import git

MOST_MB = 10
"""Of uncommitted changes: what is more are data that git should not see."""


@dataclass(frozen=True)
class Source:
    """Where the files of a workspace come from."""

    commit: str
    """Empty outside of git."""
    changed: tuple[str, ...] = ()
    """Files that differ from the commit, new ones included, from the root of the repository."""
    diff: bytes = b""
    """How: what `git apply` takes."""

    @property
    def dirty(self) -> bool:
        """Whoever has the commit has not all of it."""
        return not self.commit or bool(self.changed)


def read(root: Path, *, ignored: Sequence[str] = (), untracked: Sequence[str] = ("**",)) -> Source:
    """Read the commit of a workspace and its changes, without a trace in the repository.

    Args:
        root: the workspace; it may be a part of a repository.
        ignored: git's patterns (pathspecs, from the root of the workspace) of files that do not
            count.
        untracked: patterns of untracked files that count. Others, such as videos that somebody put
            into the workspace, do not.

    Raises:
        DataError: the changes are too large to keep.
    """
    excluded = [f":(exclude,glob){pattern}" for pattern in ignored]
    counted = ["--", ".", *excluded]
    try:
        commit = git(root, "rev-parse", "HEAD").decode().strip()
        folder = Path(git(root, "rev-parse", "--absolute-git-dir").decode().strip())
        objects = root / git(root, "rev-parse", "--git-path", "objects").decode().strip()
    except (subprocess.CalledProcessError, FileNotFoundError):
        return Source("")
    # An index and objects of our own: that of the user stays as it is, with what is staged.
    with tempfile.TemporaryDirectory() as scratch:
        if (folder / "index").exists():
            shutil.copy(folder / "index", scratch)
        ours = partial(
            git,
            root,
            variables={
                "GIT_INDEX_FILE": str(Path(scratch, "index")),
                "GIT_OBJECT_DIRECTORY": scratch,
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects.resolve()),
            },
        )
        ours("add", "--update", "--", ".")
        patterns = [f":(glob){pattern}" for pattern in untracked]
        new = ours("ls-files", "--others", "--exclude-standard", "-z", "--", *patterns, *excluded)
        if new:
            ours("--literal-pathspecs", "add", *FROM_STDIN, stdin=new)
        names = ours("diff", "--cached", "--name-only", "-z", "HEAD", *counted)
        diff = ours("diff", "--cached", *AS_PATCH, "HEAD", *counted) if names else b""
    if len(diff) > MOST_MB * 1e6:
        raise DataError(
            f"{root}: uncommitted changes of {len(diff) / 1e6:.0f} MB, more than the {MOST_MB} MB "
            "that a version carries; commit them, or name the files in .gitignore"
        )
    return Source(commit, tuple(names.decode().split("\0")[:-1]), diff)


FROM_STDIN = ("--pathspec-from-file=-", "--pathspec-file-nul")

# Whatever the person has set for reading diffs.
AS_PATCH = (
    *("--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--no-renames", "--src-prefix=a/", "--dst-prefix=b/"),
)


def checkout(root: Path, source: Source, folder: Path) -> Path:
    """Lay out a source in a folder of its own: a worktree of the repository.

    Returns:
        The workspace in it.

    Raises:
        DataError: the repository does not know the commit, or the folder exists.
    """
    if not source.commit:
        raise DataError("it was made outside of git: nobody knows from which code")
    if folder.exists():
        raise DataError(f"{folder}: exists already; name a new folder")
    try:
        prefix = git(root, "rev-parse", "--show-prefix").decode().strip()
        git(root, "worktree", "add", "--detach", str(folder.resolve()), source.commit)
        if source.diff:
            git(folder, "apply", "--whitespace=nowarn", "-", stdin=source.diff)
    except subprocess.CalledProcessError as error:
        raise DataError(
            f"commit {source.commit[:12]} cannot be laid out: "
            f"{error.stderr.decode().strip().splitlines()[-1]}; perhaps `git fetch` brings it"
        ) from error
    return folder / prefix
