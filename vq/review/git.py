"""What git knows of a change: where it starts, and which files it touches."""

import subprocess
from pathlib import Path

from vq.errors import DataError

MAIN = ("main", "origin/main", "master", "origin/master")
"""Branches that changes are made for; the first that exists."""


def resolve(root: Path, revision: str) -> str:
    """The commit that a revision means.

    Raises:
        DataError: there is no such commit, or no git.
    """
    found = _commit(root, revision)
    if found is None:
        _need_a_repository(root)
        raise DataError(
            f"git knows no revision {revision!r}; `git fetch` may bring it, and `git log` "
            "lists those that are here"
        )
    return found


def start(root: Path, head: str) -> str:
    """Where a change that ends at a revision started: where it left main, or else the revision.

    Raises:
        DataError: there is no such commit, or no git.
    """
    end = resolve(root, head)
    main = next((sha for name in MAIN if (sha := _commit(root, name))), end)
    return _git(root, "merge-base", main, end) or end


def changed(root: Path, old: str, new: str | None) -> list[str]:
    """Files that differ between two commits, or a commit and the working tree; sorted.

    Paths are relative to the workspace. Files that git ignores are no part of it; new ones that git
    does not know yet are.
    """
    ends = [old, new] if new else [old]
    found = set(_lines(root, "diff", "--name-only", "--relative", "--no-renames", "-z", *ends))
    if new is None:
        found |= set(_lines(root, "ls-files", "--others", "--exclude-standard", "-z"))
    return sorted(found)


def short(root: Path, commit: str) -> str:
    """A commit for people: a few digits, and the first line of its message."""
    return _git(root, "log", "-1", "--format=%h %s", commit) or commit


def _commit(root: Path, revision: str) -> str | None:
    return _git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )


def _need_a_repository(root: Path) -> None:
    if _git(root, "rev-parse", "--git-dir") is None:
        raise DataError(
            "this folder is in no git repository, so there is nothing to compare with; `git init`"
        )
    if _commit(root, "HEAD") is None:
        raise DataError("git has no commit yet, so there is nothing to compare with")


def _lines(root: Path, *arguments: str) -> list[str]:
    return [name for name in (_git(root, *arguments) or "").split("\0") if name]


def _git(root: Path, *arguments: str) -> str | None:
    """What git says; none if it says no, or is not there."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, check=True, capture_output=True, text=True
        )
    except (subprocess.CalledProcessError, FileNotFoundError):
        return None
    return done.stdout.strip()
