"""What git knows of a change: where it starts, and which files it touches."""

import subprocess
from pathlib import Path

from vq.errors import DataError
from vq.git import git

BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Branches that changes are made for; the first that exists. Origin's come first: a pull request is
compared with them."""


def resolve(root: Path, revision: str) -> str:
    """The commit that a revision means.

    Raises:
        DataError: there is no such commit, or no git.
    """
    commit = _commit(root, revision)
    if commit is None:
        _need_a_repository(root)
        raise DataError(
            f"{root}: git knows no revision {revision!r}; `git fetch` may bring it, and `git log` "
            "lists those that are here"
        )
    return commit


def start(root: Path, head: str) -> tuple[str, str]:
    """The commit at which a change left the main branch, and the name of that branch.

    Where there is no such branch it is the end of the change itself, and the name is empty: what
    remains is what nobody has committed yet.

    Raises:
        DataError: there is no such commit or no git, or too little history to tell.
    """
    end = resolve(root, head)
    branch = next((name for name in BRANCHES if _commit(root, name)), None)
    if branch is None:
        return end, ""
    base = _ask(root, "merge-base", branch, end)
    if base is None:
        raise DataError(
            f"{root}: git finds no commit that {head} and {branch} have in common; name a "
            "revision, or `git fetch --unshallow` if the clone is shallow"
        )
    return base, _ask(root, "rev-parse", "--abbrev-ref", branch) or branch


def changed(root: Path, old: str, new: str | None) -> list[str]:
    """Files that differ between two commits, or a commit and the working tree; sorted.

    Paths are relative to the workspace. Files that git ignores are no part of it; new ones that git
    does not know yet are.
    """
    ends = [old, new] if new else [old]
    paths = set(_lines(root, "diff", "--name-only", "--relative", "--no-renames", "-z", *ends))
    if new is None:
        paths |= set(_lines(root, "ls-files", "--others", "--exclude-standard", "-z"))
    return sorted(paths)


def content(root: Path, commit: str, file: str) -> str:
    """The text of a file of the workspace at a commit; empty if it was not there."""
    return _ask(root, "show", f"{commit}:./{file}") or ""


def describe(root: Path, commit: str) -> tuple[str, str]:
    """A commit for people: a few digits, and the first line of its message."""
    digits, _, subject = _text(root, "log", "-1", "--format=%h %s", commit).strip().partition(" ")
    return digits, subject


def push(root: Path, branch: str) -> None:
    """Push the commit that is checked out to a branch of `origin`, which is made if need be.

    Raises:
        DataError: git cannot; the message has its words.
    """
    try:
        git(root, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    except subprocess.CalledProcessError as error:
        output = " ".join(error.stderr.decode(errors="replace").split())
        raise DataError(
            f"{root}: is committed here, and cannot be pushed to {branch!r} of origin: {output}"
        ) from error


def _commit(root: Path, revision: str) -> str | None:
    return _ask(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )


def _need_a_repository(root: Path) -> None:
    if _ask(root, "rev-parse", "--git-dir") is None:
        raise DataError(
            f"{root}: is in no git repository, so there is nothing to compare with; `git init`"
        )
    if _commit(root, "HEAD") is None:
        raise DataError(f"{root}: git has no commit yet, so there is nothing to compare with")


def _ask(root: Path, *arguments: str) -> str | None:
    """The line that git prints; none if it prints nothing, fails or is not installed."""
    try:
        return _text(root, *arguments).strip() or None
    except (subprocess.CalledProcessError, FileNotFoundError):
        return None


def _lines(root: Path, *arguments: str) -> list[str]:
    return [name for name in _text(root, *arguments).split("\0") if name]


def _text(root: Path, *arguments: str) -> str:
    return git(root, *arguments).decode(errors="replace")
