"""What stages made, shared through a workspace's dvc remote: a folder, S3, or what else dvc speaks.

The remote is dvc's own setting (`dvc remote add --default team s3://bucket/vq`) and no knob of
params.yaml: where a team keeps its files says nothing about a student, and differs by machine
(`--local`). Without a default remote nothing is shared.
"""

import logging
from pathlib import Path

from dvc.output import Output
from dvc.repo import Repo

from vq.pipeline.run_stages import opened
from vq.words import count

log = logging.getLogger(__name__)


def pull(root: Path) -> int:
    """Bring the outs that dvc.lock knows and that are not here; how many files came.

    An out that is here stays as it is, even if it is another than dvc.lock says: it may be what a
    killed run has left. What the remote has not either is told in the log and is for its stage to
    make.

    Raises:
        DataError: the folder is no workspace, or dvc cannot do it.
        BusyError: a dvc command is at work on the same files.
        OSError: or another error of the remote's library; another try may help.
    """
    with opened(root) as repo:
        absent = _absent(repo)
        if not absent or not _remote(repo):
            return 0
        stats = repo.pull([out.fs_path for out in absent], allow_missing=True)["stats"]
        for out in _absent(repo):
            log.warning("%s: not in the remote either; its stage will make it", out)
    log.info("%s came from the remote", count(stats["fetched"], "file"))
    return stats["fetched"]


def push(root: Path) -> int:
    """Bring to the remote what dvc.lock knows and the remote has not; how many files went.

    Raises:
        DataError: the folder is no workspace, or dvc cannot do it.
        BusyError: a dvc command is at work on the same files.
        OSError: or another error of the remote's library; another try may help.
    """
    with opened(root) as repo:
        if not _remote(repo):
            return 0
        pushed: int = repo.push()
    log.info("%s went to the remote", count(pushed, "file"))
    return pushed


def has_default(root: Path) -> bool:
    """Whether there is a remote to share with.

    Raises:
        DataError: the folder is no workspace.
    """
    with opened(root) as repo:
        return bool(_remote(repo))


def _remote(repo: Repo) -> str | None:
    return repo.config["core"].get("remote")


def _absent(repo: Repo) -> list[Output]:
    return [out for out in repo.index.outs if out.use_cache and out.hash_info and not out.exists]
