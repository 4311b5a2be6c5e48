"""Which videos show the same, and how much of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vq.duplicates.candidates import candidates
from vq.video.fingerprint import Fingerprint


@dataclass(frozen=True)
class Pair:
    """Two videos that show the same, by their positions."""

    first: int
    second: int
    share: float
    """Of the shorter one's time, that is in the other one too; 0 to 1."""


def find(
    prints: Sequence[Fingerprint],
    groups: Sequence[str] | None = None,
    *,
    bits: int,
    share: float,
) -> list[Pair]:
    """Find videos that show the same.

    Args:
        prints: of all videos.
        groups: of each video; pairs within a group are not looked for. None: all are.
        bits: of 64, by which hashes of the same picture may differ.
        share: of the shorter one's time that has to be in the other one too.

    Returns:
        Sorted by position.
    """
    matches = []
    for first, second in candidates(prints, groups, bits=bits).tolist():
        common = overlap(prints[first], prints[second], bits=bits)
        if common >= share:
            matches.append(Pair(first, second, common))
    return matches


def overlap(one: Fingerprint, other: Fingerprint, *, bits: int) -> float:
    """Share of the shorter one's time that is in the other one too, wherever that is.

    Either may be the one that was cropped: its whole frames look like a part of the other's.
    """
    shorter = min(one.seconds, other.seconds)
    if not shorter:
        return 0.0
    common = max(_seconds_seen(one, other, bits), _seconds_seen(other, one, bits))
    return min(common / shorter, 1.0)


def _seconds_seen(cropped: Fingerprint, source: Fingerprint, bits: int) -> float:
    """Time of the source of which some part is a frame of what may be cropped from it."""
    differing = np.bitwise_count(cropped.frames.reshape(-1, 1, 1) ^ source.windows)
    return int((differing <= bits).any(axis=(0, 2)).sum()) * source.step
