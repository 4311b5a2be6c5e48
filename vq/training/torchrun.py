"""Processes that train together: those of one torchrun; without it there is one."""

import os
import subprocess
import sys
from collections.abc import Sequence

from vq.errors import VqError

HELD = "VQ_WORKSPACE_HELD"
"""Variable of processes whose parent holds the workspace for them."""


def world_size() -> int:
    """How many there are, on all machines."""
    return int(os.environ["WORLD_SIZE"]) if _together() else 1


def local_world_size() -> int:
    """How many of them run on this machine."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if _together() else 1


def is_first() -> bool:
    """Whether this one writes: all of them come to the same weights, one of them saves any."""
    return not _together() or os.environ["RANK"] == "0"


def launch(processes: int, arguments: Sequence[str]) -> None:
    """Run `vq` with these arguments in so many processes of this machine; they train together.

    Raises:
        VqError: one of them failed; what it said stands above.
    """
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*torchrun, f"--nproc-per-node={processes}", "-m", "vq", *arguments]
    # Unset, torchrun sets the number of threads, and says so.
    variables = {"OMP_NUM_THREADS": "1", **os.environ, HELD: "1"}
    code = subprocess.run(command, env=variables, check=False).returncode
    if code:
        raise VqError(
            f"{arguments[0]}: its {processes} processes (run.processes) ended with exit code {code}"
        )


def _together() -> bool:
    # Not by RANK alone, which schedulers set for other reasons.
    return "TORCHELASTIC_RUN_ID" in os.environ
