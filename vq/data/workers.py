"""How many processes work side by side."""

import os


def cores(jobs: int) -> int:
    """How many processes are meant: as many as asked for, or as there are cores for 0."""
    if jobs:
        return jobs
    # Fewer than the machine has, where a container or a scheduler says so; macOS cannot say.
    mine = getattr(os, "sched_getaffinity", None)
    return len(mine(0)) if mine else os.cpu_count() or 1
