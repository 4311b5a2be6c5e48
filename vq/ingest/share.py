"""Bringing a new version of the data to others."""

from pathlib import Path

from vq.errors import DataError
from vq.pipeline import git, remote


def push(root: Path, branch: str) -> None:
    """Push files to dvc's default remote, then the commit to a branch of origin; again is harmless.

    Raises:
        DataError: there is no default remote, or git cannot push.
        BusyError: a dvc command is at work on the same files.
        OSError: or another error of the remote's library; another try may help.
    """
    if not remote.has_default(root):
        raise DataError(
            f"{root.resolve()}: dvc has no default remote, so nobody who gets {branch!r} could get "
            "its videos; `dvc remote add --default NAME URL`, commit .dvc/config, then run again: "
            "what was taken in stays"
        )
    # Git comes last: whoever has the commit can have its files.
    remote.push(root)
    git.push(root, branch)
