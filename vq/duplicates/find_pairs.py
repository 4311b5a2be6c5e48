"""Which videos show the same, and how much of them."""

from collections.abc import Sequence

import numpy as np

from vq.duplicates.candidates import candidates
from vq.video.fingerprint import Fingerprint


def find(
    prints: Sequence[Fingerprint], groups: Sequence[str] | None = None, *, bits: int, share: float
) -> dict[tuple[int, int], float]:
    """Pairs of videos that show the same, by position, and how much of the shorter one's time.

    Pairs within a group are not looked for. Of 64 bits, hashes of the same picture may differ by
    `bits`. A `share`, 0 to 1, is of the shorter one's time: what has to be in the other one too.
    """
    shares = {
        (first, second): overlap(prints[first], prints[second], bits=bits)
        for first, second in candidates(prints, groups, bits=bits).tolist()
    }
    return {pair: common for pair, common in shares.items() if common >= share}


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
