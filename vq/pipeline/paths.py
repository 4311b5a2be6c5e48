"""Where files lie in a workspace: relative to its root, in a commit as in a folder."""

from pathlib import Path, PurePosixPath

from dvc.output import Output
from dvc.repo import Repo


def place(repo: Repo, of: Output) -> str:
    """The path of an out or a dep; one outside of the workspace stays as it is."""
    # Dvc's own are relative to where the process is, which means nothing inside a commit.
    path, root = (PurePosixPath(Path(one).as_posix()) for one in (of.fs_path, repo.root_dir))
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def inside(path: str, folder: str) -> bool:
    """A path is a folder, or in it."""
    return path == folder or path.startswith(f"{folder}/")


def touch(one: str, other: str) -> bool:
    """Either of two paths is the other, or in it."""
    return inside(one, other) or inside(other, one)
