"""Processes that train together: those of one torchrun; without it there is one."""

import os


def world_size() -> int:
    """How many there are, on all machines."""
    return int(os.environ["WORLD_SIZE"]) if _together() else 1


def local_world_size() -> int:
    """How many of them run on this machine."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if _together() else 1


def is_first() -> bool:
    """Whether this one writes: all of them come to the same weights, one of them saves any."""
    return not _together() or os.environ["RANK"] == "0"


def _together() -> bool:
    # Not by RANK alone, which schedulers set for other reasons.
    return "TORCHELASTIC_RUN_ID" in os.environ
